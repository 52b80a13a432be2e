import { spendOfEnd } from '../../batch/budget.ts';
import { isAgentGone } from '../../batch/decide.ts';
import { idsInScope } from '../../batch/schedule.ts';
import { type AttemptEnd, type BatchItem, itemOf } from '../../batch/state.ts';
import type { EventData } from '../../events/catalogue.ts';
import { settleToday } from './day-budget.ts';
import type { Claim } from './item-source.ts';
import type { RunState } from './run-state.ts';

/** An item as part of a line. */
export const labelOf = ({ plan: { item, name } }: BatchItem): string => `${item} ${name}`;

/** How long an agent rests: doubled each time, and not the same for those that came together. */
const restUntil = (run: RunState): ((times: number) => string) => {
  const { firstMs, mostMs } = run.options.backOff ?? { firstMs: 30_000, mostMs: 900_000 };
  const { clock } = run.home;
  return (times) => {
    const longest = Math.min(mostMs, firstMs * 2 ** (times - 1));
    // An id is the one source of chance.
    const share = Number.parseInt(clock.newId().slice(1, 5), 36) / 36 ** 4;
    return new Date(Date.parse(clock.now()) + Math.round(longest * (0.75 + 0.25 * share))).toISOString();
  };
};

const secondsText = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Puts the end of an attempt on record, and what follows from it for others. */
export const recordEnd = async (run: RunState, claim: Claim, end: AttemptEnd): Promise<BatchItem> => {
  const pauseUntil = restUntil(run);
  const whole = { ...end, durationMs: Math.round(end.durationMs) };
  const events = await run.journal.turn(async (turn) => {
    const told = await turn.decide({
      do: 'finishAttempt',
      item: claim.item,
      session: claim.session,
      end: whole,
      pauseUntil,
    });
    const { agent } = itemOf(turn.batch, claim.item)!.plan;
    if (told.length > 0 && isAgentGone(turn.batch, agent, end)) {
      // An agent that is not logged in here may be on the machines that do the other parts.
      const only = idsInScope(turn.batch, run.scope);
      const rest = await turn.decide({ do: 'giveUp', state: 'error', cause: end.cause, agent: agent.name, only });
      const many = rest.length === 1 ? '1 more item' : `${rest.length} more items`;
      if (rest.length > 0)
        run.say(`! ${many} for the agent ${agent.name} will not be tried: ${end.cause?.message ?? ''}`);
    }
    return told;
  });
  const spend = spendOfEnd(end);
  if (events.length > 0) {
    settleToday(run.home, { session: claim.session, spend, durationMs: whole.durationMs });
    run.daySettled(spend, whole.durationMs);
  }
  const item = itemOf(run.batch, claim.item)!;
  const why = end.cause === null ? '' : `: ${end.cause.message}`;
  const again = item.state === 'queued' ? ', to be tried again' : '';
  const which = claim.attempt > 1 ? ` (attempt ${claim.attempt})` : '';
  const mark = item.state === 'queued' ? '!' : end.state === 'passed' ? '✓' : '✗';
  const word = end.state === 'timeout' ? 'time-out' : end.state;
  run.say(`${mark} ${labelOf(item)}${which} ${word}${again} (${secondsText(whole.durationMs)})${why}`);
  const pause = events.find(({ type }) => type === 'batch-agent.paused')?.data as
    | EventData<'batch-agent.paused'>
    | undefined;
  if (pause) run.say(`! The agent ${pause.agent} rests until ${pause.until} (${pause.reason}).`);
  return item;
};
