import { isAppError } from '../errors.ts';
import { placeOf, readConfig } from './config.ts';
import { git, gitText } from './git.ts';
import { assertId, isFullRef, isId } from './ids.ts';
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

/** Objects that git would not take, as its own clone or theirs has only the end of that history. */
const SHALLOW = /^warning: rejected ([0-9a-f]+) because shallow roots/gm;

/**
 * Fetches objects, and all that they lead to, by their ids; no ref is made. Git asks for names one by one and writes
 * each into a file of its own: for thousands of them that takes minutes.
 * @param ids of refs that the other side has
 * @param objectDir a private object directory
 * @returns those of them that are incomplete, because the other side has but the end of their history
 * @throws AppError remote.unreachable
 */
export const fetchObjects = async (
  repo: Repository,
  remote: SyncRemote,
  ids: string[],
  objectDir?: string,
): Promise<Set<string>> => {
  ids.forEach(assertId);
  if (ids.length === 0) return new Set();
  const stdin = `${ids.join('\n')}\n`;
  const place = objectDir === undefined ? {} : { objectDir };
  const how = { ...fromRoot(repo), ...place, stdin, settings: SETTINGS, timeoutMs: FETCH_TIMEOUT_MS };
  const args = ['fetch', ...FLAGS, '--stdin', '--', remote.address];
  const { stderr } = await git(repo, args, { ...how, ok: [0, 1] }).catch((error) => {
    throw asUnreachable(remote, error);
  });
  return new Set(Array.from(stderr.matchAll(SHALLOW), ([, id]) => id!));
};

/** Whether git leaves objects out here until somebody asks for them. */
export const isPartialClone = async (repo: Repository): Promise<boolean> =>
  (await readConfig(placeOf(repo))).some(
    ({ key, section, name }) =>
      key.toLowerCase() === 'extensions.partialclone' || (section === 'remote' && name === 'promisor'),
  );

/** Those of some commits that are here, without asking a promisor for the others one by one, as git does. */
export const presentCommits = async (repo: Repository, ids: string[]): Promise<Set<string>> => {
  ids.forEach(assertId);
  if (ids.length === 0) return new Set();
  const args = ['rev-list', '--no-walk', '--missing=allow-any', '--ignore-missing', '--stdin'];
  return new Set((await gitText(repo, args, { stdin: `${ids.join('\n')}\n`, maxBytes: 1 << 30 })).split('\n'));
};

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
  await fetchObjects(repo, remote, absent);
  return absent.length;
};
