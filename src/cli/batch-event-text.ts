import type { ChalkInstance } from 'chalk';
import type { BatchEventType } from '../events/batch-events.ts';
import type { KnownEvent } from '../events/catalogue.ts';
import { shownText } from '../events/long-text.ts';
import { formatCount, formatDuration, formatMoney } from './format.ts';

type Texts = {
  [Type in BatchEventType]: (data: Extract<KnownEvent, { type: Type }>['data'], color: ChalkInstance) => string;
};

const STOPPED = {
  drained: 'stopped after what was running had ended',
  now: 'stopped at once',
  budget: 'stopped: a budget is used up',
};

const judged = (resolved: boolean | null): string =>
  resolved === null ? 'could not be judged' : resolved ? 'resolved' : 'not resolved';

/** The lines of `event-text.ts` for batches. */
export const batchTexts = (inline: (text: string) => string): Texts => {
  const why = (cause: { code: string; message: string } | null): string =>
    cause === null ? '' : ` (${inline(cause.code)}: ${inline(cause.message)})`;
  return {
    'batch.created': (d) => `batch ${inline(d.options.name)}, ${d.options.concurrency} at once`,
    'batch-item.planned': (d) => `item ${inline(d.item)} ${inline(d.name)}: ${inline(shownText(d.prompt))}`,
    'batch.started': (d) =>
      `${d.reason === 'worker' ? 'a worker began' : `begun (${d.reason})`} on ${inline(d.host)}, process ${d.pid}${d.shard ? `, shard ${d.shard.index}/${d.shard.of}` : ''}`,
    'batch-attempt.started': (d) => `item ${inline(d.item)}, attempt ${d.attempt}: session ${inline(d.session)}`,
    'batch-attempt.finished': (d, c) =>
      `${d.state === 'passed' ? c.green('✓') : c.yellow('●')} item ${inline(d.item)}, attempt ${d.attempt} ${d.state}${why(d.cause)}, ${formatDuration(d.durationMs)}${d.costUsd === null ? '' : `, ${formatMoney(d.costUsd)}`}`,
    'batch-item.finished': (d, c) =>
      `${d.state === 'passed' ? c.green('✓') : c.red('✗')} ${c.bold(`item ${inline(d.item)}`)} ${d.state}${why(d.cause)}`,
    'batch-item.requeued': (d) => `item ${inline(d.item)} queued again`,
    'batch-item.merged': (d, c) => `${c.green('✓')} item ${inline(d.item)} merged: ${d.commit.slice(0, 8)}`,
    'batch-merge.refused': (d, c) =>
      `${c.yellow('!')} item ${inline(d.item)} not merged (${inline(d.code)}: ${inline(d.message)})`,
    'batch-agent.paused': (d, c) => c.yellow(`agent ${inline(d.agent)} rests until ${inline(d.until)} (${d.reason})`),
    'batch-case.answered': (d) =>
      `item ${inline(d.item)}, attempt ${d.attempt}: a patch of ${formatCount(d.bytes, 'byte')}${d.patch === null ? ', too large to be kept' : ''}`,
    'batch-case.graded': (d) =>
      `item ${inline(d.item)} ${judged(d.resolved)}: ${d.failToPass.passed} of ${d.failToPass.total} fixed, ${d.passToPass.passed} of ${d.passToPass.total} kept${d.reason === null ? '' : ` (${inline(d.reason)})`}`,
    'batch.stopped': (d) => STOPPED[d.how],
    'batch.finished': (d, c) => {
      const parts = Object.entries(d.counts).filter(([, count]) => count > 0);
      const all = parts.reduce((sum, [, count]) => sum + count, 0);
      return `${c.bold('finished')}: ${formatCount(all, 'item')}, ${parts.map(([state, count]) => `${count} ${inline(state)}`).join(', ')}`;
    },
  };
};
