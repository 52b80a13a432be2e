import { AppError } from '../errors.ts';
import { definitionOf } from '../events/catalogue.ts';
import { type LogName, logId, sessionLog } from '../events/envelope.ts';
import { readRef } from '../git/refs.ts';
import { replayStep } from '../session/evolve.ts';
import { codeRef } from '../store/layout.ts';
import { checkNotes } from '../store/verify/check-notes.ts';
import { missingObjects } from '../store/verify/lane-history.ts';
import type { Problem } from '../store/verify/problem.ts';
import { type LaneVerdict, verifyLane } from '../store/verify/verify-log.ts';
import { listWal } from '../store/wal/wal-files.ts';
import type { Context } from './context.ts';

export type { Problem } from '../store/verify/problem.ts';

/** What `verify` found out about one log. */
export interface LogVerdict {
  log: string;
  session: string;
  writers: string[];
  events: number;
  problems: Problem[];
}

export interface Verification {
  ok: boolean;
  logs: LogVerdict[];
  /** Of the notes, which belong to no log alone. */
  problems: Problem[];
  events: number;
}

/** Commits that events name must be there, where their writer's code is here at all. */
const checkCommits = async (ctx: Context, log: LogName, { writer, commits }: LaneVerdict): Promise<Problem[]> => {
  const missing = await missingObjects(ctx.repo, [...commits.keys()]);
  if (missing.size === 0) return [];
  // A history fetched without its code names commits that were never here.
  const isCodeHere = (await readRef(ctx.repo, codeRef(logId(log), writer))) !== undefined;
  return [...missing].map((commit) => {
    const { seq, where, byte } = commits.get(commit)!;
    const detail = `commit ${commit.slice(0, 12)} of event ${seq} is not here`;
    return { kind: 'commit', log, writer, seq, where, byte, detail, isDamage: isCodeHere };
  });
};

const checkReplay = async (ctx: Context, log: LogName): Promise<Problem[]> => {
  const about = { kind: 'replay' as const, log, writer: null, seq: null, where: log, byte: null, isDamage: true };
  const [folded] = await ctx.store.foldMany([log], undefined, replayStep);
  if (folded?.damaged) return [{ ...about, detail: folded.damaged.message }];
  const count = folded?.state?.session.malformedEvents ?? 0;
  return count === 0 ? [] : [{ ...about, detail: `${count} events could not be replayed` }];
};

type Link = { log: string; lanes: LaneVerdict[] };

const verifyLog = async (
  ctx: Context,
  log: LogName,
  tips: Map<string, string>,
): Promise<{ verdict: LogVerdict; link: Link }> => {
  const writers = new Set([
    ...tips.keys(),
    ...listWal(ctx.repo)
      .filter((file) => file.log === log)
      .map(({ writer }) => writer),
  ]);
  const lanes: LaneVerdict[] = [];
  const problems: Problem[] = [];
  for (const writer of [...writers].sort()) {
    const lane = { repo: ctx.repo, log, writer, tip: tips.get(writer) ?? null };
    const verdict = await verifyLane(lane, { writer: ctx.store.writer, definitionOf });
    lanes.push(verdict);
    problems.push(...verdict.problems, ...(await checkCommits(ctx, log, verdict)));
  }
  // What is damaged is said once, at its place.
  if (!problems.some(({ isDamage }) => isDamage)) problems.push(...(await checkReplay(ctx, log)));
  const events = lanes.reduce((sum, lane) => sum + lane.events, 0);
  return { verdict: { log, session: logId(log), writers: [...writers], events, problems }, link: { log, lanes } };
};

/**
 * Looks at every line of one session's log, or of all: chains, numbers, shapes, replay, named commits, long texts, notes, and
 * the write-ahead file against git. Nothing is changed.
 */
export const verify = async (ctx: Context, session?: string): Promise<Verification> => {
  const logs: LogVerdict[] = [];
  const links = new Map<string, Link>();
  for (const { log, tips } of await ctx.store.logs(session === undefined ? undefined : [sessionLog(session)])) {
    const { verdict, link } = await verifyLog(ctx, log, tips);
    logs.push(verdict);
    links.set(log, link);
  }
  const problems = await checkNotes(ctx.repo, (log, writer, seq) => {
    const lanes = links.get(log)?.lanes;
    return lanes === undefined ? null : lanes.find((lane) => lane.writer === writer)?.links.get(seq);
  });
  const events = logs.reduce((sum, log) => sum + log.events, 0);
  const isDamaged = [...problems, ...logs.flatMap((log) => log.problems)].some(({ isDamage }) => isDamage);
  return { ok: !isDamaged, logs, problems, events };
};

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
    hint: 'Other sessions stay usable. What is missing can be fetched from another clone: `git fetch <clone> "refs/amp/*:refs/amp/*"`.',
    answer: { ...found },
  });
};
