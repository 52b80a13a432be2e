import { type LogName, logId } from '../../events/envelope.ts';
import type { Repository } from '../../git/repository.ts';
import { isForgetPending } from '../../store/forget/pending.ts';
import { readTombstones } from '../../store/tombstones.ts';
import type { LogEntry } from './entries.ts';
import type { Known } from './known.ts';
import { changedLogs, keyOf, type Look, logsIn, type Part } from './look.ts';
import type { Wanted } from './read-logs.ts';

export interface NewsDeps {
  repo: Repository;
  /** What of the logs the tables are made of; events if not said. */
  part?: Part;
}

/** Ends of logs, of all or of some, without those that are on their way out; a batch has no transcript. */
export const currentKeys = async (
  { repo, part }: NewsDeps,
  at: Look,
  only?: ReadonlySet<LogName>,
): Promise<Map<LogName, string>> => {
  const isForgotten = isForgetPending(repo) ? (await readTombstones(repo)).isForgotten : () => false;
  const isAsked = (log: LogName): boolean => part !== 'transcript' || log.startsWith('sessions/');
  const logs = (await logsIn(repo, only)).filter(({ log }) => isAsked(log) && !isForgotten(logId(log)));
  return new Map(logs.map((log) => [log.log, keyOf(log, at)]));
};

export interface News {
  /** Only some logs were looked at, and none is gone. */
  isFew: boolean;
  outdated: LogEntry[];
  gone: LogEntry[];
  wanted: Wanted[];
  /** Logs that are in the cache as they are now. */
  stay(): LogEntry[];
}

/** So many are looked up one by one. */
const FEW_LOGS = 50;

const newsOfFew = (before: Known, keys: ReadonlyMap<LogName, string>): News => {
  const outdated: LogEntry[] = [];
  const wanted: Wanted[] = [];
  for (const [log, key] of keys) {
    const entry = before.entries.of(log);
    if (entry?.key === key) continue;
    if (entry) outdated.push(entry);
    wanted.push({ log, key });
  }
  const changed = new Set(wanted.map(({ log }) => log));
  const stay = () => before.entries.all().filter(({ log }) => !changed.has(log));
  return { isFew: true, outdated, gone: [], wanted, stay };
};

/** What became of the logs since the cache was written. Where a glance tells which ones changed, only those are looked at. */
export const newsOf = async (deps: NewsDeps, at: Look, before: Known): Promise<News> => {
  const only = isForgetPending(deps.repo) ? undefined : changedLogs(before.seen, at.seen);
  const keys = await currentKeys(deps, at, only);
  if (only && only.size <= FEW_LOGS && [...only].every((log) => keys.has(log))) return newsOfFew(before, keys);
  const stay: LogEntry[] = [];
  const news: News = { isFew: false, outdated: [], gone: [], wanted: [], stay: () => stay };
  const there = new Set<LogName>();
  for (const entry of before.entries.all()) {
    const key = only && !only.has(entry.log) ? entry.key : keys.get(entry.log);
    if (key === entry.key) {
      stay.push(entry);
      there.add(entry.log);
    } else news.outdated.push(entry);
    if (key === undefined) news.gone.push(entry);
  }
  for (const [log, key] of keys) if (!there.has(log)) news.wanted.push({ log, key });
  return news;
};
