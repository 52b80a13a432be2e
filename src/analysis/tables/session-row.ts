import { shownText } from '../../events/long-text.ts';
import { statusOf } from '../../session/conclusions.ts';
import { initialSession, type Session } from '../../session/state.ts';
import { asData, asInteger, asText, asTime, type Data, plus } from './read.ts';
import type { Book } from './story.ts';
import type { Row } from './table.ts';
import { addTokens, costColumns, noTokens, sumOf, tokenColumns } from './used.ts';

const count = (rows: Row[], column: string, value: unknown = true): number =>
  rows.filter((row) => row[column] === value).length;

const sum = (rows: Row[], column: string): number | null =>
  rows.reduce<number | null>((total, row) => plus(total, row[column] as number | null), null);

/** Nothing that a log may say makes a question throw. */
const ask = <Answer>(question: () => Answer): Answer | null => {
  try {
    return question();
  } catch {
    return null;
  }
};

const ofState = (session: Session): Row => ({
  name: asText(session.name),
  prompt: asText(ask(() => session.prompt && shownText(session.prompt))),
  status: session.exists ? ask(() => statusOf(session)) : null,
  agent: asText(asData(session.agent)['name']),
  mode: asText(asData(session.agent)['mode']),
  base: asText(session.base),
  base_commit: asText(session.baseCommit),
  branch: asText(session.branch),
  head: asText(session.head),
  test: asText(session.test),
  created_at: asTime(session.createdAt),
  last_activity_at: asTime(session.lastActivityAt),
  merged_into: asText(asData(session.merged)['target']),
  archived: session.archived,
  removed: session.removed,
  lines: Math.max(session.lines.length, 1),
  pull_request: asText(asData(session.pullRequest)['url']),
  events: asInteger(session.events),
  unknown_events: asInteger(session.unknownEvents),
  malformed_events: asInteger(session.malformedEvents),
});

/** What the rows of the other tables come to. */
const ofWork = (book: Book, iterations: Row[], commits: Row[]): Row => {
  const runs = [...book.runs.values()];
  const tokens = noTokens();
  for (const { used } of runs) addTokens(tokens, used.tokens);
  const verdicts = book.testRuns.filter(({ target, passed }) => target === 'iteration' && passed !== null);
  const landed = commits.filter((row) => row['landed'] === true);
  return {
    iterations: iterations.length,
    iterations_completed: count(iterations, 'outcome', 'completed'),
    duration_ms: sum(iterations, 'duration_ms'),
    tool_calls: book.toolCalls.length,
    tool_failures: count(book.toolCalls, 'failed'),
    ...tokenColumns(tokens),
    ...costColumns(sumOf(runs.map(({ used }) => used.cost))),
    test_runs: verdicts.length,
    test_passes: count(verdicts, 'passed'),
    tests_newly_failing: count(verdicts, 'verdict', 'newly-failing'),
    commits: commits.length,
    manual_commits: count(commits, 'kind', 'manual'),
    insertions: sum(commits, 'insertions') ?? 0,
    deletions: sum(commits, 'deletions') ?? 0,
    landed_insertions: sum(landed, 'insertions') ?? 0,
    landed_deletions: sum(landed, 'deletions') ?? 0,
    discarded_iterations: count(iterations, 'discarded'),
  };
};

export const sessionRow = (
  book: Book,
  {
    session = initialSession,
    created,
    iterations,
    commits,
  }: { session: Session; created: Data; iterations: Row[]; commits: Row[] },
): Row => {
  const landings = book.operations.filter(
    ({ verb, outcome, undone }) => verb === 'merge' && outcome === 'done' && !undone,
  );
  const author = asData(created['author']);
  const batch = asData(created['batch']);
  return {
    repo: null,
    session: book.session,
    author_name: asText(author['name']),
    author_email: asText(author['email']),
    merged_at: session.merged ? (landings.at(-1)?.['finished_at'] ?? null) : null,
    batch: asText(batch['id']),
    batch_item: asText(batch['item']),
    batch_attempt: asInteger(batch['attempt']),
    ...ofState(session),
    ...ofWork(book, iterations, commits),
  };
};
