import type { LogName } from '../../events/envelope.ts';
import { lookAtRefs } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { ARCHIVE } from '../../store/archive/archive-refs.ts';
import { readLaneTips } from '../../store/lane-refs.ts';
import { parseLaneRef } from '../../store/layout.ts';
import type { LogTips } from '../../store/log-store.ts';
import { listWal } from '../../store/wal/wal-files.ts';
import { stampOf } from '../../store/wal/write-ahead-file.ts';

const LOGS = ['refs/amp/sessions/', 'refs/amp/batches/'];

/** What of a log is read: its events, or what the agents' programs wrote. */
export type Part = 'events' | 'transcript';

/** The write-ahead files of each log: which ones, and how long. */
const pendingEnds = (repo: Repository, part: Part): Map<LogName, string[]> => {
  const ends = new Map<LogName, string[]>();
  for (const { log, writer, kind, path } of listWal(repo)) {
    const stamp = kind === part ? stampOf(path) : null;
    if (stamp === null || stamp.size === 0) continue;
    ends.set(log, [...(ends.get(log) ?? []), `${writer}+${stamp.inode}.${stamp.size}`]);
  }
  return ends;
};

/** How refs and write-ahead files stood: packed refs by their file's stamp, loose ones one by one, files by their sizes. */
export interface Seen {
  packed: string;
  loose: [ref: string, id: string][];
  pending: [log: LogName, ...ends: string[]][];
}

/** Where everything that can say something new stood, taken before anything is read. */
export interface Look {
  /** Undefined where refs are kept in a reftable, of which a glance tells nothing. */
  seen: Seen | undefined;
  pending: Map<LogName, string[]>;
}

const byText = (a: readonly string[], b: readonly string[]): number => (a[0]! < b[0]! ? -1 : 1);

/** A glance. */
export const look = (repo: Repository, part: Part = 'events'): Look => {
  const pending = pendingEnds(repo, part);
  const refs = [...LOGS, ARCHIVE].map((prefix) => lookAtRefs(repo, prefix));
  if (refs.some((one) => one === undefined)) return { seen: undefined, pending };
  const seen: Seen = {
    packed: refs[0]!.packed,
    loose: refs.flatMap((one) => one!.loose.map(({ ref, id }): [string, string] => [ref, id])).sort(byText),
    pending: [...pending].map(([log, ends]): Seen['pending'][number] => [log, ...ends.sort()]).sort(byText),
  };
  return { seen, pending };
};

/** Nothing that counts has changed; false also where that cannot be told. */
export const isSame = (a: Seen | undefined, b: Seen | undefined): boolean =>
  a !== undefined && b !== undefined && JSON.stringify(a) === JSON.stringify(b);

const lines = (parts: readonly (readonly string[])[]): Map<string, string> =>
  new Map(parts.map((part) => [part.join(' '), part[0]!]));

/** First words of the lines that only one of two lists has. */
const differing = (a: readonly (readonly string[])[], b: readonly (readonly string[])[]): string[] => {
  const [before, now] = [lines(a), lines(b)];
  return [...[...before].filter(([line]) => !now.has(line)), ...[...now].filter(([line]) => !before.has(line))].map(
    ([, first]) => first,
  );
};

/** The logs that may end elsewhere than before; undefined: any may. */
export const changedLogs = (before: Seen | undefined, now: Seen | undefined): Set<LogName> | undefined => {
  if (before === undefined || now === undefined || before.packed !== now.packed) return undefined;
  const logs = new Set(differing(before.pending, now.pending) as LogName[]);
  for (const ref of differing(before.loose, now.loose)) {
    const lane = parseLaneRef(ref);
    // An archive says where the logs end that were packed away.
    if (!lane) return undefined;
    logs.add(lane.log);
  }
  return logs;
};

/** Ends of all logs, or of those of some that are there. */
export const logsIn = async (
  repo: Repository,
  only?: ReadonlySet<LogName>,
): Promise<Pick<LogTips, 'log' | 'tips'>[]> => {
  const lanes = await readLaneTips(repo, only && [...only]);
  const names = new Set([...lanes.keys(), ...listWal(repo).map(({ log }) => log)]);
  const isWanted = (log: LogName): boolean => only === undefined || only.has(log);
  const wanted = [...names].filter(isWanted).sort();
  return wanted.map((log) => ({ log, tips: lanes.get(log) ?? new Map<string, string>() }));
};

/** Where one log ends: the same key, the same events. */
export const keyOf = ({ log, tips }: Pick<LogTips, 'log' | 'tips'>, { pending }: Look): string =>
  [...[...tips].map(([writer, id]) => `${writer}:${id}`), ...(pending.get(log) ?? [])].sort().join(' ');
