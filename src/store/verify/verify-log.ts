import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import type { LogEvent } from '../../events/catalogue.ts';
import type { EventDefinition } from '../../events/define.ts';
import { type LogName, logId } from '../../events/envelope.ts';
import { isAncestor } from '../../git/commits.ts';
import { catFileStream } from '../../git/git.ts';
import type { Repository } from '../../git/repository.ts';
import { parseSegmentName } from '../blobs.ts';
import { laneRef, payloadDir } from '../layout.ts';
import { payloadsIn } from '../payloads.ts';
import { CLOSING } from '../plan-flush.ts';
import { readTips } from '../tips.ts';
import { readPayloadPart } from '../wal/payload-files.ts';
import { readWal } from '../wal/wal-files.ts';
import { LaneCheck, type SeenLine } from './check-lines.ts';
import { HashList } from './hash-list.ts';
import { type Flush, missingObjects, orDamage, readFlushes } from './lane-history.ts';
import type { Problem, ProblemKind } from './problem.ts';

/** Fields of an event's data that name a commit which the session has to keep. */
const KEPT = new Set(['iteration.finished', 'manual-commit.found', 'agent-commit.folded']);

export interface VerifyOptions {
  /** This clone's writer: where its refs were left is known. */
  writer: string;
  definitionOf(type: string): EventDefinition | undefined;
  /** Hears of every event in the order of its number. */
  onEvent?(event: LogEvent): void;
}

export interface LaneVerdict {
  writer: string;
  events: number;
  /** Those of them that only the write-ahead file has: nothing outside of it says how many there were. */
  notInGit: number;
  problems: Problem[];
  /** Commits that events name, each with the event that does. */
  commits: Map<string, SeenLine>;
  /** `prev` of each event, by its number: what a note has to agree with. */
  links: HashList;
  /** Events that notes may tell of. */
  told: LogEvent[];
  /** Flushes that close the session, with the number and type of the event that does. */
  closing: { commit: string; seq: number; type: string }[];
}

interface Lane {
  repo: Repository;
  log: LogName;
  writer: string;
  /** Commit that the lane's ref names; null when all of it is in the write-ahead file. */
  tip: string | null;
}

const mayBeTold = (type: string): boolean => type.endsWith('.finished') || type === 'manual-commit.found';

const problem = (lane: Lane, kind: ProblemKind, where: string, detail: string, isDamage = true): Problem => ({
  kind,
  log: lane.log,
  writer: lane.writer,
  seq: null,
  where,
  byte: null,
  detail,
  isDamage,
});

/** A chain has one line of commits, all of this log and writer. */
const checkFlushes = (lane: Lane, flushes: Flush[]): Problem[] =>
  flushes.flatMap(({ commit, parents, log, writer }, at) => {
    const found: Problem[] = [];
    const expected = at === 0 ? [] : [flushes[at - 1]!.commit];
    if (parents.join() !== expected.join())
      found.push(problem(lane, 'ref', commit, `flush ${commit.slice(0, 12)} does not follow the one before`));
    if ((log !== null && log !== lane.log) || (writer !== null && writer !== lane.writer))
      found.push(problem(lane, 'place', commit, `flush ${commit.slice(0, 12)} belongs to another log`));
    return found;
  });

/** The last line of a flush has no successor to prove it: its commit does. */
const checkHead = (lane: Lane, check: LaneCheck, { commit, head, lastSeq }: Flush): Problem[] => {
  if (head === null || lastSeq === null || lastSeq === 0) return [];
  const hash = check.hashAt(lastSeq);
  if (hash === head) return [];
  const what = hash === undefined ? 'is missing' : 'is not the one that its flush was made with';
  return [{ ...problem(lane, 'head', commit, `event ${lastSeq} ${what}`), seq: lastSeq }];
};

/** Reads the blobs that can be read; tells of the others. */
const readBlobs = async (
  lane: Lane,
  ids: string[],
  onBlob: (id: string, bytes: Buffer) => void,
): Promise<Problem[]> => {
  const missing = await missingObjects(lane.repo, ids);
  const problems = [...missing].map((id) => problem(lane, 'object', id, `object ${id} is missing`));
  const there = ids.filter((id) => !missing.has(id));
  const heard = new Set<string>();
  const hear = (id: string, bytes: Buffer): void => {
    heard.add(id);
    onBlob(id, bytes);
  };
  if ('value' in (await orDamage(catFileStream(lane.repo, there, hear)))) return problems;
  // One that is damaged ends the process: the rest is read one by one.
  for (const id of there.filter((one) => !heard.has(one)))
    if ('damage' in (await orDamage(catFileStream(lane.repo, [id], hear))))
      problems.push(problem(lane, 'object', id, `object ${id} is damaged`));
  return problems;
};

