import { pathFromBytes, splitNul } from './paths.ts';

export interface ConflictStage {
  /** 1: the common ancestor's, 2: ours, 3: theirs. */
  stage: 1 | 2 | 3;
  /** Octal, as git prints it. */
  mode: string;
  object: string;
}

export type ConflictKind =
  | 'content'
  | 'add/add'
  | 'modify/delete'
  | 'rename/delete'
  | 'rename/rename'
  | 'file/directory'
  | 'binary'
  | 'submodule'
  | 'mode'
  | 'other';

export interface MergeConflict {
  path: string;
  kind: ConflictKind;
  /** None where git only says that something is to be looked at. */
  stages: ConflictStage[];
  /** Git's own words, one line, as they came. */
  message: string;
}

export interface MergedTree {
  /** Conflict markers stand in the files that conflict. */
  tree: string;
  conflicts: MergeConflict[];
}

/** One of the messages of `git merge-tree -z`. */
interface Message {
  paths: string[];
  /** Such as `CONFLICT (contents)` or `Auto-merging`. */
  type: string;
  text: string;
}

/** What says most comes first. Source: type_short_descriptions and the messages in git's merge-ort.c. */
const KINDS: [RegExp, ConflictKind][] = [
  [/^CONFLICT \(binary\)/, 'binary'],
  [/^CONFLICT \(submodule|^CONFLICT \(submodules/, 'submodule'],
  [/^CONFLICT \(file\/directory\)/, 'file/directory'],
  [/^CONFLICT \(rename\/rename\)/, 'rename/rename'],
  [/^CONFLICT \(rename\/delete\)/, 'rename/delete'],
  [/^CONFLICT \(modify\/delete\)/, 'modify/delete'],
  [/^CONFLICT \(distinct (?:modes|types)\)/, 'mode'],
  [/^CONFLICT \(add\/add\)/, 'add/add'],
  [/^CONFLICT \(content\)/, 'content'],
  [/^CONFLICT/, 'other'],
];

const rankOf = ({ type, text }: Message): number => {
  const found = KINDS.findIndex(([pattern]) => pattern.test(text) || pattern.test(type));
  return found === -1 ? KINDS.length : found;
};

const isSubmodule = (stages: ConflictStage[]): boolean =>
  stages.length > 0 && stages.every(({ mode }) => mode === '160000');

const hasModes = (stages: ConflictStage[]): boolean =>
  stages.length > 1 &&
  new Set(stages.map(({ mode }) => mode)).size > 1 &&
  new Set(stages.map(({ object }) => object)).size === 1;

const describe = (path: string, stages: ConflictStage[], messages: Message[]): MergeConflict => {
  const about = messages.filter((message) => message.paths.includes(path) && rankOf(message) < KINDS.length);
  const telling = about.sort((a, b) => rankOf(a) - rankOf(b))[0];
  const said = telling ? KINDS[rankOf(telling)]![1] : 'other';
  const kind = isSubmodule(stages) ? 'submodule' : hasModes(stages) ? 'mode' : said;
  return { path, kind, stages, message: /^.*/.exec(telling?.text ?? '')![0].trim() };
};

const parseStage = (bytes: Buffer): { path: string; stage: ConflictStage } => {
  const tab = bytes.indexOf(0x09);
  const [mode, object, stage] = bytes.toString('latin1', 0, tab).split(' ') as [string, string, string];
  return { path: pathFromBytes(bytes.subarray(tab + 1)), stage: { stage: Number(stage) as 1 | 2 | 3, mode, object } };
};

const parseMessages = (pieces: Buffer[]): Message[] => {
  const messages: Message[] = [];
  for (let at = 0; at < pieces.length; ) {
    const count = Number(pieces[at]!.toString('latin1'));
    const paths = pieces.slice(at + 1, at + 1 + count).map(pathFromBytes);
    const [type, text] = pieces.slice(at + 1 + count, at + 3 + count).map((piece) => piece.toString('utf8'));
    messages.push({ paths, type: type ?? '', text: text ?? '' });
    at += count + 3;
  }
  return messages;
};

/** What a merge says; `merged` names the files whose content had to be merged. */
export interface Parsed extends MergedTree {
  merged: string[];
}

const stagesOf = (pieces: Buffer[]): Map<string, ConflictStage[]> => {
  const stages = new Map<string, ConflictStage[]>();
  for (const { path, stage } of pieces.map(parseStage)) stages.set(path, [...(stages.get(path) ?? []), stage]);
  return stages;
};

/**
 * What `git merge-tree --write-tree -z --messages` prints: the tree, the stages of what conflicts, an empty piece, the
 * messages. Source: git-merge-tree(1), OUTPUT.
 */
export const parseMerged = (bytes: Buffer, isClean: boolean): Parsed => {
  const [tree, ...pieces] = splitNul(bytes);
  const gap = pieces.findIndex((piece) => piece.length === 0);
  const messages = gap === -1 ? [] : parseMessages(pieces.slice(gap + 1));
  const stages = isClean ? new Map<string, ConflictStage[]>() : stagesOf(pieces.slice(0, Math.max(gap, 0)));
  // Without a stage a conflict still is one: nobody has decided.
  if (!isClean && stages.size === 0)
    for (const path of messages.filter((message) => rankOf(message) < KINDS.length).flatMap(({ paths }) => paths))
      stages.set(path, []);
  const contents = messages.filter(({ type }) => /^Auto-merging$|^CONFLICT \((?:contents|binary)\)$/.test(type));
  return {
    tree: tree!.toString('latin1'),
    conflicts: Array.from(stages, ([path, found]) => describe(path, found, messages)),
    merged: [...new Set(contents.flatMap(({ paths }) => paths))],
  };
};
