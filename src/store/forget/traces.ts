import { lstatSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { listRefs, type RefEntry } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { readArchives } from '../archive/archives.ts';
import { ampDir, DAMAGED, guardDir, quarantineDir, walDir } from '../layout.ts';
import { readIndex } from '../session-index.ts';
import { sessionOf } from '../sync/sync-refs.ts';

/** What there is of one session's history in this clone, beside its notes and archives. */
export interface Traces {
  refs: RefEntry[];
  /** Absolute paths of files and folders. */
  files: string[];
  /** The cache behind `list` knows it. */
  isIndexed: boolean;
  /** It was packed away into an archive. */
  isPacked: boolean;
}

/** Where refs of sessions are; the session's id is the next part of the name. */
const FOLDERS = [
  'refs/amp/sessions/',
  'refs/amp/code/',
  'refs/amp/snapshots/',
  'refs/amp-outgoing/sessions/',
  'refs/amp-outgoing/code/',
  'refs/amp-outgoing/snapshots/',
  `${DAMAGED}sessions/`,
  `${DAMAGED}code/`,
];

const namesIn = (dir: string): string[] => {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
};

const filesIn = (dir: string, named: RegExp): { session: string; path: string }[] =>
  namesIn(dir).flatMap((name) => {
    const session = named.exec(name)?.[1];
    return session === undefined ? [] : [{ session, path: join(dir, name) }];
  });

/** Files of logs are named `sessions.<session>.…`; the parts of a name are no part of an id. */
const filesNow = (repo: Repository): { session: string; path: string }[] => [
  ...[walDir(repo), join(walDir(repo), 'payloads'), quarantineDir(repo)].flatMap((dir) =>
    filesIn(dir, /^sessions\.([A-Za-z0-9_-]+)\./),
  ),
  ...filesIn(guardDir(repo), /^([A-Za-z0-9_-]+)\.json/),
];

/** Kinds of refs that were set aside and may tell of any session. */
const OF_ANY = ['notes/', 'archive/', 'code-archive/'];

/** What `verify --repair` set aside and may tell of any session: notes and archives as they were, damaged objects. */
const setAside = async (repo: Repository): Promise<Pick<Traces, 'refs' | 'files'>> => ({
  refs: (await listRefs(repo, DAMAGED)).filter(({ ref }) => OF_ANY.some((kind) => ref.startsWith(`${DAMAGED}${kind}`))),
  files: namesIn(quarantineDir(repo)).flatMap((name) =>
    name.startsWith('objects.') ? [join(quarantineDir(repo), name)] : [],
  ),
});

/** The traces of those sessions that have any. */
export const findTraces = async (
  repo: Repository,
  isWanted: (session: string) => boolean,
): Promise<Map<string, Traces>> => {
  const found = new Map<string, Traces>();
  const of = (session: string): Traces => {
    const known = found.get(session) ?? { refs: [], files: [], isIndexed: false, isPacked: false };
    found.set(session, known);
    return known;
  };
  for (const folder of FOLDERS)
    for (const entry of await listRefs(repo, folder)) {
      const session = entry.ref.slice(folder.length).split('/')[0]!;
      if (isWanted(session)) of(session).refs.push(entry);
    }
  for (const kind of ['log', 'code'] as const)
    for (const { ref } of (await readArchives(repo, kind)).all()) {
      const session = sessionOf(ref);
      if (session !== undefined && isWanted(session)) of(session).isPacked = true;
    }
  for (const { session, path } of filesNow(repo)) if (isWanted(session)) of(session).files.push(path);
  for (const { session } of readIndex(repo)) if (isWanted(session)) of(session).isIndexed = true;
  if (found.size === 0) return found;
  const { refs, files } = await setAside(repo);
  for (const traces of found.values()) {
    traces.refs.push(...refs);
    traces.files.push(...files);
  }
  return found;
};

/** Caches that may tell of any session; the index alone is worth keeping, without the lines of those that go. */
export const cachesBesideIndex = (repo: Repository): string[] => {
  const dir = join(ampDir(repo), 'cache');
  return namesIn(dir)
    .filter((name) => name !== 'sessions.ndjson')
    .map((name) => join(dir, name));
};

/** Half-made and half-removed things that a process left which died. */
export const draftsNamed = (repo: Repository, name: string): string[] => {
  const dir = join(ampDir(repo), 'tmp');
  return namesIn(dir)
    .filter((entry) => entry.startsWith(`${name}.`))
    .map((entry) => join(dir, entry));
};

/** Bytes of a file or of all files in a folder. */
export const bytesOf = (path: string): number => {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat?.size ?? 0;
  return namesIn(path).reduce((sum, name) => sum + bytesOf(join(path, basename(name))), 0);
};
