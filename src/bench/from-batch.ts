import { isUnpriced } from '../batch/budget.ts';
import { attemptsNow, type Batch, type BatchItem } from '../batch/state.ts';
import { outcomeOf } from './outcome.ts';
import { type Contender, type Results, type Run, resultsOf } from './results.ts';

/** What a run is told by instead of a reason where nothing was graded, as no success command is known. */
export const UNGRADED = 'ungraded';

const contenderOf = ({ plan: { agent, labels } }: BatchItem): Contender => ({
  name: labels?.['agent'] ?? agent.name,
  agent: agent.command === undefined ? agent.name : `${agent.name}:${agent.command}`,
  model: agent.mode,
});

/** Adds up; null where one of them is not known. */
const whole = (values: (number | null)[]): number | null =>
  values.length === 0 || values.includes(null) ? null : values.reduce<number>((sum, value) => sum + value!, 0);

const runOf = (item: BatchItem): Run => {
  const { plan, state, cause, graded } = item;
  const attempts = attemptsNow(item);
  const last = attempts.at(-1);
  const ends = attempts.flatMap(({ end }) => end ?? []);
  // A grade of an attempt before this one says nothing about it.
  const grade = graded !== null && graded.session === last?.session ? graded : null;
  // What never came to a model cost nothing, but of an agent that tells of none nobody knows.
  const costs = ends.map(({ costUsd, usage }) => {
    const isUnused = usage.tokensInput + usage.tokensOutput + usage.tokensCacheRead + usage.tokensCacheWrite === 0;
    return costUsd === null && isUnused && ends.length > 1 && !isUnpriced(plan.agent.name) ? 0 : costUsd;
  });
  const isTold = ends.some(({ usage }) => usage.tokensInput + usage.tokensOutput > 0);
  const tokens = (of: 'tokensInput' | 'tokensOutput'): number | null =>
    isTold ? ends.reduce((sum, { usage }) => sum + usage[of], 0) : null;
  return {
    item: plan.item,
    case: plan.labels?.['case'] ?? plan.name,
    agent: contenderOf(item).name,
    repeat: Number(plan.labels?.['repeat'] ?? 1),
    outcome: outcomeOf({
      state,
      cause: cause?.code ?? null,
      began: last !== undefined,
      resolved: grade?.reason === UNGRADED ? UNGRADED : grade?.resolved,
    }),
    cause,
    session: last?.session ?? null,
    attempts: attempts.length,
    failToPass: grade?.failToPass ?? null,
    passToPass: grade?.passToPass ?? null,
    reason: grade === null && state === 'passed' ? 'It was not graded.' : (grade?.reason ?? null),
    patchBytes: grade?.patchBytes ?? null,
    costUsd: whole(costs),
    tokensInput: tokens('tokensInput'),
    tokensOutput: tokens('tokensOutput'),
    durationMs: last?.end?.durationMs ?? null,
  };
};

/** The results of a benchmark, from its log and nothing else. */
export const resultsOfBatch = (batch: Batch): Results => {
  const contenders = new Map<string, Contender>();
  for (const item of batch.items) {
    const contender = contenderOf(item);
    if (!contenders.has(contender.name)) contenders.set(contender.name, contender);
  }
  // By case, then agent, then repeat: the order of the file, however it was run.
  const cases = new Map<string, number>();
  for (const { plan } of batch.items) {
    const name = plan.labels?.['case'] ?? plan.name;
    if (!cases.has(name)) cases.set(name, cases.size);
  }
  const order = [...contenders.keys()];
  const runs = batch.items
    .map(runOf)
    .sort(
      (a, b) =>
        cases.get(a.case)! - cases.get(b.case)! ||
        order.indexOf(a.agent) - order.indexOf(b.agent) ||
        a.repeat - b.repeat,
    );
  const repeats = runs.reduce((most, { repeat }) => Math.max(most, repeat), 1);
  return resultsOf({ suite: batch.options.name, contenders: [...contenders.values()], repeats }, runs);
};
