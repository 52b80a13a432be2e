import { isAppError } from '../errors.ts';
import { placeOf, readConfig } from './config.ts';
import { git, gitText } from './git.ts';
import { assertFullRef, assertId, isFullRef, isId } from './ids.ts';
import { fromRoot, unreachable } from './remotes.ts';
import type { Repository } from './repository.ts';
import type { SyncRemote } from './sync-remote.ts';

const LIST_TIMEOUT_MS = 120_000;
const FETCH_TIMEOUT_MS = 1_800_000;

const asUnreachable = ({ label }: SyncRemote, error: unknown): unknown =>
  isAppError(error, 'git.failed') || isAppError(error, 'git.timeout') ? unreachable(label, error) : error;

/**
 * What the refs of a remote are now that match the patterns, by full name; names that git itself would not take are
 * left out.
 * @param patterns as `git ls-remote` has them; a star also stands for slashes
 * @throws AppError remote.unreachable
 */
export const listRemoteRefs = async (
  repo: Repository,
  remote: SyncRemote,
  patterns: string[],
): Promise<Map<string, string>> => {
  const args = ['ls-remote', '--quiet', '--', remote.address, ...patterns];
  const how = { ...fromRoot(repo), timeoutMs: LIST_TIMEOUT_MS };
  const text = await gitText(repo, args, how).catch((error) => {
    throw asUnreachable(remote, error);
  });
  const refs = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [id = '', ref = ''] = line.split('\t');
    if (isId(id) && isFullRef(ref)) refs.set(ref, id);
  }
  return refs;
};

/** No branch, tag, FETCH_HEAD, tracking ref or setting is touched, and nothing is taken away. */
const FLAGS = [
  '--quiet',
  '--no-write-fetch-head',
  '--no-auto-maintenance',
  '--no-show-forced-updates',
  '--no-tags',
  '--no-prune',
  '--no-recurse-submodules',
  '--no-filter',
  '--refmap=',
];

const SETTINGS: [string, string][] = [
  // As one pack that git keeps until the refs are written: a gc beside it would take loose objects away.
  ['fetch.unpackLimit', '1'],
  ['fetch.writeCommitGraph', 'false'],
  ['core.fsync', 'all,-reference'],
];

const fetchLines = async (repo: Repository, remote: SyncRemote, lines: string[]): Promise<void> => {
  if (lines.length === 0) return;
  const stdin = `${lines.join('\n')}\n`;
  const how = { ...fromRoot(repo), stdin, settings: SETTINGS, timeoutMs: FETCH_TIMEOUT_MS };
  // One says that some refs were not taken; which ones, the refs themselves tell.
  await git(repo, ['fetch', ...FLAGS, '--stdin', '--', remote.address], { ...how, ok: [0, 1] }).catch((error) => {
    throw asUnreachable(remote, error);
  });
};

/**
 * Fetches refs to other names of ours; a name that ends in a star stands for all below it. What is under these names already is only moved on, never back.
 * @throws AppError remote.unreachable
 */
export const fetchRefs = async (
  repo: Repository,
  remote: SyncRemote,
  refs: { from: string; to: string }[],
): Promise<void> => {
  for (const { from, to } of refs) for (const ref of [from, to]) assertFullRef(ref.replace(/\/\*$/, '/all'));
  await fetchLines(
    repo,
    remote,
    refs.map(({ from, to }) => `${from}:${to}`),
  );
};

/** Whether git leaves objects out here until somebody asks for them. */
export const isPartialClone = async (repo: Repository): Promise<boolean> =>
  (await readConfig(placeOf(repo))).some(
    ({ key, section, name }) =>
      key.toLowerCase() === 'extensions.partialclone' || (section === 'remote' && name === 'promisor'),
  );

/** Objects behind some commits that are not here. */
const absentObjects = async (repo: Repository, tips: string[]): Promise<string[]> => {
  const args = ['rev-list', '--objects', '--missing=print', '--stdin'];
  const text = await gitText(repo, args, { stdin: `${tips.join('\n')}\n`, maxBytes: 1 << 30 });
  return text.split('\n').flatMap((line) => (line.startsWith('?') && isId(line.slice(1)) ? [line.slice(1)] : []));
};

/**
 * In a partial clone: fetches what is missing behind some commits, so that it can be read without the remote.
 * @returns how many objects were missing
 * @throws AppError remote.unreachable
 */
export const completeObjects = async (repo: Repository, remote: SyncRemote, tips: string[]): Promise<number> => {
  if (tips.length === 0 || !(await isPartialClone(repo))) return 0;
  tips.forEach(assertId);
  const absent = await absentObjects(repo, tips);
  await fetchLines(repo, remote, absent);
  return absent.length;
};
