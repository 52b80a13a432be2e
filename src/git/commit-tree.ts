import { isAppError } from '../errors.ts';
import { catFileStream, type GitOptions, gitText } from './git.ts';
import { authorVariables, FALLBACK_IDENTITY, type Identity, identityVariables, userIdentity } from './identity.ts';
import { assertId } from './ids.ts';
import { parseIdentity, type RawCommit, readRawCommits } from './read-commits.ts';
import type { Repository, Worktree } from './repository.ts';

export { type ReadCommit, readCommit, readCommits } from './read-commits.ts';

export interface CommitTreeOptions {
  /** Id. */
  tree: string;
  /** Ids. */
  parents: string[];
  /** A text ends with exactly one newline afterwards; bytes are taken as they are. */
  message: string | Buffer;
  /** Id of a commit whose author, date, zone and encoding are taken over byte for byte. */
  authorOf?: string;
  /** Default: the user. */
  author?: Identity;
  /** By the user's own gpg or ssh configuration. */
  sign?: boolean;
  /** Whose own configuration counts, too. */
  worktree?: Worktree;
}

export type Authorship = Pick<RawCommit, 'author' | 'encoding'>;

/** A commit must be on disk before anybody hears of it. */
const DURABLE: [string, string][] = [['core.fsync', 'all']];

const isUtf8 = (bytes: Buffer): boolean => Buffer.from(bytes.toString('utf8')).equals(bytes);

const TIDY = '[^\\x00-\\x20.,:;<>"\\\\\']';

/** What git takes from its environment and writes unchanged. Source: strbuf_addstr_without_crud in git's ident.c. */
const PLAIN = new RegExp(
  `^${TIDY}(?:[^\\n<>]*${TIDY})? <(?:${TIDY}(?:[^\\n<>]*${TIDY})?)?> \\d+ (?!-0000)[+-][01]\\d[0-5]\\d$`,
);

const isPlain = ({ author, encoding }: Authorship, message: Buffer): boolean =>
  isUtf8(author) && PLAIN.test(author.toString('utf8')) && (encoding !== undefined || isUtf8(message));

const variablesOf = ({ author }: Authorship): Record<string, string> => {
  const { name, email, date } = parseIdentity(author.toString('utf8'));
  return { ...authorVariables({ name, email }), GIT_AUTHOR_DATE: `@${date}` };
};

/** By the user; by a stand-in for people who never told git who they are. */
const make = async (repo: Repository, options: CommitTreeOptions, how: GitOptions): Promise<string> => {
  const { tree, parents, sign, worktree } = options;
  const args = ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent]), ...(sign ? ['-S'] : [])];
  const base: GitOptions = {
    ...how,
    worktree,
    settings: [...DURABLE, ...(how.settings ?? [])],
    trust: sign ? ['identity', 'signing'] : ['identity'],
  };
  try {
    return await gitText(repo, args, base);
  } catch (error) {
    if (!isAppError(error, 'git.failed') || (await userIdentity(repo))) throw error;
    return gitText(repo, args, { ...base, env: { ...identityVariables(FALLBACK_IDENTITY), ...how.env } });
  }
};

/** The commit with another author and message, byte for byte, whatever git thinks of them. */
const rewrite = async (repo: Repository, commit: string, like: Authorship, message: Buffer): Promise<string> => {
  let bytes = Buffer.alloc(0);
  await catFileStream(repo, [commit], (_, found) => {
    bytes = Buffer.from(found);
  });
  const head = bytes.subarray(0, bytes.indexOf('\n\n') + 1).toString('latin1');
  const lines = head.replace(/^author .*$/m, () => `author ${like.author.toString('latin1')}`);
  const encoding = like.encoding === undefined ? '' : `encoding ${like.encoding}\n`;
  const stdin = Buffer.concat([Buffer.from(`${lines}${encoding}\n`, 'latin1'), message]);
  return gitText(repo, ['hash-object', '-t', 'commit', '-w', '--literally', '--stdin'], { stdin, settings: DURABLE });
};

/** `commitTree` with an author that was read before. */
export const commitAs = async (
  repo: Repository,
  options: Omit<CommitTreeOptions, 'authorOf' | 'author'>,
  like: Authorship,
): Promise<string> => {
  const message = Buffer.from(options.message as string);
  if (isPlain(like, message)) {
    const settings: [string, string][] = like.encoding === undefined ? [] : [['i18n.commitEncoding', like.encoding]];
    return make(repo, options, { stdin: message, env: variablesOf(like), settings });
  }
  // A signature would not hold for other bytes than those that git itself wrote.
  const made = await make(repo, options, { stdin: 'stand-in\n', env: authorVariables(FALLBACK_IDENTITY) });
  return rewrite(repo, made, like, message);
};

/**
 * A commit of a tree, made without a worktree or a ref; on disk when this returns. One process, two with `authorOf`.
 * A commit whose author or message git would not write itself is copied byte for byte, and not signed.
 * @throws AppError ref.missing, git.failed
 */
export const commitTree = async (repo: Repository, options: CommitTreeOptions): Promise<string> => {
  const { message, authorOf, author } = options;
  for (const id of [options.tree, ...options.parents]) assertId(id);
  const bytes = typeof message === 'string' ? Buffer.from(`${message.trimEnd()}\n`) : message;
  if (authorOf === undefined) {
    return make(repo, options, { stdin: bytes, env: author ? authorVariables(author) : {} });
  }
  const [original] = await readRawCommits(repo, [authorOf]);
  return commitAs(repo, { ...options, message: bytes }, original!);
};
