import { type LogName, logId } from '../../events/envelope.ts';
import type { Repository } from '../../git/repository.ts';
import { parseSegmentName } from '../blobs.ts';
import { readLaneTips } from '../lane-refs.ts';
import { type Flush, readFlushes } from '../verify/lane-history.ts';
import { readWal } from '../wal/wal-files.ts';

/** One writer's part of one log, as it lies here: names of what holds it, and what is not in git yet. */
export interface StoredLane {
  log: LogName;
  writer: string;
  /** Blobs with its lines, in their order. */
  segments: { id: string; name: string }[];
  /** Blobs of long texts, by the SHA-256 in their names. */
  payloads: Map<string, string>;
  /** Lines of the write-ahead file; the first of them may be in git already. */
  loose: Buffer;
}

/** So many logs' flushes are listed by one process. */
const LOGS_AT_ONCE = 500;

/** The flushes behind a tip, newest first. */
const chainOf = (tip: string | undefined, flushes: Map<string, Flush>): Flush[] => {
  const chain: Flush[] = [];
  for (let at = tip; at !== undefined; ) {
    const flush = flushes.get(at);
    if (!flush) break;
    chain.push(flush);
    at = flush.parents[0];
  }
  return chain;
};

const laneOf = ({ log, writer, chain, loose }: { log: LogName; writer: string; chain: Flush[]; loose: Buffer }) => {
  const segments: { id: string; name: string; firstSeq: number }[] = [];
  const payloads = new Map<string, string>();
  for (const { id, name } of chain.flatMap(({ files }) => files)) {
    const segment = parseSegmentName(name);
    if (segment?.kind === 'events' && segment.id === logId(log))
      segments.push({ id, name, firstSeq: segment.firstSeq });
    else if (name.startsWith('payload-')) payloads.set(name.slice('payload-'.length), id);
  }
  segments.sort((a, b) => a.firstSeq - b.firstSeq);
  return { log, writer, segments, payloads, loose };
};

/**
 * The lanes of these logs, log by log in the order given, a log's writers in the order of their ids. Nothing but names
 * and unflushed lines is in memory, of some hundred logs at a time.
 * @throws AppError git.failed when a commit is missing or damaged
 */
export async function* readLanes(repo: Repository, logs: LogName[]): AsyncGenerator<StoredLane, void, undefined> {
  for (let from = 0; from < logs.length; from += LOGS_AT_ONCE) {
    const some = logs.slice(from, from + LOGS_AT_ONCE);
    // The write-ahead files come first: a flush brings lines into git before it takes them out of there.
    const wal = readWal(repo, 'events', new Set(some));
    const tips = await readLaneTips(repo, some);
    const ends = some.flatMap((log) => [...(tips.get(log)?.values() ?? [])]);
    const flushes = new Map((await readFlushes(repo, ends)).map((flush) => [flush.commit, flush]));
    for (const log of some) {
      const files = new Map(wal.filter((file) => file.log === log).map(({ writer, bytes }) => [writer, bytes]));
      for (const writer of [...new Set([...(tips.get(log)?.keys() ?? []), ...files.keys()])].sort()) {
        const chain = chainOf(tips.get(log)?.get(writer), flushes);
        yield laneOf({ log, writer, chain, loose: files.get(writer) ?? Buffer.alloc(0) });
      }
    }
  }
}
