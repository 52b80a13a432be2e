import { AppError } from '../errors.ts';
import { git, gitText } from './git.ts';
import { assertId, branchRef, isFullRef, isId } from './ids.ts';
import { readRef } from './refs.ts';
import type { Repository } from './repository.ts';

export interface CommitInfo {
  id: string;
  parents: string[];
  author: { name: string; email: string };
  /** ISO-8601 UTC. */
  authoredAt: string;
  /** ISO-8601 UTC. */
  committedAt: string;
  subject: string;
  /** The last paragraph's `Key: value` lines; values of a repeated key are joined by newlines. */
  trailers: Record<string, string>;
}

/** An id or a full ref: nothing that git could take for an option or a range. */
const assertSafe = (revision: string): string => {
  if (isId(revision) || isFullRef(revision)) return revision;
  throw new AppError('ref.missing', `${JSON.stringify(revision)} is neither an object id nor a full ref.`);
};

const FORMAT = '%H%n%P%n%an%n%ae%n%ad%n%cd%n%s%n%(trailers:only,unfold)';

/** `Key: value` lines, unfolded. */
export const parseTrailers = (lines: string[]): Record<string, string> => {
  const trailers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const key = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).trim();
    trailers[key] = trailers[key] === undefined ? value : `${trailers[key]}\n${value}`;
  }
  return { ...trailers };
};

const parseCommit = (text: string): CommitInfo => {
  const [id = '', parents = '', name = '', email = '', authoredAt = '', committedAt = '', subject = '', ...rest] =
    text.split('\n');
  return {
    id,
    parents: parents === '' ? [] : parents.split(' '),
    author: { name, email },
    authoredAt,
    committedAt,
    subject,
    trailers: parseTrailers(rest),
  };
};

/**
 * The commits of `to` that neither `from` nor any of `not` has, oldest first; all of them without a `from`. What `not`
 * names and is not there counts for nothing.
 * @throws AppError ref.missing when a name is neither id nor full ref, git.failed when there is no such commit
 */
export const listCommits = async (
  repo: Repository,
  { from, to, not = [] }: { from: string | null; to: string; not?: string[] },
): Promise<CommitInfo[]> => {
  const range = from === null ? [assertSafe(to)] : [assertSafe(to), `^${assertSafe(from)}`];
  const stdin = not.map((id) => `^${assertSafe(id)}\n`).join('');
  const date = '--date=format-local:%Y-%m-%dT%H:%M:%S.000Z';
  const shape = ['-z', '--no-decorate', '--no-notes', date, `--format=${FORMAT}`];
  // What comes before `--ignore-missing` has to be there.
  const lenient = not.length > 0 ? ['--ignore-missing', '--stdin'] : [];
  const args = ['log', '--reverse', '--topo-order', ...shape, ...range, ...lenient, '--'];
  const text = await gitText(repo, args, { stdin, env: { TZ: 'UTC' } });
  return text === '' ? [] : text.split('\0').filter(Boolean).map(parseCommit);
};

/** Whether `a` is `b` or one of its ancestors. @throws AppError ref.missing, git.failed */
export const isAncestor = async (repo: Repository, a: string, b: string): Promise<boolean> => {
  if (assertSafe(a) === assertSafe(b)) return true;
  const { exitCode } = await git(repo, ['merge-base', '--is-ancestor', a, b], { ok: [0, 1] });
  return exitCode === 0;
};

/** The best common ancestor; undefined when there is none. @throws AppError ref.missing, git.failed */
export const mergeBase = async (repo: Repository, a: string, b: string): Promise<string | undefined> => {
  const text = await gitText(repo, ['merge-base', assertSafe(a), assertSafe(b)], { ok: [0, 1] });
  return text.split('\n')[0] || undefined;
};

/**
 * How many commits a branch has since its base that no other branch, local or remote, and no tag contains; 0 when
 * there is no such branch.
 */
export const unmergedCommits = async (repo: Repository, branch: string, base: string): Promise<number> => {
  assertId(base);
  const ref = assertSafe(branchRef(branch));
  if ((await readRef(repo, ref)) === undefined) return 0;
  // `--exclude` before `--branches` wants the name without refs/heads/ (git-rev-list(1)).
  const others = [`--exclude=${ref.slice('refs/heads/'.length)}`, '--branches', '--remotes', '--tags'];
  return Number(await gitText(repo, ['rev-list', '--count', ref, `^${base}`, '--not', ...others, '--']));
};
