import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type AnalysisWish, openAnalysis } from '../../src/analysis/open.ts';
import { schemaKey } from '../../src/analysis/projection/place.ts';
import { TABLES } from '../../src/analysis/tables/all.ts';
import type { Value } from '../../src/analysis/tables/table.ts';
import { newId } from '../../src/clock.ts';
import { type HomeDirs, homeDirs } from '../../src/config/paths.ts';
import type { Draft } from '../../src/events/catalogue.ts';
import { sessionLog } from '../../src/events/envelope.ts';
import { locateRepository } from '../../src/git/locate.ts';
import type { Repository } from '../../src/git/repository.ts';
import { openStore } from '../../src/store/git-store.ts';
import { analysisDir } from '../../src/store/layout.ts';
import type { LogStore } from '../../src/store/log-store.ts';
import { messages } from '../store/places.ts';
import { created, draft } from '../support/events.ts';
import { makeRepo, type RepoOptions, tempDir } from '../support/repo.ts';

/** A minute passes with each look: what was retired is soon due. */
export const slowClock = () => {
  let minutes = 0;
  const now = (): string => new Date(Date.UTC(2026, 10, 22, 13) + 60_000 * minutes++).toISOString();
  return { now, elapsed: () => performance.now(), newId };
};

export interface World {
  dir: string;
  repo: Repository;
  store: LogStore;
  home: HomeDirs;
  ctx: { repo: Repository; store: LogStore; clock: ReturnType<typeof slowClock>; home: HomeDirs };
  /** A session with its first event and so many messages, in git unless it is said to wait. */
  write(session: string, texts: number | Draft[], how?: 'flushed' | 'pending'): Promise<void>;
  /** One question, asked as a process of its own would. */
  ask(sql: string, wish?: AnalysisWish): Promise<Value[][]>;
  /** Events of each session, by the tables. */
  counts(wish?: AnalysisWish): Promise<Record<string, Value>>;
  /** Names in the folder of the cache, and the folder. */
  cache(): { folder: string; segments: string[]; files: string[] };
}

const open: LogStore[] = [];
afterAll(async () => {
  for (const store of open.splice(0)) await store.close();
});

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
const namesIn = (folder: string): string[] => (isFolder(folder) ? readdirSync(folder).sort() : []);

export const worldIn = async (dir: string, home: HomeDirs = homeDirs({ HOME: tempDir() })): Promise<World> => {
  const repo = await locateRepository(dir);
  const clock = slowClock();
  const store = await openStore(repo, { clock, redact: (text) => text });
  open.push(store);
  const ctx = { repo, store, clock, home };
  const ask: World['ask'] = async (sql, wish) => {
    const analysis = await openAnalysis(ctx, wish);
    try {
      return (await analysis.query(sql)).rows;
    } finally {
      await analysis.close();
    }
  };
  const known = new Set<string>();
  const write: World['write'] = async (session, texts, how = 'flushed') => {
    const first = known.has(session) ? [] : [draft('session.created', created({ name: session }))];
    known.add(session);
    await store.append(sessionLog(session), [...first, ...(typeof texts === 'number' ? messages(texts) : texts)]);
    if (how === 'flushed') await store.flush(sessionLog(session));
  };
  const counts: World['counts'] = async (wish) =>
    Object.fromEntries(await ask('SELECT session, count(*) FROM events GROUP BY ALL ORDER BY ALL', wish));
  const cache = () => {
    const folder = join(analysisDir(repo), schemaKey(TABLES));
    const all = namesIn(folder);
    const segments = all.filter((name) => isFolder(join(folder, name)));
    const files = segments.flatMap((name) => namesIn(join(folder, name)).map((file) => join(folder, name, file)));
    return { folder, segments, files };
  };
  return { dir, repo, store, home, ctx, write, ask, counts, cache };
};

export const makeWorld = async (options: RepoOptions & { home?: HomeDirs } = {}): Promise<World> =>
  worldIn(await makeRepo(options), options.home);
