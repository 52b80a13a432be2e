import { emptyUsage, type Iteration, type Session, type TestRun, type Usage, type Verdict } from './state.ts';

/** `state` as `--json` names it. */
export type SessionStatus = 'new' | 'running' | 'idle' | 'conflicted' | 'diverged' | 'merged' | 'archived';

export const verdictOf = (run: TestRun | null): Verdict =>
  run === null ? 'none' : run.exitCode === 0 && !run.timedOut ? 'passed' : 'failed';

/** A failing verdict is news only where the base passed. */
export type Comparison = 'none' | 'passed' | 'newly-failing' | 'was-failing-before' | 'failing-base-unknown';

export const compareWithBase = (session: Session, run: TestRun | null): Comparison => {
  const verdict = verdictOf(run);
  if (verdict !== 'failed') return verdict;
  const sameCommand = session.baseTests?.command === run?.command;
  const base = sameCommand ? verdictOf(session.baseTests) : 'none';
  return base === 'passed' ? 'newly-failing' : base === 'failed' ? 'was-failing-before' : 'failing-base-unknown';
};

/** The iteration that has begun and not ended, if any. */
export const openIteration = (session: Session): Iteration | undefined => {
  const last = session.iterations.at(-1);
  return last && last.outcome === null && !last.left ? last : undefined;
};

/** The number that the session's next iteration gets. */
export const nextIteration = ({ iterations }: Session): number =>
  iterations.reduce((most, { iteration }) => Math.max(most, iteration), 0) + 1;

const keyOf = ({ writer, seq }: Iteration): string => `${writer} ${seq}`;

/** Every iteration that any clone has run, those of lines that this clone is not on among them. */
export const allIterations = ({ iterations, lines }: Session): Iteration[] => {
  if (lines.length === 0) return iterations;
  const all = new Map(iterations.map((it) => [keyOf(it), it]));
  // Whose end another clone has not heard of has ended all the same.
  for (const it of lines.flatMap((line) => line.iterations))
    if ((all.get(keyOf(it))?.outcome ?? null) === null) all.set(keyOf(it), it);
  return [...all.values()];
};

export const lastTests = (session: Session): TestRun | null =>
  session.iterations.findLast((iteration) => iteration.tests !== null)?.tests ?? null;

/** What the log alone says; whether a running one still has a living process is the caller's to know. */
export const statusOf = (session: Session): SessionStatus => {
  if (session.archived) return 'archived';
  if (openIteration(session)) return 'running';
  if (session.lines.length > 0) return session.conflict ? 'conflicted' : 'diverged';
  if (session.conflict) return 'conflicted';
  // Whoever went on afterwards is not merged any more.
  if (session.merged && session.merged.head === session.head) return 'merged';
  return session.iterations.length === 0 ? 'new' : 'idle';
};

/** Tokens added up; the cost is known only when every iteration that used the agent has one. */
export const totalUsage = (session: Session): Usage => {
  let total = emptyUsage;
  const iterations = allIterations(session);
  let known = iterations.length > 0;
  for (const { usage } of iterations) {
    const silent = usage.tokensInput + usage.tokensOutput + usage.tokensCacheRead + usage.tokensCacheWrite === 0;
    if (usage.costUsd === null && !silent) known = false;
    total = {
      tokensInput: total.tokensInput + usage.tokensInput,
      tokensOutput: total.tokensOutput + usage.tokensOutput,
      tokensCacheRead: total.tokensCacheRead + usage.tokensCacheRead,
      tokensCacheWrite: total.tokensCacheWrite + usage.tokensCacheWrite,
      costUsd: usage.costUsd === null ? total.costUsd : (total.costUsd ?? 0) + usage.costUsd,
      costSource: usage.costSource === 'unknown' ? total.costSource : usage.costSource,
    };
  }
  return known ? total : { ...total, costUsd: null, costSource: 'unknown' };
};
