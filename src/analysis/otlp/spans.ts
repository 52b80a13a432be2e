import { basename } from 'node:path';
import type { Value } from '../tables/table.ts';
import { attributesOf, between, nanos, type Span, spanIdOf, type Told, traceIdOf } from './span.ts';
import type { SpanKind } from './statements.ts';

/** A row of a statement, by the names of its columns. */
export type SpanRow = Readonly<Record<string, Value>>;

const text = (row: SpanRow, column: string): string | null => {
  const value = row[column];
  return typeof value === 'string' ? value : null;
};

const number = (row: SpanRow, column: string): number | null => {
  const value = row[column];
  return typeof value === 'number' ? value : null;
};

const flag = (row: SpanRow, column: string): boolean | null => {
  const value = row[column];
  return typeof value === 'boolean' ? value : null;
};

const texts = (row: SpanRow, column: string): readonly string[] | null => {
  const value = row[column];
  return Array.isArray(value) ? (value as readonly string[]) : null;
};

/** What a kind of row says of its span; the rest is the same for all. */
interface Telling {
  name: string;
  time: ReturnType<typeof between>;
  /** What class of error it ended with; undefined: none. */
  error?: string | undefined;
  /** The iteration that it is part of, by its event; undefined: it is part of the session itself. */
  parent?: number | null;
  told: Record<string, Told>;
}

/** The first that is true of a row. */
const firstOf = (...all: [is: boolean, word: string][]): string | undefined => all.find(([is]) => is)?.[1];

const session = (row: SpanRow): Telling => ({
  name: 'session',
  time: between(text(row, 'created_at'), text(row, 'last_activity_at')),
  told: {
    'gen_ai.agent.name': text(row, 'agent'),
    'vcs.ref.head.name': text(row, 'branch'),
    'vcs.ref.head.revision': text(row, 'head'),
    'vcs.ref.base.name': text(row, 'base'),
    'vcs.ref.base.revision': text(row, 'base_commit'),
    'amp_sessions.session.name': text(row, 'name'),
    'amp_sessions.session.status': text(row, 'status'),
    'amp_sessions.session.mode': text(row, 'mode'),
    'amp_sessions.session.merged_into': text(row, 'merged_into'),
    'amp_sessions.session.merged_at': text(row, 'merged_at'),
  },
});

/** What the model read in all: the conventions count what came out of the cache, and what went into it, as input. */
const tokensIn = (row: SpanRow): number | null => {
  const input = number(row, 'tokens_input');
  if (input === null) return null;
  return input + (number(row, 'tokens_cache_read') ?? 0) + (number(row, 'tokens_cache_write') ?? 0);
};

const cost = (row: SpanRow): Record<string, Told> => ({
  'amp_sessions.cost.usd': { double: row['cost_usd'] === null ? null : Number(row['cost_usd']) },
  'amp_sessions.cost.source': text(row, 'cost_source'),
  'amp_sessions.cost.is_lower_bound': flag(row, 'cost_is_lower_bound'),
});

const iteration = (row: SpanRow): Telling => {
  const agent = text(row, 'agent');
  const outcome = text(row, 'outcome');
  return {
    name: agent === null ? 'invoke_agent' : `invoke_agent ${agent}`,
    time: between(text(row, 'started_at'), text(row, 'finished_at')),
    error:
      text(row, 'failure') ?? firstOf([outcome === 'failed', 'iteration.failed'], [outcome === 'timed-out', 'timeout']),
    told: {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.provider.name': agent ?? '_OTHER',
      'gen_ai.agent.name': agent,
      'gen_ai.agent.version': text(row, 'agent_version'),
      'gen_ai.conversation.id': text(row, 'thread_id'),
      'gen_ai.request.model': text(row, 'model'),
      'gen_ai.usage.input_tokens': tokensIn(row),
      'gen_ai.usage.output_tokens': number(row, 'tokens_output'),
      'gen_ai.usage.cache_read.input_tokens': number(row, 'tokens_cache_read'),
      'gen_ai.usage.cache_creation.input_tokens': number(row, 'tokens_cache_write'),
      'vcs.ref.head.revision': text(row, 'commit'),
      'amp_sessions.iteration.number': number(row, 'iteration'),
      'amp_sessions.iteration.reason': text(row, 'reason'),
      'amp_sessions.iteration.mode': text(row, 'mode'),
      'amp_sessions.iteration.resumed': flag(row, 'resumed'),
      'amp_sessions.iteration.outcome': outcome,
      'amp_sessions.iteration.fate': text(row, 'fate'),
      'amp_sessions.iteration.turns': number(row, 'turns'),
      ...cost(row),
      'amp_sessions.diff.files': number(row, 'files'),
      'amp_sessions.diff.insertions': number(row, 'insertions'),
      'amp_sessions.diff.deletions': number(row, 'deletions'),
    },
  };
};

