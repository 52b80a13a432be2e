import { AppError } from '../errors.ts';
import { definitionOf, type LogEvent } from '../events/catalogue.ts';
import { type LogName, logId, sessionLog } from '../events/envelope.ts';
import { upcast } from '../events/upcast.ts';
import { readRef } from '../git/refs.ts';
import { Replay, replayStep } from '../session/evolve.ts';
import { expectedNotes } from '../session/landing.ts';
import type { Session } from '../session/state.ts';
import { readArchives } from '../store/archive/archives.ts';
import { codeRef } from '../store/layout.ts';
import { readTips } from '../store/tips.ts';
import { readTombstones } from '../store/tombstones.ts';
import { checkArchives } from '../store/verify/check-archives.ts';
import { checkNotes, type NoteFacts } from '../store/verify/check-notes.ts';
import { checkTombstones } from '../store/verify/check-tombstones.ts';
import { missingObjects } from '../store/verify/lane-history.ts';
import type { Problem } from '../store/verify/problem.ts';
import { checkTip, type LaneVerdict, verifyLane } from '../store/verify/verify-log.ts';
import { listWal } from '../store/wal/wal-files.ts';
import type { Context } from './context.ts';
import { type ClosingSignature, type Closings, checkSignatures } from './verify-signatures.ts';

export type { Problem } from '../store/verify/problem.ts';

/** What `verify` found out about one log. */
export interface LogVerdict {
  log: string;
  session: string;
  writers: string[];
  events: number;
  /** Those of them that are not in git yet: a line that was cut off their end would not be missed. */
  notInGit: number;
  problems: Problem[];
}

export interface Verification {
  ok: boolean;
  logs: LogVerdict[];
  /** Of the notes, which belong to no log alone. */
  problems: Problem[];
  events: number;
  /** Of the records that close sessions. */
  signatures: ClosingSignature[];
}

/** Commits that events name must be there, where their writer's code is here at all. */
const checkCommits = async (ctx: Context, log: LogName, { writer, commits }: LaneVerdict): Promise<Problem[]> => {
  const ref = codeRef(logId(log), writer);
  const now = (await readRef(ctx.repo, ref)) ?? null;
  const problems: Problem[] = [];
  const own = ctx.store.writer;
  const moved = writer === own ? await checkTip(ctx.repo, { ref, now, own }) : undefined;
  if (moved !== undefined)
    problems.push({ kind: 'ref', log, writer, seq: null, where: ref, byte: null, detail: moved, isDamage: true });
  const missing = await missingObjects(ctx.repo, [...commits.keys()]);
  // A history fetched without its code names commits that were never here.
  const isCodeHere =
    now !== null ||
    moved !== undefined ||
    (missing.size > 0 && (await readArchives(ctx.repo, 'code')).of(ref).length > 0);
  for (const commit of missing) {
    const { seq, where, byte } = commits.get(commit)!;
    const detail = `commit ${commit.slice(0, 12)} of event ${seq} is not here`;
    problems.push({ kind: 'commit', log, writer, seq, where, byte, detail, isDamage: isCodeHere });
  }
  return problems;
};

interface Replayed {
  problems: Problem[];
  session: Session | undefined;
}

/** The state at the end of the log; a log of one writer was replayed while it was looked at. */
const checkReplay = async (ctx: Context, log: LogName, told: Replay | undefined): Promise<Replayed> => {
  const about = { kind: 'replay' as const, log, writer: null, seq: null, where: log, byte: null, isDamage: true };
  const [folded] = told ? [] : await ctx.store.foldMany([log], undefined, replayStep);
  const session = (told ?? folded?.state)?.session;
  if (folded?.damaged) return { problems: [{ ...about, detail: folded.damaged.message }], session: undefined };
  const count = session?.malformedEvents ?? 0;
  const problems = count === 0 ? [] : [{ ...about, detail: `${count} events could not be replayed` }];
  return { problems, session };
};

/** What one log says that notes have to agree with. */
interface Told {
  lanes: LaneVerdict[];
  /** Commit to the events that its note should tell of. */
  expected: Map<string, LogEvent[]>;
}

