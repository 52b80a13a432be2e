import { existsSync } from 'node:fs';
import { shownText } from '../events/long-text.ts';
import {
  allIterations,
  type Comparison,
  compareWithBase,
  lastTests,
  statusOf,
  totalUsage,
  verdictOf,
} from '../session/conclusions.ts';
import { nameOfIteration } from '../session/iteration-names.ts';
import type { Iteration, Session, TestRun, Usage, Verdict } from '../session/state.ts';
import type { Context } from './context.ts';
import { worktreePath } from './find-session.ts';
import { holderOf } from './journal.ts';
import { conflictHint } from './landing/conflict-report.ts';
import { describeLine, linesHint } from './lines.ts';
import type { SessionSummary } from './summaries.ts';

/** One line of `list`, with the names that scripts rely on. */
export const describeSummary = (ctx: Context, summary: SessionSummary) => ({
  id: summary.id,
  name: summary.name,
  state: summary.state,
  branch: summary.branch,
  worktree: worktreePath(ctx, summary.worktree),
  iterations: summary.iterations,
  createdAt: summary.createdAt,
  lastActivityAt: summary.lastActivityAt,
  costUsd: summary.costUsd,
  tests: summary.tests,
  agent: summary.agent,
});

const describeTests = (run: TestRun) => ({
  exitCode: run.exitCode,
  signal: run.signal,
  timedOut: run.timedOut,
  durationMs: run.durationMs,
});

const describeUsage = (usage: Usage) => ({ ...usage });

/** An iteration as `status` lists it. */
export const describeIteration = (session: Session, it: Iteration) => ({
  iteration: it.iteration,
  label: nameOfIteration(session, it),
  writer: it.writer,
  outcome: it.outcome,
  ...(it.commit !== null && { commit: it.commit, subject: it.subject }),
  files: it.files,
  insertions: it.insertions,
  deletions: it.deletions,
  startedAt: it.startedAt,
  durationMs: it.durationMs,
  agent: { name: it.agent.name, threadId: it.threadId, mode: it.agent.mode },
  usage: describeUsage(it.usage),
  toolCalls: it.toolCalls,
  toolFailures: it.toolFailures,
  message: it.message,
  failure: it.failure,
  ...(it.skipped && { skipped: it.skipped }),
  ...(it.tests && { tests: { ...describeTests(it.tests), verdict: compareWithBase(session, it.tests) } }),
});

/** The answer of `iterate`. */
export const describeRun = (session: Session, it: Iteration, ran: number) => ({
  session: session.id,
  iteration: it.iteration,
  ...(it.commit !== null && { commit: it.commit, subject: it.subject }),
  outcome: it.outcome,
  files: it.files,
  insertions: it.insertions,
  deletions: it.deletions,
  durationMs: it.durationMs,
  agent: { name: it.agent.name, threadId: it.threadId, mode: it.agent.mode },
  usage: describeUsage(it.usage),
  ...(it.tests && {
    tests: {
      exitCode: it.tests.exitCode,
      durationMs: it.tests.durationMs,
      verdict: compareWithBase(session, it.tests),
    },
  }),
  iterationsRun: ran,
});

/** A conflict that waits, with the next step. */
const describeConflict = ({ id, conflict }: Session, worktree: string) =>
  conflict && {
    onto: conflict.onto,
    commit: conflict.commit,
    files: [...new Map(conflict.conflicts.map(({ path, kind }) => [path, { path, kind }])).values()],
    remaining: conflict.remaining.length,
    next: conflictHint(id, worktree),
  };

/** Those of one line stand with it. */
const sharedIterations = ({ iterations, lines }: Session): Iteration[] => {
  const apart = new Set(lines.flatMap((line) => line.iterations.map(({ writer, seq }) => `${writer} ${seq}`)));
  return iterations.filter(({ writer, seq }) => !apart.has(`${writer} ${seq}`));
};

/** The answer of `status`: a line of `list` with its details. */
export const describeSession = (ctx: Context, session: Session) => {
  const holder = holderOf(ctx, session.id);
  const state = statusOf(session);
  const tests = lastTests(session);
  return {
    id: session.id,
    name: session.name,
    state: state === 'running' && !holder ? ('idle' as const) : state,
    branch: session.branch,
    worktree: worktreePath(ctx, session.worktree),
    iterations: allIterations(session).length,
    createdAt: session.createdAt,
    lastActivityAt: session.lastActivityAt,
    costUsd: totalUsage(session).costUsd,
    tests: verdictOf(tests) as Verdict,
    comparison: compareWithBase(session, tests) as Comparison,
    agent: session.agent.name,
    mode: session.agent.mode,
    agentCommand: session.agent.command ?? null,
    prompt: session.prompt === null ? null : shownText(session.prompt),
    base: session.base,
    baseCommit: session.baseCommit,
    head: session.head,
    testCommand: session.test,
    setupCommand: session.setup,
    hasWorktree: session.hasWorktree,
    worktreeStands: existsSync(worktreePath(ctx, session.worktree)),
    removed: session.removed,
    usage: describeUsage(totalUsage(session)),
    ...(session.baseTests && { baseTests: describeTests(session.baseTests) }),
    ...(tests && { lastTests: { ...describeTests(tests), outputTail: tests.outputTail } }),
    ...(session.conflict && { conflict: describeConflict(session, worktreePath(ctx, session.worktree)) }),
    ...(holder && { holder: { pid: holder.pid, host: holder.host, command: holder.command, since: holder.since } }),
    ...(session.lines.length > 0 && {
      lines: session.lines.map((line) => describeLine(session, line)),
      next: linesHint(session),
    }),
    history: sharedIterations(session).map((iteration) => describeIteration(session, iteration)),
    manualCommits: session.manualCommits.filter(
      ({ commit }) => !session.lines.some((line) => line.manualCommits.some((one) => one.commit === commit)),
    ),
    unknownEvents: session.unknownEvents,
  };
};
