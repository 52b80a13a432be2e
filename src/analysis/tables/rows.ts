import type { LogEvent } from '../../events/catalogue.ts';
import { type LogName, logId } from '../../events/envelope.ts';
import { chaptersOf, viewOf } from '../../session/lines.ts';
import type { Session } from '../../session/state.ts';
import type { Prices } from '../prices.ts';
import { TABLES } from './all.ts';
import { rowsOfBatch } from './batch-rows.ts';
import { Failures } from './failures.ts';
import { asData, asInteger, asText, asTime, asWhole } from './read.ts';
import { fateOf } from './run.ts';
import { sessionRow } from './session-row.ts';
import { type Book, emptyBook, Story } from './story.ts';
import type { Row } from './table.ts';
import { outcomeOf } from './work.ts';

/** Rows by the name of their table; every table is there. */
export interface LogRows {
  [table: string]: Row[];
}

const json = (data: unknown): string => JSON.stringify(data ?? null);

const eventRow = (log: LogName, session: string | null, event: LogEvent): Row => ({
  repo: null,
  session,
  v: asInteger(event.v),
  log,
  writer: asText(event.writer),
  seq: asWhole(event.seq),
  clock: asWhole(event.clock),
  at: asTime(event.at),
  by: asText(event.by),
  type: asText(event.type),
  data: json(event.data),
  prev: asText(event.prev),
});

const isAlone = (events: readonly LogEvent[]): boolean => events.every(({ writer }) => writer === events[0]!.writer);

interface Told {
  stories: Story[];
  session: Session;
}

/** One story where one clone wrote, or each went on from the other; else what all share, and each line's own. */
const tellAll = (book: Book, events: readonly LogEvent[]): Told => {
  const first = new Story(book, null);
  const chapters = isAlone(events) ? [{ line: null, events }] : chaptersOf([...events]);
  const stories: Story[] = [];
  for (const [place, chapter] of chapters.entries()) {
    const isFirst = place === 0 && chapter.line === null;
    const story = isFirst || chapter.line === null ? first : new Story(book, chapter.line, first);
    for (const event of chapter.events) story.tell(event);
    if (story !== first) stories.push(story);
  }
  if (stories.length === 0) return { stories: [first], session: first.session };
  return { stories, session: viewOf([...events], new Set()).session };
};

/**
 * The rows of every table that a log gives. Pure and total: whatever a log says, each row has every column of its
 * table and a value of its type, or null.
 * @param events of one log, in its order, with what is not flushed yet
 * @param prices where costs that no agent told are to be computed from its tokens (`PriceBook`);
 *   without it they are unknown
 */
export const rowsOfLog = (log: LogName, events: readonly LogEvent[], prices?: Prices): LogRows => {
  const rows: LogRows = Object.fromEntries(TABLES.map(({ name }) => [name, []]));
  const id = log.startsWith('sessions/') ? logId(log) : null;
  rows['events'] = events.map((event) => eventRow(log, id, event));
  if (log.startsWith('batches/')) Object.assign(rows, rowsOfBatch(log, events));
  if (id === null || events.length === 0) return rows;
  const book = emptyBook(id, prices);
  const { stories, session } = tellAll(book, events);
  const fates = outcomeOf(
    stories.map(({ branch }) => branch),
    session.removed,
  );
  const standingOf = new Map([...fates].map(([{ iteration }, standing]) => [iteration, standing]));
  const runs = [...book.runs.values()];
  const iterations = runs.flatMap((run): Row[] => {
    const row = run.row(standingOf.get(run.key));
    return row ? [row] : [];
  });
  const commits = book.commits.map(({ work, row }) => {
    const standing = fates.get(work);
    const isLanded = standing?.fate === 'landed';
    const landing = {
      landed_at: isLanded ? standing.landedAt : null,
      landed_as: isLanded ? standing.id : null,
      landed_in: isLanded ? standing.landedIn : null,
    };
    return Object.assign(row, fateOf(standing, 'standing'), landing);
  });
  const created = asData(events.find(({ type }) => type === 'session.created')?.data);
  rows['sessions'] = [sessionRow(book, { session, created, iterations, commits })];
  rows['iterations'] = iterations;
  rows['usage'] = runs.flatMap((run) => run.usageRows());
  rows['tool_calls'] = book.toolCalls;
  rows['test_runs'] = book.testRuns;
  rows['commits'] = commits;
  rows['git_operations'] = book.operations;
  const failures = new Failures();
  for (const event of events) {
    const noted = book.noted.get(event);
    if (noted) failures.tell(noted);
  }
  rows['errors'] = failures.rows;
  rows['messages'] = book.messages;
  return rows;
};