const verifyLog = async (
  ctx: Context,
  log: LogName,
  tips: Map<string, string>,
): Promise<{ verdict: LogVerdict; told: Told }> => {
  const writers = new Set([
    ...tips.keys(),
    ...listWal(ctx.repo)
      .filter((file) => file.log === log)
      .map(({ writer }) => writer),
  ]);
  const left = [...readTips(ctx.repo, ctx.store.writer).keys()].some(
    (ref) => ref === `refs/amp/${log}/${ctx.store.writer}`,
  );
  if (left) writers.add(ctx.store.writer);
  const lanes: LaneVerdict[] = [];
  const problems: Problem[] = [];
  const alone = writers.size === 1 ? new Replay() : undefined;
  const onEvent = alone && ((event: LogEvent) => alone.add(upcast(event)));
  for (const writer of [...writers].sort()) {
    const lane = { repo: ctx.repo, log, writer, tip: tips.get(writer) ?? null };
    const verdict = await verifyLane(lane, { writer: ctx.store.writer, definitionOf, ...(onEvent && { onEvent }) });
    lanes.push(verdict);
    problems.push(...verdict.problems, ...(await checkCommits(ctx, log, verdict)));
  }
  // What is damaged is said once, at its place.
  const replayed = problems.some(({ isDamage }) => isDamage) ? undefined : await checkReplay(ctx, log, alone);
  problems.push(...(replayed?.problems ?? []));
  const events = lanes.reduce((sum, lane) => sum + lane.events, 0);
  const expected = replayed?.session
    ? expectedNotes(
        replayed.session,
        lanes.flatMap(({ told }) => told),
      )
    : new Map();
  const notInGit = lanes.reduce((sum, lane) => sum + lane.notInGit, 0);
  const verdict = { log, session: logId(log), writers: [...writers], events, notInGit, problems };
  return { verdict, told: { lanes, expected } };
};

const factsOf = (logs: Map<string, Told>): NoteFacts => {
  const laneOf = (log: string, writer: string) => logs.get(log)?.lanes.find((lane) => lane.writer === writer);
  const events = new Map<string, LogEvent>();
  for (const { lanes } of logs.values())
    for (const event of lanes.flatMap(({ told }) => told))
      events.set(`${event.log} ${event.writer} ${event.seq}`, event);
  return {
    linkOf: (log, writer, seq) => (logs.has(log) ? laneOf(log, writer)?.links.get(seq) : null),
    eventOf: (log, writer, seq) => events.get(`${log} ${writer} ${seq}`),
    expected: new Map([...logs.values()].flatMap(({ expected }) => [...expected])),
  };
};

/** What `verify` found, and what it learned of the notes on the way. */
export const examine = async (ctx: Context, session?: string): Promise<{ found: Verification; facts: NoteFacts }> => {
  const logs: LogVerdict[] = [];
  const told = new Map<string, Told>();
  const closings: Closings[] = [];
  const { isForgotten } = await readTombstones(ctx.repo);
  for (const { log, tips } of await ctx.store.logs(session === undefined ? undefined : [sessionLog(session)])) {
    if (log.startsWith('sessions/') && isForgotten(logId(log))) continue;
    const one = await verifyLog(ctx, log, tips);
    logs.push(one.verdict);
    closings.push({ log, lanes: one.told.lanes });
    // What is wrong with a log itself is said there: its notes are not held against it.
    if (!one.verdict.problems.some(({ isDamage }) => isDamage)) told.set(log, one.told);
  }
  const { signatures, problems: bad } = await checkSignatures(ctx, closings);
  for (const log of logs) log.problems.push(...(bad.get(log.log as LogName) ?? []));
  const facts = factsOf(told);
  const problems = await checkNotes(ctx.repo, facts);
  if (session === undefined) problems.push(...(await checkArchives(ctx.repo, ctx.store.writer)));
  if (session === undefined) problems.push(...(await checkTombstones(ctx.repo)));
  const events = logs.reduce((sum, log) => sum + log.events, 0);
  const isDamaged = [...problems, ...logs.flatMap((log) => log.problems)].some(({ isDamage }) => isDamage);
  return { found: { ok: !isDamaged, logs, problems, events, signatures }, facts };
};

/**
 * Looks at every line of one session's log, or of all: chains, numbers, shapes, replay, named commits, long texts, notes, and
 * the write-ahead file against git. Nothing is changed.
 */
export const verify = async (ctx: Context, session?: string): Promise<Verification> =>
  (await examine(ctx, session)).found;

/** The error for a history that is not as it was written; the answer stands beside it. */
export const damageError = (found: Verification): AppError => {
  const damage = [...found.logs.flatMap(({ problems }) => problems), ...found.problems].filter(
    ({ isDamage }) => isDamage,
  );
  const [first] = damage;
  const at = [
    first?.log && `${first.log}`,
    first?.seq && `event ${first.seq}`,
    first?.byte !== null && `byte ${first?.byte} of ${first?.where}`,
  ];
  const place = at.filter(Boolean).join(', ') || first?.where;
  const more = damage.length > 1 ? `, and ${damage.length - 1} more` : '';
  return new AppError('log.damaged', `The history is damaged: ${first?.detail} (${place})${more}.`, {
    hint: 'Other sessions stay usable. Take what is missing from another clone: `amp-sessions verify --repair`, or with `--from <remote, path or url>`.',
    answer: { ...found },
  });
};
