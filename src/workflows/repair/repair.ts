import { AppError, isAppError } from '../../errors.ts';
import { type LogName, logId } from '../../events/envelope.ts';
import { readRef } from '../../git/refs.ts';
import { acquireLock, LockHeld } from '../../process/lock.ts';
import { parseArchiveRef } from '../../store/archive/archive-refs.ts';
import { type Lane, laneRef, payloadDir } from '../../store/layout.ts';
import { applyLane } from '../../store/repair/apply-lane.ts';
import { type LanePlan, planLane } from '../../store/repair/plan-lane.ts';
import { SoundObjects } from '../../store/repair/sound-objects.ts';
import { readTombstones } from '../../store/tombstones.ts';
import { readPayloadPart } from '../../store/wal/payload-files.ts';
import type { Context } from '../context.ts';
import { lockPath } from '../journal.ts';
import { examine, type Problem, type Verification } from '../verify.ts';
import { dropDamagedCaches } from './caches.ts';
import { type Damage, inArchives, planArchive } from './repair-archive.ts';
import { applyKept, type CodeLane, type KeptPlan, planCode } from './repair-code.ts';
import { repairNotes } from './repair-notes.ts';
import { cloneSource, type OpenSource, quarantineSource, remotesToAsk, type Wanted } from './sources.ts';

/** Something that was put right. */
export interface Repaired {
  what: 'lines' | 'ref' | 'file' | 'long texts' | 'code' | 'archive' | 'notes' | 'cache';
  log: string;
  writer: string | null;
  /** First and last event that came back; null where it is not about events. */
  from: number | null;
  to: number | null;
  objects: number;
  /** Who had it. */
  source: string;
  /** Where the damaged things are kept now: files below the common git directory, and refs. */
  kept: string[];
}

/** Something that is still damaged, and why. */
export interface Unrepaired {
  log: string;
  seq: number | null;
  detail: string;
}

export interface RepairAnswer extends Verification {
  dryRun: boolean;
  repaired: Repaired[];
  unrepaired: Unrepaired[];
}

export interface RepairWish {
  session?: string | undefined;
  /** Remote, address or folder of another clone; without it all remotes. */
  from?: string | undefined;
  directory: string;
  dryRun: boolean;
  onStep(text: string): void;
}

/** What no line or object of another clone could put right. */
const NOT_OF_LANES = new Set(['commit', 'note', 'replay', 'signature']);

const isOfCode = ({ kind, where }: Problem): boolean => kind === 'commit' || where.startsWith('refs/amp/code/');

/** The lanes, code refs and archives that are damaged. */
const damageOf = (found: Verification): Damage => {
  const lanes = new Map<string, Lane>();
  const code = new Map<string, CodeLane>();
  for (const problem of found.logs.flatMap(({ problems }) => problems)) {
    const { log, writer, kind, isDamage } = problem;
    if (!isDamage || writer === null) continue;
    if (isOfCode(problem)) code.set(`${log} ${writer}`, { session: logId(log as LogName), writer });
    else if (!NOT_OF_LANES.has(kind)) lanes.set(`${log} ${writer}`, { log: log as LogName, writer });
  }
  const archives = found.problems.flatMap(({ where, isDamage }) => (isDamage && parseArchiveRef(where) ? [where] : []));
  return { lanes: [...lanes.values()], code: [...code.values()], archives: [...new Set(archives)] };
};

const sourcesOf = ({ regained, objects, payloads }: LanePlan): string => {
  const names = [
    ...regained.map(({ source }) => source),
    ...[...objects.values()].map(({ label }) => label),
    ...[...payloads.values()].map(({ source }) => source),
  ];
  return [...new Set(names.filter((name) => name !== null))].join(', ') || 'this clone';
};

const tellLane = (plan: LanePlan, kept: string[]): Repaired => {
  const { lane, regained, objects, payloads, now, tip } = plan;
  const moved = now !== tip ? 'ref' : 'file';
  const texts = payloads.size > 0 ? 'long texts' : moved;
  return {
    what: regained.length > 0 ? 'lines' : texts,
    ...lane,
    from: regained[0]?.seq ?? null,
    to: regained.at(-1)?.seq ?? null,
    objects: objects.size,
    source: sourcesOf(plan),
    kept,
  };
};

const tellKept = (plan: KeptPlan, about: Pick<Repaired, 'what' | 'log'>, kept: string[]): Repaired => ({
  ...about,
  writer: plan.writer,
  from: null,
  to: null,
  objects: plan.objects.size,
  source: [...new Set([...plan.objects.values()].map(({ label }) => label))].join(', ') || 'this clone',
  kept,
});

/** A session that somebody works on stays as it is, and one that was forgotten meanwhile stays forgotten. */
const locked = async (ctx: Context, log: LogName, work: () => Promise<void>): Promise<void> => {
  const lock = await acquireLock(lockPath(ctx, logId(log)), { command: 'verify --repair' }).catch((error) => {
    if (!(error instanceof LockHeld)) throw error;
    throw new AppError('session.busy', `Session ${logId(log)} is held by \`${error.holder.command}\`.`, {
      hint: `Wait for it, or end it with \`amp-sessions stop ${logId(log)}\`.`,
    });
  });
  try {
    if (!log.startsWith('sessions/') || !(await readTombstones(ctx.repo)).isForgotten(logId(log))) await work();
  } finally {
    lock.release();
  }
};

interface Round {
  repaired: Repaired[];
  unrepaired: Unrepaired[];
  /** Lanes and code that are planned for, or done. */
  done: Set<string>;
}

