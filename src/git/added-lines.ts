import { join } from 'node:path';
import { isAppError } from '../errors.ts';
import { startChild } from '../process/child.ts';
import { blobSizes } from './blob-sizes.ts';
import { emptyTree } from './diff.ts';
import { catFileStream, git } from './git.ts';
import { assertId } from './ids.ts';
import { prepareGit } from './invocation.ts';
import type { Repository } from './repository.ts';

/**
 * The lines that one commit adds to one file, as one text; its message, and the names of its files, as two others; of
 * a binary file, what of it can be read.
 */
export interface AddedText {
  commit: string;
  path: string;
  text: string;
}

const FLAGS = [
  '-p',
  '-U0',
  '--full-index',
  '--no-renames',
  '--no-color',
  '--diff-merges=first-parent',
  // The message's lines are indented, so that none of them reads as a mark of ours.
  '--format=%x01%H%n%w(0,1,1)%B%w(0)%n%x02',
  '--stdin',
];

interface BinaryFile {
  commit: string;
  path: string;
  blob: string;
}

/** In the place of a file's path. */
const MESSAGE = 'the message';
const NAMES = 'the names of its files';

/** Of `diff --git a/x b/x`, where nothing is renamed and so both halves are the same but for one letter. */
const nameIn = (line: string): string => {
  const both = line.slice('diff --git '.length);
  const half = both.slice((both.length + 1) / 2);
  return half.startsWith('"') ? half.slice('"b/'.length, -1).replace(/\\(["\\])/g, '$1') : half.slice('b/'.length);
};

const parse = (patch: string): { added: AddedText[]; binaries: BinaryFile[] } => {
  const added: AddedText[] = [];
  const binaries: BinaryFile[] = [];
  let [commit, path, blob, isHunk, isMessage] = ['', '', '', false, false];
  let lines: string[] = [];
  let names: string[] = [];
  const end = (): void => {
    if (lines.length > 0) added.push({ commit, path, text: lines.join('\n') });
    lines = [];
  };
  const endCommit = (): void => {
    end();
    if (names.length > 0) added.push({ commit, path: NAMES, text: names.join('\n') });
    names = [];
  };
  for (const line of patch.split('\n')) {
    if (line.startsWith('\u0001')) {
      endCommit();
      [commit, path, isHunk, isMessage] = [line.slice(1), MESSAGE, false, true];
    } else if (isMessage) {
      if (line !== '\u0002') lines.push(line.slice(1));
      else {
        end();
        isMessage = false;
      }
    } else if (line.startsWith('diff --git ')) {
      end();
      [path, isHunk] = [nameIn(line), false];
      names.push(path);
    } else if (line.startsWith('@@ ')) isHunk = true;
    else if (!isHunk && line.startsWith('index ')) blob = /\.\.([0-9a-f]+)/.exec(line)?.[1] ?? '';
    else if (!isHunk && line.startsWith('Binary files ') && /[^0]/.test(blob)) binaries.push({ commit, path, blob });
    else if (!isHunk && line.startsWith('+++ ')) path = line.slice('+++ b/'.length);
    else if (isHunk && line.startsWith('+')) lines.push(line.slice(1));
  }
  endCommit();
  return { added, binaries };
};

/** Larger binary files are read piece by piece, one after the other. */
const MAX_WHOLE = 16 * 1024 * 1024;
const PIECE = 4 * 1024 * 1024;
/** What two pieces share: a secret that is cut by the end of one is whole in the next. */
const SHARED = 64 * 1024;

/** What `strings` would show; without the zeros that stand between letters in UTF-16. */
const readable = (bytes: Buffer): string =>
  (
    bytes
      .toString('latin1')
      .replaceAll('\0', '')
      .match(/[\t\x20-\x7e]{8,}/g) ?? []
  ).join('\n');

/** The same of a file of any size, in bounded memory; undefined when it has more text than `maxBytes`. */
const readablePieces = async (repo: Repository, id: string, maxBytes: number): Promise<string | undefined> => {
  const invocation = await prepareGit(repo, ['cat-file', 'blob', id], {});
  const child = await startChild({ ...invocation, stdin: '' });
  const texts: string[] = [];
  let [size, held, waiting] = [0, Buffer.alloc(0), [] as Buffer[]];
  const take = (): void => {
    const piece = Buffer.concat([held, ...waiting]);
    texts.push(readable(piece));
    size += texts.at(-1)!.length;
    [held, waiting] = [piece.subarray(-SHARED), []];
  };
  const draining = (async () => {
    for await (const _ of child.stderr) {
    }
  })();
  try {
    for await (const chunk of child.stdout) {
      waiting.push(chunk as Buffer);
      if (waiting.reduce((sum, one) => sum + one.length, 0) >= PIECE) take();
      if (size > maxBytes) break;
    }
    take();
    return size > maxBytes ? undefined : texts.join('\n');
  } finally {
    child.stop('now');
    await Promise.all([draining, child.ended]);
  }
};

/** @returns undefined when there would be more text than `maxBytes` */
const readBinaries = async (
  repo: Repository,
  binaries: BinaryFile[],
  maxBytes: number,
): Promise<AddedText[] | undefined> => {
  const sizes = [
    ...(await blobSizes(
      repo,
      binaries.map(({ blob }) => blob),
    )),
  ];
  const ids = sizes.flatMap(([id, size]) => (size <= MAX_WHOLE ? [id] : []));
  const texts = new Map<string, string>();
  let bytes = 0;
  await catFileStream(repo, ids, (id, content) => {
    const text = bytes > maxBytes ? '' : readable(content);
    bytes += text.length;
    texts.set(id, text);
  });
  for (const [id, size] of sizes) {
    if (bytes > maxBytes) return undefined;
    if (size <= MAX_WHOLE) continue;
    const text = await readablePieces(repo, id, maxBytes - bytes);
    if (text === undefined) return undefined;
    bytes += text.length;
    texts.set(id, text);
  }
  if (bytes > maxBytes) return undefined;
  return binaries.flatMap(({ commit, path, blob }) => {
    const text = texts.get(blob);
    return text ? [{ commit, path, text }] : [];
  });
};

/**
 * What commits add that lie behind some tips and not behind others, merges seen from their first parent; by one
 * process, and another two where there are binary files. Attributes that would hide a file's lines do not count.
 * @param maxBytes of the whole patch
 * @returns undefined when it would be longer
 * @throws AppError git.failed
 */
export const addedTexts = async (
  repo: Repository,
  { tips, without, maxBytes }: { tips: string[]; without: string[]; maxBytes: number },
): Promise<AddedText[] | undefined> => {
  for (const id of [...tips, ...without]) assertId(id);
  const stdin = [...tips, ...without.map((id) => `^${id}`)].join('\n');
  const settings: [string, string][] = [
    ['attr.tree', emptyTree(repo)],
    ['core.quotePath', 'false'],
  ];
  const how = { settings, index: join(repo.commonDir, 'amp', 'no-index'), stdin: `${stdin}\n--\n`, maxBytes };
  try {
    const { stdout } = await git(repo, ['log', ...FLAGS], how);
    const { added, binaries } = parse(stdout.toString('utf8'));
    const others = await readBinaries(repo, binaries, maxBytes);
    return others && [...added, ...others];
  } catch (error) {
    if (isAppError(error, 'git.failed') && error.message.includes(`${maxBytes} bytes`)) return undefined;
    throw error;
  }
};
