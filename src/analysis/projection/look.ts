import { createHash } from 'node:crypto';
import type { LogName } from '../../events/envelope.ts';
import { lookAtRefs } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { ARCHIVE } from '../../store/archive/archive-refs.ts';
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

/** Where everything that can say something new stood, taken before anything is read. */
export interface Look {
  /** The same as long as refs and write-ahead files are the same; undefined where refs are kept in a reftable. */
  text: string | undefined;
  pending: Map<LogName, string[]>;
}

/** A glance: packed refs by their file's stamp, loose ones one by one, write-ahead files by their sizes. */
export const look = (repo: Repository, part: Part = 'events'): Look => {
  const pending = pendingEnds(repo, part);
  const refs = [...LOGS, ARCHIVE].map((prefix) => lookAtRefs(repo, prefix));
  if (refs.some((one) => one === undefined)) return { text: undefined, pending };
  const loose = refs.flatMap((one) => one!.loose.map(({ ref, id }) => `${ref} ${id}`)).sort();
  const parts = [refs[0]!.packed, loose, [...pending].map(([log, ends]) => [log, ...ends.sort()]).sort()];
  return { text: createHash('sha256').update(JSON.stringify(parts)).digest('hex'), pending };
};

/** Where one log ends: the same key, the same events. */
export const keyOf = ({ log, tips }: LogTips, { pending }: Look): string =>
  [...[...tips].map(([writer, id]) => `${writer}:${id}`), ...(pending.get(log) ?? [])].sort().join(' ');