const repairLane = async (ctx: Context, lane: Lane, sources: OpenSource[], dryRun: boolean, round: Round) => {
  const ours = new SoundObjects(ctx.repo);
  const place = { repo: ctx.repo, clock: ctx.clock, writer: ctx.store.writer, ours };
  try {
    const now = (await readRef(ctx.repo, laneRef(lane))) ?? null;
    const isHere = (part: string): boolean => readPayloadPart(payloadDir(ctx.repo, lane), part) !== undefined;
    const answer = await planLane({ ...place, lane, now, sources }, isHere);
    if ('loss' in answer) round.unrepaired.push({ log: lane.log, seq: answer.loss.seq, detail: answer.loss.detail });
    else {
      round.repaired.push(tellLane(answer.plan, dryRun ? [] : await applyLane(place, answer.plan)));
      round.done.add(`${lane.log} ${lane.writer}`);
    }
  } finally {
    ours.close();
  }
};

const repairCode = async (ctx: Context, lane: CodeLane, sources: OpenSource[], dryRun: boolean, round: Round) => {
  const plan = await planCode(ctx, lane, sources);
  const log = `sessions/${lane.session}`;
  if (plan) {
    round.repaired.push(tellKept(plan, { what: 'code', log }, dryRun ? [] : await applyKept(ctx, plan)));
    round.done.add(`code ${log} ${lane.writer}`);
  } else round.unrepaired.push({ log, seq: null, detail: `nobody has all commits that ${log} keeps` });
};

const repairArchive = async (ctx: Context, ref: string, sources: OpenSource[], dryRun: boolean, round: Round) => {
  const plan = await planArchive(ctx, ref, sources);
  const log = ref.slice('refs/amp/'.length);
  if (plan) {
    round.repaired.push(tellKept(plan, { what: 'archive', log }, dryRun ? [] : await applyKept(ctx, plan)));
    round.done.add(ref);
  } else round.unrepaired.push({ log, seq: null, detail: `nobody has all that ${ref} was made of` });
};

const repairFrom = async (ctx: Context, damage: Damage, sources: OpenSource[], dryRun: boolean): Promise<Round> => {
  const round: Round = { repaired: [], unrepaired: [], done: new Set() };
  for (const lane of damage.lanes) await locked(ctx, lane.log, () => repairLane(ctx, lane, sources, dryRun, round));
  for (const lane of damage.code)
    await locked(ctx, `sessions/${lane.session}`, () => repairCode(ctx, lane, sources, dryRun, round));
  for (const ref of damage.archives) await repairArchive(ctx, ref, sources, dryRun, round);
  return round;
};

const openSources = async (ctx: Context, wish: RepairWish, wanted: Wanted): Promise<OpenSource[]> => {
  const sources: OpenSource[] = [];
  for (const remote of await remotesToAsk(ctx, wish.from, wish.directory)) {
    wish.onStep(`Looking at ${remote.label}`);
    try {
      sources.push(await cloneSource(ctx, remote, wanted));
    } catch (error) {
      if (!isAppError(error, 'remote.unreachable') || wish.from !== undefined) throw error;
      ctx.warn(`${remote.label} cannot be reached, so nothing was taken from there.`);
    }
  }
  return sources;
};

const without = ({ lanes, code, archives }: Damage, { done }: Round): Damage => ({
  archives: archives.filter((ref) => !done.has(ref)),
  lanes: lanes.filter(({ log, writer }) => !done.has(`${log} ${writer}`)),
  code: code.filter(({ session, writer }) => !done.has(`code sessions/${session} ${writer}`)),
});

const isNothing = ({ lanes, code, archives }: Damage): boolean => lanes.length + code.length + archives.length === 0;

/** First what is here, then other clones, and only as much of them as is needed. */
const repairAll = async (ctx: Context, found: Verification, wish: RepairWish): Promise<Round> => {
  const opened: OpenSource[] = [];
  try {
    const damage = await inArchives(ctx, damageOf(found));
    if (isNothing(damage)) return { repaired: [], unrepaired: [], done: new Set() };
    opened.push(await quarantineSource(ctx));
    const first = await repairFrom(ctx, damage, opened, wish.dryRun);
    const rest = without(damage, first);
    if (isNothing(rest)) return first;
    opened.push(...(await openSources(ctx, wish, { ...rest, notes: false })));
    const second = await repairFrom(ctx, rest, opened, wish.dryRun);
    return { ...second, repaired: [...first.repaired, ...second.repaired] };
  } finally {
    for (const source of opened) source.close();
  }
};

/**
 * Takes what is missing or damaged from what was set aside here and from other clones. Nothing is believed that ids
 * and hashes do not prove; nothing damaged is thrown away; what cannot be put right is named.
 * @throws AppError session.busy, remote.missing, remote.unreachable when a clone was named
 */
export const repair = async (ctx: Context, wish: RepairWish): Promise<RepairAnswer> => {
  const first = await examine(ctx, wish.session);
  const { repaired, unrepaired } = await repairAll(ctx, first.found, wish);
  const isChanged = repaired.length > 0 && !wish.dryRun;
  const { found, facts } = isChanged ? await examine(ctx, wish.session) : first;
  const notes = await repairNotes(ctx, facts, wish.dryRun);
  const caches = dropDamagedCaches(ctx.repo, wish.dryRun);
  const now = notes.length > 0 && !wish.dryRun ? (await examine(ctx, wish.session)).found : found;
  return { ...now, dryRun: wish.dryRun, repaired: [...repaired, ...notes, ...caches], unrepaired };
};
