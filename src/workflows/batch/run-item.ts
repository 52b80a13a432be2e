import { addSpend, countedTokens, limitText, NOTHING_SPENT } from '../../batch/budget.ts';
import { type AttemptEnd, type BatchItem, itemOf } from '../../batch/state.ts';
import { diskError, isAppError } from '../../errors.ts';
import type { EventData, LogEvent } from '../../events/catalogue.ts';
import { isPayloadReference } from '../../events/long-text.ts';
import { openIteration } from '../../session/conclusions.ts';
import type { Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { forgetBeat } from '../heartbeat.ts';
import { InterruptSwitch } from '../interrupts.ts';
import { type IterateStep, iterate } from '../iterate.ts';
import { withJournal } from '../journal.ts';
import { newSession } from '../new-session.ts';
import { reconcile } from '../reconcile.ts';
import { readSession } from '../summaries.ts';
import { ensureWorktree } from '../worktree.ts';
import { endOfDead, endOfError, endOfResult, type StopReason } from './attempt-end.ts';
import { batchLog } from './home.ts';
import type { Claim } from './item-source.ts';
import { mergeItem } from './merge-item.ts';
import { labelOf, recordEnd } from './record-end.ts';
import type { Running, RunState } from './run-state.ts';

/** Nothing that an item did, and nothing that the next one would be spared. */
const FATAL = ['store.full', 'store.readonly', 'store.io'] as const;

const isFatal = (error: unknown): boolean => FATAL.some((code) => isAppError(error, code));

/** What ends the run; a disk is full for all, while rights may be those of one repository. */
const fatalOf = (error: unknown): unknown => {
  const disk = diskError(error);
  return disk?.code === 'store.full' ? disk : isFatal(error) ? error : undefined;
};

const promptOf = async (run: RunState, { plan: { prompt } }: BatchItem): Promise<string> =>
  isPayloadReference(prompt)
    ? (await run.home.store.payload(batchLog(run.journal.id), prompt.payload.sha256)).toString('utf8')
    : prompt;

const STEPS: Record<IterateStep['step'], string> = {
  prepare: 'preparing',
  'base-tests': 'testing the base',
  agent: 'agent',
  commit: 'committing',
  tests: 'testing',
};

/** Adds up what an attempt tells while it runs. */
const meter = (run: RunState, running: Running): ((event: LogEvent) => void) => {
  let spend = NOTHING_SPENT;
  return ({ type, data }) => {
    if (type === 'iteration.started') run.atWork(running, true);
    // What an iteration cost is told when its agent has come to its end.
    if (type === 'cost.reported' || type === 'agent.finished') run.atWork(running, false);
    if (type === 'usage.reported')
      spend = addSpend(spend, { ...NOTHING_SPENT, tokens: countedTokens(data as EventData<'usage.reported'>) });
    else if (type === 'cost.reported')
      spend = addSpend(spend, { ...NOTHING_SPENT, usd: (data as EventData<'cost.reported'>).costUsd });
    else return;
    run.spent(running, spend);
  };
};

interface Work {
  run: RunState;
  claim: Claim;
  item: BatchItem;
  running: Running;
  show(text: string): void;
}

const openFor = (run: RunState, item: BatchItem): Promise<Context> => {
  const open = run.options.hooks?.open;
  if (open) return open(item);
  return run.repositories.open(item.attempts.at(-1)!.repository);
};

/** A session's name tells of the attempts before it. */
const nameFor = ({ plan }: BatchItem, attempt: number): string =>
  attempt === 1 ? plan.name : `${plan.name} (attempt ${attempt})`;

const work = async (ctx: Context, { run, claim, item, running, show }: Work): Promise<AttemptEnd> => {
  const { plan } = item;
  const { hooks } = run.options;
  const began = run.home.clock.elapsed();
  const name = nameFor(item, claim.attempt);
  const prompt = hooks?.prompt?.(item) ?? (await promptOf(run, item));
  const adapter = hooks?.agent?.(item, ctx);
  const { interrupts } = running;
  await run.repositories.making(ctx, () =>
    newSession(ctx, {
      name,
      prompt,
      base: plan.base,
      agent: plan.agent,
      test: plan.test,
      setup: plan.setup,
      id: claim.session,
      batch: { id: run.journal.id, item: claim.item, attempt: claim.attempt },
      interrupts,
      onStep: show,
    }),
  );
  const result = await iterate(ctx, {
    id: claim.session,
    name,
    prompt: null,
    timeoutSec: plan.timeoutSec,
    untilPass: plan.untilPass && plan.test !== null,
    maxIterations: plan.maxIterations,
    interrupts,
    ...(adapter && { adapter }),
    onEvent: meter(run, running),
    onStep: (step) => show(step.step === 'agent' ? `${step.agent}, iteration ${step.iteration}` : STEPS[step.step]),
  });
  return endOfResult(result, { stop: running.stop, durationMs: run.home.clock.elapsed() - began });
};

const known = async (ctx: Context | undefined, session: string): Promise<Session | undefined> => {
  const found = ctx && (await readSession(ctx, session).catch(() => undefined));
  return found?.exists ? found : undefined;
};

/** The end of an attempt, whatever comes. @throws what has to do with no item, such as a full disk */
const attemptEnd = async (job: Work, opened: Promise<Context>): Promise<AttemptEnd> => {
  const { run, claim, running } = job;
  const began = run.home.clock.elapsed();
  let ctx: Context | undefined;
  try {
    ctx = await opened;
    return await work({ ...ctx, warn: (text) => run.say(`${labelOf(job.item)}: ${text}`) }, job);
  } catch (error) {
    const fatal = fatalOf(error);
    if (fatal !== undefined) throw fatal;
    const session = await known(ctx, claim.session);
    return endOfError(error, { stop: running.stop, durationMs: run.home.clock.elapsed() - began, session });
  }
};

/** Told to end after so long: the item's own clock, over all its attempts. */
const watchClock = (run: RunState, running: Running, item: BatchItem): (() => void) => {
  const seconds = item.plan.budget?.wallClockSec;
  if (seconds === undefined) return () => {};
  const used = item.attempts.slice(item.since).reduce((sum, { end }) => sum + (end?.durationMs ?? 0), 0);
  const reason: StopReason = {
    code: 'budget.exceeded',
    message: `It has used up its budget of ${limitText({ wallClockSec: seconds }, 'wallClockSec')}.`,
  };
  const timer = setTimeout(() => run.stopOne(running, reason), Math.max(0, seconds * 1000 - used));
  return () => clearTimeout(timer);
};

/** Tells a benchmark, before the end is on record. What goes wrong there is no fault of the attempt. */
const tellHooks = async (
  run: RunState,
  claim: Claim,
  item: BatchItem,
  what: { ctx: Context | undefined; end: AttemptEnd },
): Promise<void> => {
  const { after } = run.options.hooks ?? {};
  if (!after || !what.ctx || what.end.state === 'cancelled') return;
  const found = await known(what.ctx, claim.session);
  try {
    await after(item, claim.attempt, {
      ctx: what.ctx,
      session: claim.session,
      found,
      state: what.end.state,
      record: async (drafts) => void (await run.journal.turn((turn) => turn.record(drafts))),
    });
  } catch (error) {
    const fatal = fatalOf(error);
    if (fatal !== undefined) throw fatal;
    run.say(`${labelOf(item)}: ${error instanceof Error ? error.message : String(error)}`);
  }
};

const merge = async (run: RunState, claim: Claim, item: BatchItem): Promise<void> => {
  const ctx = await openFor(run, item);
  const draft = await mergeItem(
    { ...ctx, warn: (text) => run.say(`${labelOf(item)}: ${text}`) },
    claim.item,
    claim.session,
  );
  await run.journal.turn((turn) => turn.record([draft]));
  if (draft.type === 'batch-item.merged') run.say(`✓ ${labelOf(item)} merged as ${draft.data.commit.slice(0, 8)}`);
  if (draft.type === 'batch-merge.refused') run.say(`! ${labelOf(item)} not merged: ${draft.data.message}`);
};

const runAttempt = async (run: RunState, claim: Claim, show: (text: string) => void): Promise<void> => {
  const item = itemOf(run.batch, claim.item)!;
  const running: Running = {
    item: claim.item,
    interrupts: new InterruptSwitch(),
    stop: null,
    spend: NOTHING_SPENT,
    isAtWork: false,
    noMore: null,
  };
  run.running.set(claim.item, running);
  const stopWatching = watchClock(run, running, item);
  const opened = openFor(run, item);
  opened.catch(() => {});
  let end: AttemptEnd;
  try {
    if (run.stopping === 'now' || run.overBudget !== null) run.stopLate(running);
    end = await attemptEnd({ run, claim, item, running, show: (text) => show(`${labelOf(item)}: ${text}`) }, opened);
    await tellHooks(run, claim, item, { ctx: await opened.catch(() => undefined), end });
  } finally {
    stopWatching();
    // From here on what it used is on record, or never will be.
    run.running.delete(claim.item);
  }
  const after = await recordEnd(run, claim, end);
  if (after.state === 'passed' && after.plan.mergeOnPass) {
    show(`${labelOf(item)}: merging`);
    await merge(run, claim, after);
  }
};

/**
 * Puts in order what a dead process left of a session, as the next verb would: its lock, its write-ahead file, an
 * iteration without an end, whatever of the agent still runs.
 */
const settleSession = async (ctx: Context, session: string): Promise<Session | undefined> => {
  await withJournal(ctx, { id: session, name: session, command: 'batch' }, async (journal) => {
    if (openIteration(journal.session)) await reconcile(ctx, journal, await ensureWorktree(ctx, journal));
    // It may have said that it lives before its iteration began, and nobody goes on with it.
    else forgetBeat(ctx, session);
  });
  return known(ctx, session);
};

/** An attempt whose process died: what its session says is its end, or that nobody knows. */
const examine = async (run: RunState, claim: Claim): Promise<void> => {
  const item = itemOf(run.batch, claim.item)!;
  let ctx: Context | undefined;
  let end: AttemptEnd;
  try {
    ctx = await openFor(run, item);
    const quiet = { ...ctx, warn: (text: string) => run.say(`${labelOf(item)}: ${text}`) };
    end = endOfDead(await settleSession(quiet, claim.session), item.plan);
  } catch (error) {
    const fatal = fatalOf(error);
    if (fatal !== undefined) throw fatal;
    const reason = error instanceof Error ? error.message : String(error);
    end = endOfDead(undefined, item.plan);
    end.cause = {
      code: end.cause!.code,
      message: `Its process died, and its session cannot be put in order: ${reason}`,
    };
  }
  await tellHooks(run, claim, item, { ctx, end });
  const after = await recordEnd(run, claim, end);
  if (after.state === 'passed' && after.plan.mergeOnPass) await merge(run, claim, after);
};

/** Does what was claimed, and has it on record when it returns. */
export const doClaim = async (run: RunState, claim: Claim, show: (text: string) => void): Promise<void> => {
  const item = itemOf(run.batch, claim.item)!;
  show(
    `${labelOf(item)}: ${claim.kind === 'run' ? 'starting' : claim.kind === 'merge' ? 'merging' : 'looking what became of it'}`,
  );
  if (claim.kind === 'run') await runAttempt(run, claim, show);
  else if (claim.kind === 'examine') await examine(run, claim);
  else await merge(run, claim, item);
};
