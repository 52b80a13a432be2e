import { gitText } from './git.ts';
import { assertId } from './ids.ts';
import type { Repository } from './repository.ts';

/** A commit of a branch, seen from the branch: what it brought is what differs from its first parent. */
export interface MainlineCommit {
  id: string;
  parents: string[];
  /** ISO-8601 UTC. */
  committedAt: string;
  /** Subject and body. */
  message: string;
}

const SHAPE = ['-z', '--no-decorate', '--no-notes', '--no-show-signature', '--encoding=UTF-8'];

/**
 * The commits of a branch along first parents, newest first: merges, squashed merges and direct commits alike. One
 * process.
 * @param most how many at most
 * @throws AppError git.failed when there is no such commit
 */
export const mainlineCommits = async (repo: Repository, tip: string, most: number): Promise<MainlineCommit[]> => {
  assertId(tip);
  const date = '--date=format-local:%Y-%m-%dT%H:%M:%S.000Z';
  const args = ['log', '--first-parent', `--max-count=${most}`, ...SHAPE, date, '--format=%H%n%P%n%cd%n%B', tip, '--'];
  const text = await gitText(repo, args, { env: { TZ: 'UTC' } });
  return text
    .split('\0')
    .filter((record) => record.trim() !== '')
    .map((record) => {
      const [id = '', parents = '', committedAt = '', ...message] = record.split('\n');
      return { id, parents: parents.split(' ').filter(Boolean), committedAt, message: message.join('\n').trim() };
    });
};

/** Messages of the commits that a merge brought, oldest first; merges among them say nothing. One process. */
export const mergedMessages = async (
  repo: Repository,
  { into, merged, most }: { into: string; merged: string; most: number },
): Promise<string[]> => {
  assertId(into);
  assertId(merged);
  const args = ['log', '--no-merges', '--topo-order', `--max-count=${most}`, ...SHAPE, '--format=%B'];
  const text = await gitText(repo, [...args, merged, `^${into}`, '--']);
  return text
    .split('\0')
    .map((message) => message.trim())
    .filter(Boolean)
    .reverse();
};
