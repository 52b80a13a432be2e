import { type Counts, countsOf } from '../../batch/conclusions.ts';
import { replay } from '../../batch/evolve.ts';
import type { Batch, BatchItem } from '../../batch/state.ts';
import type { LogEvent } from '../../events/catalogue.ts';
import { type LogName, logId } from '../../events/envelope.ts';
import {
  asCount,
  asData,
  asDuration,
  asFlag,
  asInteger,
  asMicros,
  asNumber,
  asText,
  asTime,
  asWhole,
  type Data,
  type Micros,
  money,
  plus,
  plusMoney,
} from './read.ts';
import type { Row } from './table.ts';

/** What some attempts came to; null where nobody told. */
interface Sum {
  input: number | null;
  output: number | null;
  cacheRead: number | null;
  cacheWrite: number | null;
  cost: Micros | null;
  isLowerBound: boolean;
  durationMs: number | null;
}

const NOTHING: Sum = {
  input: null,
  output: null,
  cacheRead: null,
  cacheWrite: null,
  cost: null,
  isLowerBound: false,
  durationMs: null,
};

const endsOf = ({ attempts }: BatchItem): Data[] => attempts.flatMap(({ end }) => (end === null ? [] : [asData(end)]));

const sumOf = (ends: readonly Data[]): Sum =>
  ends.reduce<Sum>((sum, end) => {
    const usage = asData(end['usage']);
    const cost = asMicros(end['costUsd']);
    const used = [usage['tokensInput'], usage['tokensOutput'], usage['tokensCacheRead'], usage['tokensCacheWrite']];
    const [input, output, cacheRead, cacheWrite] = used.map(asCount) as [number | null, ...(number | null)[]];
    return {
      input: plus(sum.input, input),
      output: plus(sum.output, output!),
      cacheRead: plus(sum.cacheRead, cacheRead!),
      cacheWrite: plus(sum.cacheWrite, cacheWrite!),
      cost: plusMoney(sum.cost, cost),
      isLowerBound: sum.isLowerBound || (cost === null && used.some((count) => (asCount(count) ?? 0) > 0)),
      durationMs: plusTime(sum.durationMs, asDuration(end['durationMs'])),
    };
  }, NOTHING);

const plusTime = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : a + b);

const costColumns = (sum: Sum) => ({
  tokens_input: sum.input,
  tokens_output: sum.output,
  tokens_cache_read: sum.cacheRead,
  tokens_cache_write: sum.cacheWrite,
  cost_usd: money(sum.cost),
  cost_is_lower_bound: sum.isLowerBound,
});

const itemRow = (id: string, item: BatchItem): Row => {
  const { plan, state, cause, attempts, merged, mergeRefused, graded, finishedAt } = item;
  const last = attempts.at(-1);
  const end = asData(last?.end);
  const agent = asData(plan.agent);
  const sum = sumOf(endsOf(item));
  const prompt = asText(plan.prompt) ?? asText(asData(plan.prompt)['head']);
  return {
    repo: null,
    session: asText(last?.session),
    batch: id,
    item: asText(plan.item),
    name: asText(plan.name),
    repository: asText(last?.repository ?? plan.repo),
    prompt,
    base: asText(plan.base),
    agent: asText(agent['name']),
    mode: asText(agent['mode']),
    test: asText(plan.test),
    labels: plan.labels === undefined ? null : JSON.stringify(plan.labels),
    state,
    cause: asText(asData(cause)['code']),
    cause_message: asText(asData(cause)['message']),
    attempts: attempts.length,
    started_at: asTime(last?.startedAt),
    finished_at: asTime(finishedAt),
    duration_ms: sum.durationMs,
    ...costColumns(sum),
    commit: asText(end['commit']),
    verdict: asText(end['verdict']),
    merged_commit: asText(asData(merged)['commit']),
    merge_refused: asText(asData(mergeRefused)['code']),
    resolved: asFlag(asData(graded)['resolved']),
  };
};

const batchRow = (id: string, batch: Batch): Row => {
  const { options, items, createdAt, lastActivityAt, finishedAt } = batch;
  const counts: Counts = countsOf(batch);
  const budget = asData(options.budget);
  const sum = sumOf(items.flatMap(endsOf));
  return {
    repo: null,
    batch: id,
    name: asText(options.name),
    kind: asText(options.kind),
    file: asText(options.file),
    sha256: asText(options.sha256),
    concurrency: asInteger(options.concurrency),
    budget_usd: asNumber(budget['usd']),
    budget_tokens: asWhole(budget['tokens']),
    budget_sec: asNumber(budget['wallClockSec']),
    created_at: asTime(createdAt),
    last_activity_at: asTime(lastActivityAt),
    finished_at: asTime(finishedAt),
    items: items.length,
    queued: counts.queued,
    running: counts.running,
    passed: counts.passed,
    failed: counts.failed,
    errors: counts.error,
    timeouts: counts.timeout,
    over_budget: counts.budget,
    cancelled: counts.cancelled,
    attempts: items.reduce((count, { attempts }) => count + attempts.length, 0),
    ...costColumns(sum),
  };
};

/** The rows that the log of a batch gives, by table. Total: what a log says wrongly is null, or counted nowhere. */
export const rowsOfBatch = (log: LogName, events: readonly LogEvent[]): { batches: Row[]; batch_items: Row[] } => {
  const id = logId(log);
  const batch = replay(events);
  if (!batch.exists) return { batches: [], batch_items: [] };
  return { batches: [batchRow(id, batch)], batch_items: batch.items.map((item) => itemRow(id, item)) };
};