const checkPayloads = async (lane: Lane, flushes: Flush[], wanted: Map<string, SeenLine>): Promise<Problem[]> => {
  if (wanted.size === 0) return [];
  const byName = new Map(flushes.flatMap(({ files }) => files).map(({ id, name }) => [name, id]));
  const problems: Problem[] = [];
  const ids = new Map<string, string>();
  for (const [part, { seq, where, byte }] of wanted) {
    const id = byName.get(`payload-${part}`);
    if (id) ids.set(id, part);
    else problems.push({ ...problem(lane, 'payload', where, `a long text of event ${seq} is missing`), seq, byte });
  }
  const found = await readBlobs(lane, [...ids.keys()], (id, bytes) => {
    if (sha256(bytes) !== ids.get(id))
      problems.push(problem(lane, 'payload', id, 'a long text is not what its name says'));
  });
  return [...problems, ...found];
};

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Long texts of lines that are not in git lie in files beside them. */
const checkLoosePayloads = (lane: Lane, flushes: Flush[], wanted: [string, SeenLine][]): Problem[] =>
  wanted.flatMap(([part, { seq, where, byte }]) => {
    const bytes = readPayloadPart(payloadDir(lane.repo, lane), part);
    if (
      bytes ? sha256(bytes) === part : flushes.some(({ files }) => files.some(({ name }) => name === `payload-${part}`))
    )
      return [];
    const what = bytes ? 'is not what its name says' : 'is missing';
    return [{ ...problem(lane, 'payload', where, `a long text of event ${seq} ${what}`), seq, byte }];
  });

/**
 * Our own refs were left somewhere, and may have gone on from there when a process died before it wrote that down;
 * another's are where they are.
 */
export const checkTip = async (
  repo: Repository,
  { ref, now, own }: { ref: string; now: string | null; own: string },
): Promise<string | undefined> => {
  const left = readTips(repo, own).get(ref);
  if (left === undefined || left === now) return undefined;
  const later = now === null ? { value: false } : await orDamage(isAncestor(repo, left, now));
  const isLater = 'value' in later && later.value;
  return isLater ? undefined : `${ref} is ${now === null ? 'gone' : 'not where it was left'} (${left.slice(0, 12)})`;
};

const checkOwnTip = async (lane: Lane, own: string): Promise<Problem[]> => {
  const ref = laneRef(lane);
  const detail = lane.writer === own ? await checkTip(lane.repo, { ref, now: lane.tip, own }) : undefined;
  return detail === undefined ? [] : [problem(lane, 'ref', ref, detail)];
};

/** One writer's part of a log: its commits, lines, long texts, and what waits in the write-ahead file. */
export const verifyLane = async (lane: Lane, options: VerifyOptions): Promise<LaneVerdict> => {
  const { repo, log, writer, tip } = lane;
  const check = new LaneCheck({ log, writer, definitionOf: options.definitionOf });
  const commits: LaneVerdict['commits'] = new Map();
  const links = new HashList();
  const told: LogEvent[] = [];
  const ends: { seq: number; type: string }[] = [];
  const parts = new Map<string, SeenLine>();
  const onLine = (line: SeenLine): void => {
    options.onEvent?.(line.event as unknown as LogEvent);
    links.set(line.seq, String(line.event['prev']));
    if (mayBeTold(String(line.event['type']))) told.push(line.event as unknown as LogEvent);
    if (CLOSING.has(String(line.event['type']))) ends.push({ seq: line.seq, type: String(line.event['type']) });
    const { commit } = (line.event['data'] ?? {}) as { commit?: unknown };
    if (KEPT.has(String(line.event['type'])) && typeof commit === 'string') commits.set(commit, line);
    if (line.mayRefer)
      for (const payload of payloadsIn(line.event['data'])) for (const part of payload.parts) parts.set(part, line);
  };
  const read = tip === null ? { value: [] } : await orDamage(readFlushes(repo, [tip]));
  const flushes = 'value' in read ? read.value : [];
  const problems =
    'damage' in read ? [problem(lane, 'object', tip!, read.damage)] : await checkOwnTip(lane, options.writer);
  problems.push(...checkFlushes(lane, flushes));
  const segments = flushes
    .flatMap(({ files }) => files)
    .map(({ id, name }) => ({ id, segment: parseSegmentName(name) }))
    .filter(({ segment }) => segment?.kind === 'events' && segment.id === logId(log))
    .sort((a, b) => a.segment!.firstSeq - b.segment!.firstSeq);
  const unread = await readBlobs(
    lane,
    segments.map(({ id }) => id),
    (where, bytes) => check.add({ where, bytes, isFile: false }, onLine),
  );
  const inGit = [...parts];
  const lastInGit = check.lastSeq;
  for (const flush of flushes) problems.push(...checkHead(lane, check, flush));
  for (const file of readWal(repo, 'events', new Set([log])))
    if (file.writer === writer)
      check.add(
        { where: relative(repo.commonDir, file.path).replaceAll('\\', '/'), bytes: file.bytes, isFile: true },
        onLine,
      );
  const loose = [...parts].slice(inGit.length);
  problems.push(...unread, ...check.problems, ...(await checkPayloads(lane, flushes, new Map(inGit))));
  problems.push(...checkLoosePayloads(lane, flushes, loose));
  const closing = ends.flatMap((end) => {
    const flush = flushes.find(({ lastSeq }) => lastSeq !== null && lastSeq >= end.seq);
    return flush ? [{ ...end, commit: flush.commit }] : [];
  });
  const notInGit = check.lastSeq - lastInGit;
  return { writer, events: check.lastSeq, notInGit, problems, commits, links, told, closing };
};
