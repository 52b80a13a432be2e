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

/** The same with what was said in it. */
export interface SpokenLane extends StoredLane {
  /** Blobs with lines of its transcript, in their order. */
  transcripts: { id: string; name: string }[];
  /** Lines of its transcript that may not be in git yet, where they were asked for. */
  looseTranscript: Buffer;
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

interface Parts {
  log: LogName;
  writer: string;
  chain: Flush[];
  loose: Buffer;
  looseTranscript: Buffer;
}

const laneOf = ({ log, writer, chain, loose, looseTranscript }: Parts): SpokenLane => {
  const segments: { id: string; name: string; firstSeq: number }[] = [];
  const payloads = new Map<string, string>();
  const transcripts: SpokenLane['transcripts'] = [];
  for (const { id, name } of chain.flatMap(({ files }) => files)) {
    const segment = parseSegmentName(name);
    if (segment?.kind === 'events' && segment.id === logId(log))
      segments.push({ id, name, firstSeq: segment.firstSeq });
    else if (segment?.kind === 'transcript') transcripts.push({ id, name });
    else if (name.startsWith('payload-')) payloads.set(name.slice('payload-'.length), id);
  }
  segments.sort((a, b) => a.firstSeq - b.firstSeq);
  return { log, writer, segments, payloads, loose, transcripts: transcripts.reverse(), looseTranscript };
};

const NOTHING = Buffer.alloc(0);

/** Bytes by log and writer. */
const looseOf = (
  repo: Repository,
  kind: 'events' | 'transcript',
  logs: LogName[],
): Map<LogName, Map<string, Buffer>> => {
  const all = new Map<LogName, Map<string, Buffer>>();
  for (const { log, writer, bytes } of readWal(repo, kind, new Set(logs)))
    all.set(log, (all.get(log) ?? new Map<string, Buffer>()).set(writer, bytes));
  return all;
};

/**
 * The lanes of these logs, log by log in the order given, a log's writers in the order of their ids. Nothing but names
 * and unflushed lines is in memory, of some hundred logs at a time.
 * @throws AppError git.failed when a commit is missing or damaged
 */
export async function* readLanes(
  repo: Repository,
  logs: LogName[],
  { transcripts = false }: { transcripts?: boolean } = {},
): AsyncGenerator<SpokenLane, void, undefined> {
  for (let from = 0; from < logs.length; from += LOGS_AT_ONCE) {
    const some = logs.slice(from, from + LOGS_AT_ONCE);
    // The write-ahead files come first: a flush brings lines into git before it takes them out of there.
    const loose = looseOf(repo, 'events', some);
    const looseTranscripts = transcripts ? looseOf(repo, 'transcript', some) : new Map<LogName, Map<string, Buffer>>();
    const tips = await readLaneTips(repo, some);
    const ends = some.flatMap((log) => [...(tips.get(log)?.values() ?? [])]);
    const flushes = new Map((await readFlushes(repo, ends)).map((flush) => [flush.commit, flush]));
    for (const log of some) {
      const [files, said] = [loose.get(log), looseTranscripts.get(log)];
      const writers = [tips, loose, looseTranscripts].flatMap((all) => [...(all.get(log)?.keys() ?? [])]);
      for (const writer of [...new Set(writers)].sort()) {
        const chain = chainOf(tips.get(log)?.get(writer), flushes);
        const [own, ownSaid] = [files?.get(writer) ?? NOTHING, said?.get(writer) ?? NOTHING];
        yield laneOf({ log, writer, chain, loose: own, looseTranscript: ownSaid });
      }
    }
  }
}
