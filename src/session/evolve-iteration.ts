import type { KnownEvent } from '../events/catalogue.ts';
import type { IterationEventType } from '../events/iteration-events.ts';
import { shownText } from '../events/long-text.ts';
import { type Change, edited, type Named, NOTHING, placeOf } from './change.ts';
import { emptyUsage, type Iteration, type Session, type TestRun } from './state.ts';

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

const iterationOf = (session: Session, event: Named): Iteration | undefined =>
  session.iterations[placeOf(session, event)];

const changeKey = ({ item, writer }: { item: string; writer: string }): string => `${writer}\0${item}`;

/** What each event between a prompt and its commit means. */
export const iterationHandlers: { [Type in IterationEventType]: On<Type> } = {
  'iteration.started': (session, { data, at, writer, seq }) => ({
    iterations: [
      ...session.iterations,
      {
        iteration: data.iteration,
        writer,
        seq,
        prompt: shownText(data.prompt),
        reason: data.reason,
        agent: data.agent,
        ...(data.sandbox && { sandbox: data.sandbox }),
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
  'thread.started': (session, event) => {
    const { threadId } = event.data;
    const agent = iterationOf(session, event)?.agent.name ?? session.agent.name;
    return { threads: { ...session.threads, [agent]: threadId }, ...edited(session, event, () => ({ threadId })) };
  },
  'agent-message.received': (session, event) => edited(session, event, () => ({ message: shownText(event.data.text) })),
  'tool-call.started': (session, event) => edited(session, event, (it) => ({ toolCalls: it.toolCalls + 1 })),
  'tool-call.finished': (session, event) =>
    event.data.isError || (event.data.exitCode ?? 0) !== 0
      ? edited(session, event, (it) => ({ toolFailures: it.toolFailures + 1 }))
      : NOTHING,
  'usage.reported': (session, event) =>
    edited(session, event, ({ usage }) => ({
      usage: {
        ...usage,
        tokensInput: usage.tokensInput + event.data.tokensInput,
        tokensOutput: usage.tokensOutput + event.data.tokensOutput,
        tokensCacheRead: usage.tokensCacheRead + event.data.tokensCacheRead,
        tokensCacheWrite: usage.tokensCacheWrite + event.data.tokensCacheWrite,
      },
    })),
  'cost.reported': (session, event) => {
    const { data } = event;
    const thread = iterationOf(session, event)?.threadId;
    const known = thread && data.threadCostUsd !== null ? { [thread]: data.threadCostUsd } : {};
    const threadCosts = { ...session.threadCosts, ...known };
    const { costUsd, costSource } = data;
    return {
      threadCosts,
      ...edited(session, event, ({ usage }) => ({
        usage: { ...usage, costUsd: (usage.costUsd ?? 0) + costUsd, costSource },
      })),
    };
  },
  'agent.finished': (session, event) => edited(session, event, () => ({ failure: event.data.failure })),
  'agent-commit.folded': () => NOTHING,
  'repository-change.found': (session, { data, writer }) => {
    const open = new Map(session.openChanges.map((change) => [changeKey(change), change]));
    for (const { item, kind, from, to, before, after, blocks, restored } of data.items ?? []) {
      if (!blocks || restored) continue;
      const change = { item, kind, from, to, before, after, iteration: data.iteration, writer };
      const known = open.get(changeKey(change));
      // What it was before the first of them is what has to be compared with.
      open.set(changeKey(change), known ? { ...change, from: known.from, before: known.before } : change);
    }
    return open.size === 0 ? NOTHING : { openChanges: [...open.values()] };
  },
  'repository-change.trusted': ({ openChanges }, { data, writer }) => {
    const trusted = new Set(data.items.map(({ item }) => changeKey({ item, writer })));
    return { openChanges: openChanges.filter((change) => !trusted.has(changeKey(change))) };
  },
  'hook.finished': (session, event) => {
    const { hook, exitCode, timedOut, outputTail } = event.data;
    if (exitCode === 0 && !timedOut) return NOTHING;
    return edited(session, event, (it) => ({ failedHooks: [...it.failedHooks, { hook, outputTail }] }));
  },
  'iteration.finished': (session, event) => {
    const { data } = event;
    // What the agent made of a conflict is no commit of the branch before the rebase has ended.
    const isOfConflict = iterationOf(session, event)?.reason === 'conflict';
    const head = isOfConflict ? session.head : (data.commit ?? session.head);
    const end = () => ({
      finishedAt: event.at,
      outcome: data.outcome,
      commit: data.commit ?? null,
      subject: data.subject ?? null,
      files: data.files,
      insertions: data.insertions,
      deletions: data.deletions,
      durationMs: data.durationMs,
      ...(data.skipped && { skipped: data.skipped }),
    });
    return { head, ...edited(session, event, end) };
  },
  'test-run.interrupted': (_, { data }) => ({ leftovers: data.leftovers }),
  'test-run.finished': (session, event) => {
    const { data } = event;
    const { leftovers } = data;
    if (data.target === 'base') return { leftovers, baseTests: testRun(data) };
    return { leftovers, ...edited(session, event, () => ({ tests: testRun(data) })) };
  },
};
