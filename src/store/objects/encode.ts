import type { Repository } from '../../git/repository.ts';

export type ObjectFormat = Repository['objectFormat'];

/** Modes as git writes them in a tree. */
export const BLOB_MODE = '100644';
export const TREE_MODE = '40000';

export interface TreeEntry {
  mode: string;
  /** One name, no slash. */
  name: string;
  id: string;
}

/** git sorts a folder as if its name ended in a slash. */
const sortName = (entry: TreeEntry): string => (entry.mode === TREE_MODE ? `${entry.name}/` : entry.name);

const compareBytes = (a: TreeEntry, b: TreeEntry): number =>
  Buffer.compare(Buffer.from(sortName(a)), Buffer.from(sortName(b)));

/** The content of a tree object. */
export const encodeTree = (entries: TreeEntry[]): Buffer =>
  Buffer.concat(
    [...entries]
      .sort(compareBytes)
      .flatMap(({ mode, name, id }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]),
  );

export const decodeTree = (content: Buffer, format: ObjectFormat): TreeEntry[] => {
  const width = format === 'sha1' ? 20 : 32;
  const entries: TreeEntry[] = [];
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(32, at);
    const zero = content.indexOf(0, space);
    entries.push({
      mode: content.toString('latin1', at, space),
      name: content.toString('utf8', space + 1, zero),
      id: content.toString('hex', zero + 1, zero + 1 + width),
    });
    at = zero + 1 + width;
  }
  return entries;
};

export interface CommitFields {
  tree: string;
  parents: string[];
  /** ISO-8601; kept as the author date. */
  at: string;
  message: string;
}

/**
 * A constant committer date, that of git's own first commit. With true dates a long chain that was never pushed
 * makes each of the user's own fetches offer it commit by commit.
 */
const COMMITTED = '1112911993 +0000';
const NAME = 'amp-sessions <log@amp-sessions.invalid>';

/** Author and committer of such a commit, for git's environment. */
export const authorship = (at: string): Record<string, string> => ({
  GIT_AUTHOR_NAME: 'amp-sessions',
  GIT_AUTHOR_EMAIL: 'log@amp-sessions.invalid',
  GIT_AUTHOR_DATE: `@${Math.floor(Date.parse(at) / 1000)} +0000`,
  GIT_COMMITTER_NAME: 'amp-sessions',
  GIT_COMMITTER_EMAIL: 'log@amp-sessions.invalid',
  GIT_COMMITTER_DATE: `@${COMMITTED}`,
});

/** The content of a commit object of ours. */
export const encodeCommit = ({ tree, parents, at, message }: CommitFields): Buffer => {
  const authored = Math.floor(Date.parse(at) / 1000);
  const lines = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${NAME} ${authored} +0000`,
    `committer ${NAME} ${COMMITTED}`,
  ];
  return Buffer.from(`${lines.join('\n')}\n\n${message.trimEnd()}\n`);
};

/** Tree and parents of any commit object. */
export const decodeCommit = (content: Buffer): { tree: string; parents: string[] } => {
  const header = content.toString('utf8', 0, Math.max(content.indexOf('\n\n'), 0));
  const values = (key: string): string[] =>
    header
      .split('\n')
      .filter((line) => line.startsWith(`${key} `))
      .map((line) => line.slice(key.length + 1));
  return { tree: values('tree')[0] ?? '', parents: values('parent') };
};
