import { type LogName, logId } from '../events/envelope.ts';
import { listRefs, readRef } from '../git/refs.ts';
import type { Repository } from '../git/repository.ts';
import { readArchives } from './archive/archives.ts';
import { codeRef, parseLaneRef } from './layout.ts';

/** Writer to the commit its ref names, for each log. */
export type LaneTips = Map<LogName, Map<string, string>>;

/** Above this many logs, all refs are listed at once instead of each log's own. */
const MANY = 8;

/** The refs of these logs, or of all; those that were packed away are not among them. */
export const readLaneRefs = async (repo: Repository, logs?: LogName[]): Promise<LaneTips> => {
  const prefixes =
    logs === undefined || logs.length > MANY
      ? ['refs/amp/sessions/', 'refs/amp/batches/']
      : logs.map((log) => `refs/amp/${log}/`);
  const wanted = logs && new Set(logs);
  const found: LaneTips = new Map();
  for (const prefix of prefixes) {
    for (const { ref, id } of await listRefs(repo, prefix)) {
      const lane = parseLaneRef(ref);
      if (lane === undefined || (wanted && !wanted.has(lane.log))) continue;
      const tips = found.get(lane.log);
      if (tips) tips.set(lane.writer, id);
      else found.set(lane.log, new Map([[lane.writer, id]]));
    }
  }
  return found;
};

/**
 * The last commit of each lane of these logs, or of all: what its ref names, or where that is gone the sealed end in an
 * archive, which is a chain of flushes like any other.
 */
export const readLaneTips = async (repo: Repository, logs?: LogName[], refs?: LaneTips): Promise<LaneTips> => {
  const tips = new Map(refs ?? (await readLaneRefs(repo, logs)));
  const archives = await readArchives(repo, 'log');
  const wanted = logs && new Set(logs);
  const few = logs && logs.length <= MANY ? logs : [undefined];
  for (const one of few.flatMap((log) => [...archives.ends(log).values()])) {
    const lane = parseLaneRef(one.ref);
    if (!lane || (wanted && !wanted.has(lane.log)) || tips.get(lane.log)?.has(lane.writer)) continue;
    tips.set(lane.log, new Map(tips.get(lane.log)).set(lane.writer, one.commit));
  }
  return tips;
};

/** The commit our code ref of a session names; null when there is none. */
export const readCodeRef = async (repo: Repository, log: LogName, writer: string): Promise<string | null> =>
  (await readRef(repo, codeRef(logId(log), writer))) ?? null;
