import type { KnownEvent } from '../events/catalogue.ts';
import type { IterationEventType } from '../events/iteration-events.ts';
import { shownText } from '../events/long-text.ts';
import { type Change, edited, NOTHING } from './change.ts';
import { emptyUsage, type Session, type TestRun } from './state.ts';

type On<Type extends IterationEventType> = (session: Session, event: Extract<KnownEvent, { type: Type }>) => Change;

const testRun = (data: TestRun): TestRun => ({
  command: data.command,
  commit: data.commit,
  exitCode: data.exitCode,
  signal: data.signal,
  timedOut: data.timedOut,
  durationMs: data.durationMs,
  outputTail: data.outputTail,
});

const isOfConflict = ({ iterations }: Session, iteration: number): boolean =>
  iterations.findLast((it) => it.iteration === iteration)?.reason === 'conflict';

/** What each event between a prompt and its commit means. */
export const iterationHandlers: { [Type in IterationEventType]: On<Type> } = {
  'iteration.started': (session, { data, at }) => ({
    iterations: [
      ...session.iterations,
      {
        iteration: data.iteration,
        prompt: shownText(data.prompt),
        reason: data.reason,
        agent: data.agent,
        threadId: data.agent.threadId,
        startedAt: at,
        finishedAt: null,
        outcome: null,
        head: data.head,
        commit: null,
        subject: null,
        files: 0,
        insertions: 0,
        deletions: 0,
        durationMs: null,
        usage: emptyUsage,
        toolCalls: 0,
        toolFailures: 0,
        message: null,
        failure: null,
        tests: null,
        failedHooks: [],
      },
    ],
  }),
  'thread.started': (session, { data }) => {
    const agent =
      session.iterations.findLast((it) => it.iteration === data.iteration)?.agent.name ?? session.agent.name;
    const threads = { ...session.threads, [agent]: data.threadId };
    return { threads, ...edited(session, data.iteration, () => ({ threadId: data.threadId })) };
  },
  'agent-message.received': (session, { data }) =>
    edited(session, data.iteration, () => ({ message: shownText(data.text) })),
  'tool-call.started': (session, { data }) =>
    edited(session, data.iteration, (it) => ({ toolCalls: it.toolCalls + 1 })),
  'tool-call.finished': (session, { data }) =>
    data.isError || (data.exitCode ?? 0) !== 0
      ? edited(session, data.iteration, (it) => ({ toolFailures: it.toolFailures + 1 }))
      : NOTHING,
  'usage.reported': (session, { data }) =>
    edited(session, data.iteration, ({ usage }) => ({
      usage: {
        ...usage,
        tokensInput: usage.tokensInput + data.tokensInput,
        tokensOutput: usage.tokensOutput + data.tokensOutput,
        tokensCacheRead: usage.tokensCacheRead + data.tokensCacheRead,
        tokensCacheWrite: usage.tokensCacheWrite + data.tokensCacheWrite,
      },
    })),
  'cost.reported': (session, { data }) => {
    const thread = session.iterations.findLast((it) => it.iteration === data.iteration)?.threadId;
    const known = thread && data.threadCostUsd !== null ? { [thread]: data.threadCostUsd } : {};
    const threadCosts = { ...session.threadCosts, ...known };
    const { costUsd, costSource } = data;
    return {
      threadCosts,
      ...edited(session, data.iteration, ({ usage }) => ({
        usage: { ...usage, costUsd: (usage.costUsd ?? 0) + costUsd, costSource },
      })),
    };
  },
  'agent.finished': (session, { data }) => edited(session, data.iteration, () => ({ failure: data.failure })),
  'agent-commit.folded': () => NOTHING,
  'repository-change.found': () => NOTHING,
  'hook.finished': (session, { data: { iteration, hook, exitCode, timedOut, outputTail } }) =>
    exitCode === 0 && !timedOut
      ? NOTHING
      : edited(session, iteration, (it) => ({ failedHooks: [...it.failedHooks, { hook, outputTail }] })),
  'iteration.finished': (session, { data, at }) => ({
    // What the agent made of a conflict is no commit of the branch before the rebase has ended.
    head: isOfConflict(session, data.iteration) ? session.head : (data.commit ?? session.head),
    ...edited(session, data.iteration, () => ({
      finishedAt: at,
      outcome: data.outcome,
      commit: data.commit ?? null,
      subject: data.subject ?? null,
      files: data.files,
      insertions: data.insertions,
      deletions: data.deletions,
      durationMs: data.durationMs,
    })),
  }),
  'test-run.interrupted': (_, { data }) => ({ leftovers: data.leftovers }),
  'test-run.finished': (session, { data }) => {
    const { leftovers } = data;
    if (data.target === 'base') return { leftovers, baseTests: testRun(data) };
    return { leftovers, ...edited(session, data.iteration ?? 0, () => ({ tests: testRun(data) })) };
  },
};
