import { inScope } from '../../batch/schedule.ts';
import type { BatchItem } from '../../batch/state.ts';
import { AppError, inShell } from '../../errors.ts';
import type { EventData } from '../../events/catalogue.ts';
import type { Context, ContextOptions } from '../context.ts';
import { withContext } from '../context.ts';
import { openBatchHome, readBatch } from './home.ts';
import type { BatchResult } from './run.ts';
import { type BatchStatus, statusOfBatch } from './status.ts';
import type { BatchView } from './view.ts';

/** A context in which batches live, closed whatever happens. */
export const withBatchHome = <T>(options: ContextOptions, work: (home: Context) => Promise<T>): Promise<T> =>
  withContext(options, work, openBatchHome);

export interface Shard {
  /** From 1. */
  index: number;
  of: number;
}

/** `2/5`. @throws AppError `usage.invalid` */
export const parseShard = (given: string): Shard => {
  const [, index, of] = /^(\d{1,5})\/(\d{1,5})$/.exec(given) ?? [];
  const shard = { index: Number(index), of: Number(of) };
  if (index === undefined || shard.index < 1 || shard.index > shard.of)
    throw new AppError('usage.invalid', `“${given}” is no part of a batch.`, {
      hint: 'Write i/n, from 1: `--shard 1/4` is the first of four parts.',
    });
  return shard;
};

/** How a run ended, as `--json` has it. */
export interface BatchAnswer extends BatchStatus {
  outcome: BatchResult['outcome'];
}

const countOf = (items: BatchItem[], ...states: string[]): number =>
  items.filter(({ state }) => states.includes(state)).length;

const many = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/**
 * What a run whose items did not all pass ends with: interrupted, a budget, errors and time-outs, failed tests; the
 * first of these that is true.
 */
const failureOf = (
  { id, outcome, budget }: BatchResult,
  items: BatchItem[],
  answer: BatchAnswer,
): AppError | undefined => {
  const of = many(items.length, 'item');
  const extras = (hint: string) => ({ hint, answer: { ...answer } });
  const name = inShell(id);
  const goOn = `Go on with \`amp-sessions batch resume ${name}\`.`;
  const again = `\`amp-sessions batch status ${name}\` says why; \`amp-sessions batch retry ${name} --failed\` tries again.`;
  if (outcome === 'drained' || outcome === 'stopped') {
    const left = countOf(items, 'queued', 'running');
    return new AppError('interrupted', `Stopped: ${left} of ${of} are left.`, extras(goOn));
  }
  const overBudget = countOf(items, 'budget');
  if (outcome === 'budget' || overBudget > 0) {
    // What the batch's own budget ended never began; tried again it would end at once.
    const isWhole = outcome === 'budget' || items.some((item) => item.state === 'budget' && item.attempts.length === 0);
    const anew = `\`amp-sessions batch status ${name}\` says what is left. The batch keeps its budget: do that in another one, with a runId of its own.`;
    const hint = countOf(items, 'queued') > 0 ? goOn : isWhole ? anew : again;
    return new AppError('budget.exceeded', budget ?? `A budget ended ${overBudget} of ${of}.`, extras(hint));
  }
  const broken = countOf(items, 'error', 'timeout');
  if (broken > 0)
    return new AppError('agent.failed', `${broken} of ${of} ended in an error or time-out.`, extras(again));
  const failed = countOf(items, 'failed');
  if (failed > 0) return new AppError('tests.failed', `The tests of ${failed} of ${of} failed.`, extras(again));
  const cancelled = countOf(items, 'cancelled');
  return cancelled > 0
    ? new AppError('interrupted', `${cancelled} of ${of} were cancelled.`, extras(again))
    : undefined;
};

/** A view that notes the items which a run begins. */
export const noting = (view: BatchView, items: string[]): BatchView => ({
  ...view,
  event: (event, batch) => {
    if (event.type === 'batch-attempt.started') items.push((event.data as EventData<'batch-attempt.started'>).item);
    view.event?.(event, batch);
  },
});

/** What a run came to: the answer, and the error it ends with unless every item of its part passed. */
export const answerOf = async (
  home: Context,
  result: BatchResult,
  scope: { shard?: Shard; items?: string[] } = {},
): Promise<{ answer: BatchAnswer; failure: AppError | undefined }> => {
  const batch = await readBatch(home, result.id);
  const only = { ...(scope.shard && { shard: scope.shard }), ...(scope.items && { items: new Set(scope.items) }) };
  const answer = { ...statusOfBatch(home, batch), outcome: result.outcome };
  return { answer, failure: failureOf(result, inScope(batch, only), answer) };
};
