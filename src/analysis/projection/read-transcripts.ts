import { AppError, isAppError } from '../../errors.ts';
import { type LogName, logId } from '../../events/envelope.ts';
import { openCatFile } from '../../git/git.ts';
import type { Repository } from '../../git/repository.ts';
import { readLanes, type SpokenLane } from '../../store/lanes/read-lanes.ts';
import type { TranscriptLine } from '../../store/log-store.ts';
import { decodeLines } from '../../store/transcript-lines.ts';
import { transcriptRows, transcripts } from '../tables/transcripts.ts';
import type { ReadLogs, Wanted } from './read-logs.ts';
import type { Spool } from './spool.ts';

/** Logs whose lanes are listed by one process. */
const LOGS_AT_ONCE = 200;

/** Of one segment, as text on the disk. */
const SEGMENT_BYTES = 256 * 2 ** 20;

/** Lines that are in memory at a time, of one lane. */
const BYTES_AT_ONCE = 8 * 2 ** 20;

/** A dead process may have left the same lines in git and in its write-ahead file. */
const withoutTwins = () => {
  const last = new Map<number, number>();
  return ({ iteration, n }: TranscriptLine): boolean => {
    if (n <= (last.get(iteration) ?? 0)) return false;
    last.set(iteration, n);
    return true;
  };
};

type Reader = ReturnType<typeof openCatFile>;

/** The pieces of a lane's transcript, oldest first. */
async function* piecesOf(reader: Reader, lane: SpokenLane): AsyncGenerator<Buffer> {
  for (const { id } of lane.transcripts) {
    const object = await reader.object(id);
    if (!object) throw new AppError('git.failed', `Object ${id} is missing.`);
    yield object.bytes;
  }
  if (lane.looseTranscript.length > 0) yield lane.looseTranscript;
}

interface AddedLane {
  lines: number;
  bytes: number;
  isWhole: boolean;
}

const addLane = async (reader: Reader, lane: SpokenLane, spool: Spool): Promise<AddedLane> => {
  const isNew = withoutTwins();
  const place = { session: logId(lane.log), writer: lane.writer };
  const read: AddedLane = { lines: 0, bytes: 0, isWhole: true };
  let lines: TranscriptLine[] = [];
  let size = 0;
  const put = (): void => {
    spool.add({ [transcripts.name]: transcriptRows(place, lines) });
    read.lines += lines.length;
    read.bytes += size;
    [lines, size] = [[], 0];
  };
  try {
    for await (const piece of piecesOf(reader, lane)) {
      lines.push(...decodeLines(piece).filter(isNew));
      size += piece.length;
      if (size > BYTES_AT_ONCE) put();
    }
  } catch (error) {
    if (!isAppError(error, 'git.failed')) throw error;
    read.isWhole = false;
  }
  put();
  return read;
};

/** Lanes of some logs; those that cannot even be listed are told of one by one. */
const lanesOf = async (repo: Repository, logs: LogName[]): Promise<{ lanes: SpokenLane[]; broken: LogName[] }> => {
  const lanes: SpokenLane[] = [];
  try {
    for await (const lane of readLanes(repo, logs, { transcripts: true })) lanes.push(lane);
    return { lanes, broken: [] };
  } catch (error) {
    if (!isAppError(error, 'git.failed')) throw error;
    if (logs.length === 1) return { lanes: [], broken: logs };
  }
  const apart: { lanes: SpokenLane[]; broken: LogName[] }[] = [];
  for (const log of logs) apart.push(await lanesOf(repo, [log]));
  return { lanes: apart.flatMap((one) => one.lanes), broken: apart.flatMap((one) => one.broken) };
};

/**
 * Reads the transcripts of logs, a few processes for hundreds of them, until so many lines were spooled; takes what it
 * read from `wanted`. A log without a transcript is read as well, and has none; of a damaged one there is what could be
 * read before the damage, until the log goes on.
 */
export const readTranscripts = async (
  repo: Repository,
  { wanted, spool, most }: { wanted: Wanted[]; spool: Spool; most: number },
): Promise<ReadLogs> => {
  const read: ReadLogs = { entries: [], damaged: [] };
  const total = { lines: 0, bytes: 0 };
  const reader = openCatFile(repo);
  try {
    while (wanted.length > 0 && total.lines < most && total.bytes < SEGMENT_BYTES) {
      const chunk = wanted.splice(0, LOGS_AT_ONCE);
      const counts = new Map<LogName, number>();
      const { lanes, broken } = await lanesOf(
        repo,
        chunk.map(({ log }) => log),
      );
      for (const lane of lanes) {
        const { lines, bytes, isWhole } = await addLane(reader, lane, spool);
        counts.set(lane.log, (counts.get(lane.log) ?? 0) + lines);
        total.lines += lines;
        total.bytes += bytes;
        if (!isWhole) broken.push(lane.log);
      }
      for (const { log, key } of chunk) {
        const warnings = broken.includes(log) ? [`The transcript of ${log} is damaged, and not read to its end.`] : [];
        read.entries.push({ log, key, events: counts.get(log) ?? 0, ...(warnings.length > 0 && { warnings }) });
      }
    }
  } finally {
    reader.close();
  }
  return read;
};