/** One that never came back ends with its iteration, and in an error. */
const tool = (row: SpanRow): Telling => {
  const finishedAt = text(row, 'finished_at');
  const name = text(row, 'tool');
  return {
    name: name === null ? 'execute_tool' : `execute_tool ${name}`,
    time: between(text(row, 'started_at'), finishedAt ?? text(row, 'run_finished_at'), number(row, 'duration_ms')),
    error: firstOf(
      [finishedAt === null, 'tool.no-result'],
      [flag(row, 'is_error') === true, 'tool.error'],
      [flag(row, 'failed') === true, 'tool.exit-code'],
    ),
    parent: number(row, 'run'),
    told: {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': name ?? '_OTHER',
      'gen_ai.tool.call.id': text(row, 'tool_call_id'),
      'gen_ai.agent.name': text(row, 'agent'),
      'gen_ai.conversation.id': text(row, 'thread_id'),
      'process.exit.code': number(row, 'exit_code'),
      'amp_sessions.iteration.number': number(row, 'iteration'),
    },
  };
};

const test = (row: SpanRow): Telling => {
  const isOver = flag(row, 'timed_out') === true;
  const isStopped = flag(row, 'interrupted') === true;
  const hasPassed = flag(row, 'passed') === true;
  return {
    name: 'test',
    time: between(null, text(row, 'finished_at'), number(row, 'duration_ms')),
    error: isStopped || hasPassed ? undefined : isOver ? 'timeout' : 'tests.failed',
    told: {
      'test.suite.name': text(row, 'command'),
      'test.suite.run.status':
        firstOf([isStopped, 'aborted'], [isOver, 'timed_out'], [hasPassed, 'success']) ?? 'failure',
      'process.exit.code': number(row, 'exit_code'),
      'vcs.ref.head.revision': text(row, 'commit'),
      'amp_sessions.iteration.number': number(row, 'iteration'),
      'amp_sessions.test.target': text(row, 'target'),
      'amp_sessions.test.verdict': text(row, 'verdict'),
    },
  };
};

/** What was begun and is not done is an error only where it was given up. */
const git = (row: SpanRow): Telling => {
  const outcome = text(row, 'outcome');
  return {
    name: `git ${text(row, 'verb') ?? ''}`.trim(),
    time: between(text(row, 'started_at'), text(row, 'finished_at')),
    error: firstOf(
      [outcome === 'rolled-back', 'operation.rolled-back'],
      [outcome === 'given-up', 'operation.given-up'],
    ),
    told: {
      'vcs.ref.base.name': text(row, 'target'),
      'vcs.ref.head.revision': text(row, 'to_commit'),
      'amp_sessions.git.verb': text(row, 'verb'),
      'amp_sessions.git.operation': number(row, 'operation'),
      'amp_sessions.git.outcome': outcome,
      'amp_sessions.git.mode': text(row, 'mode'),
      'amp_sessions.git.conflicts': number(row, 'conflicts'),
      'amp_sessions.git.commits_squashed': number(row, 'commits_squashed'),
      'amp_sessions.git.commits_rewritten': number(row, 'commits_rewritten'),
      'amp_sessions.git.gates_failed': texts(row, 'gates_failed'),
      'amp_sessions.git.gates_skipped': texts(row, 'gates_skipped'),
      'amp_sessions.git.undone': flag(row, 'undone'),
    },
  };
};

const TELLERS: Record<SpanKind, (row: SpanRow) => Telling> = { session, iteration, tool, test, git };

/** The span of a row; undefined for what has not ended. */
export const spanOf = (kind: SpanKind, row: SpanRow): Span | undefined => {
  const id = String(row['session']);
  const { name, time, error, parent, told } = TELLERS[kind](row);
  if (!time) return undefined;
  const writer = text(row, 'writer') ?? '';
  // A rebase and the conflict that it met begin with the same event.
  const what = kind === 'git' ? `git ${text(row, 'verb')}` : kind;
  const own = kind === 'session' ? undefined : { kind: what, writer, seq: number(row, 'seq') ?? 0 };
  const above = parent == null ? undefined : { kind: 'iteration', writer, seq: parent };
  return {
    traceId: traceIdOf(id),
    spanId: spanIdOf(id, own),
    ...(own && { parentSpanId: spanIdOf(id, above) }),
    name,
    kind: 1,
    startTimeUnixNano: nanos(time.start),
    endTimeUnixNano: nanos(time.end),
    attributes: attributesOf({
      ...told,
      'error.type': error,
      'session.id': id,
      'vcs.repository.name': row['repo'] === null ? null : basename(String(row['repo'])),
    }),
    status: { code: error === undefined ? 0 : 2 },
  };
};
