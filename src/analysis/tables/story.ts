import type { LogEvent } from '../../events/catalogue.ts';
import { placeOf } from '../../session/change.ts';
import { compareWithBase, verdictOf } from '../../session/conclusions.ts';
import { Replay } from '../../session/evolve.ts';
import type { Session, TestRun } from '../../session/state.ts';
import type { Prices } from '../prices.ts';
import { isTelling, type Noted } from './failures.ts';
import { Operations } from './operations.ts';
import { asCount, asData, asDuration, asFlag, asInteger, asText, asTime, asWhole, type Data } from './read.ts';
import { type Place, placeColumns, Run } from './run.ts';
import { messageRow } from './said.ts';
import type { Row } from './table.ts';
import { Branch, type Work } from './work.ts';

/** What all lines of a log write into. */
export interface Book {
  session: string;
  prices: Prices | undefined;
  /** Iterations by the event that they began with. */
  runs: Map<string, Run>;
  toolCalls: Row[];
  testRuns: Row[];
  /** Commits, whose fate is known in the end. */
  commits: { work: Work; row: Row }[];
  operations: Row[];
  /** Events by which something goes wrong, or is put right again. */
  noted: Map<LogEvent, Noted>;
  messages: Row[];
}

export const emptyBook = (session: string, prices: Prices | undefined): Book => ({
  session,
  prices,
  runs: new Map(),
  toolCalls: [],
  testRuns: [],
  commits: [],
  operations: [],
  noted: new Map(),
  messages: [],
});

interface Heard {
  event: LogEvent;
  data: Data;
  place: Place;
  /** After the event. */
  session: Session;
}

type Handler = (story: Story, heard: Heard) => void;

/** One line of a log, told from its first event to its last. */
export class Story {
  readonly branch: Branch;
  readonly #replay: Replay;
  readonly operations: Operations;
  /** Calls that have not come back. */
  readonly calls: Map<string, Row[]>;

  constructor(
    readonly book: Book,
    readonly line: string | null,
    from?: Story,
  ) {
    this.#replay = new Replay(from?.session);
    this.branch = new Branch(from?.branch);
    this.operations = new Operations(book.operations, from?.operations);
    this.calls = new Map([...(from?.calls ?? [])].map(([id, rows]) => [id, [...rows]]));
  }

  get session(): Session {
    return this.#replay.session;
  }

  tell(event: LogEvent): void {
    this.#replay.add(event);
    const handler = HANDLERS.get(event.type);
    if (!handler && !event.type.includes('.')) return;
    const { session: id } = this.book;
    const place = { session: id, line: this.line, writer: event.writer, seq: event.seq };
    const heard = { event, data: asData(event.data), place, session: this.session };
    this.branch.tell(event, this.session);
    this.operations.tell(event, place);
    handler?.(this, heard);
    if (!isTelling(event.type)) return;
    const run = this.runOf(heard, false);
    this.book.noted.set(event, {
      event,
      place,
      run,
      tests: run?.tests ?? 'none',
      hasFailure: run?.hasFailure === true,
    });
  }

  /** The iteration that an event speaks of; one that never began is made up, so that what it used still counts. */
  runOf({ event, data, place, session }: Heard, orMade = true): Run | undefined {
    if (asInteger(data['iteration']) === null) return undefined;
    const known =
      session.iterations[placeOf(session, { writer: event.writer, data: { iteration: Number(data['iteration']) } })];
    const key = known ? `${known.writer} ${known.seq}` : `${event.writer} of ${String(data['iteration'])}`;
    const { runs, prices } = this.book;
    const run = runs.get(key);
    if (run || !orMade) return run;
    const made = new Run(place, key, data['iteration'], prices);
    runs.set(key, made);
    return made;
  }

  called({ data, event, place }: Heard, run: Run | undefined): void {
    const row: Row = {
      repo: null,
      session: place.session,
      line: place.line,
      writer: place.writer,
      seq: asWhole(place.seq),
      iteration: asInteger(data['iteration']),
      agent: run?.agent ?? null,
      tool_call_id: asText(data['toolCallId']),
      tool: asText(data['tool']),
      summary: asText(data['summary']),
      started_at: asTime(event.at),
      finished_at: null,
      duration_ms: null,
      is_error: null,
      exit_code: null,
      failed: null,
    };
    if (run) run.toolCalls += 1;
    this.book.toolCalls.push(row);
    const id = callKey(run, data);
    const open = this.calls.get(id);
    if (open) open.push(row);
    else this.calls.set(id, [row]);
  }

  cameBack(heard: Heard, run: Run | undefined): void {
    const { data, event } = heard;
    const id = callKey(run, data);
    if (!this.calls.get(id)?.length) {
      this.called(heard, run);
      Object.assign(this.calls.get(id)![0]!, { started_at: null, summary: null });
    }
    const open = this.calls.get(id)!;
    const row = open.shift()!;
    if (open.length === 0) this.calls.delete(id);
    const isError = asFlag(data['isError']);
    const exitCode = asInteger(data['exitCode']);
    const failed = isError === true || (exitCode ?? 0) !== 0;
    row['finished_at'] = asTime(event.at);
    row['duration_ms'] = asDuration(data['durationMs']);
    row['is_error'] = isError;
    row['exit_code'] = exitCode;
    row['failed'] = failed;
    if (run && failed) run.toolFailures += 1;
  }

  tested({ data, event, place, session }: Heard, run: Run | undefined): void {
    const isInterrupted = event.type === 'test-run.interrupted';
    const isBase = data['target'] === 'base';
    const verdict = isInterrupted || isBase ? null : compareWithBase(session, data as unknown as TestRun);
    if (run && verdict !== null) run.tests = verdict;
    this.book.testRuns.push({
      repo: null,
      session: place.session,
      line: place.line,
      writer: place.writer,
      seq: asWhole(place.seq),
      iteration: isBase ? null : asInteger(data['iteration']),
      agent: isBase ? null : (run?.agent ?? null),
      target: asText(data['target']),
      finished_at: asTime(event.at),
      commit: asText(data['commit']),
      command: asText(data['command']),
      exit_code: asInteger(data['exitCode']),
      signal: asText(data['signal']),
      timed_out: isInterrupted ? false : asFlag(data['timedOut']),
      interrupted: isInterrupted,
      duration_ms: asDuration(data['durationMs']),
      output_bytes: asCount(data['outputBytes']),
      passed: isInterrupted ? null : verdictOf(data as unknown as TestRun) === 'passed',
      verdict,
    });
  }

  commit({ data, event, place }: Heard, work: Work, more: Row): void {
    this.book.commits.push({
      work,
      row: {
        ...placeColumns(place),
        ...more,
        at: asTime(event.at),
        commit: asText(data['commit']),
        subject: asText(data['subject']),
        files: asInteger(data['files']),
        insertions: asCount(data['insertions']),
        deletions: asCount(data['deletions']),
      },
    });
    this.branch.add(work, asText(data['commit']));
  }
}

const callKey = (run: Run | undefined, data: Data): string => `${run?.key ?? ''}\0${String(data['toolCallId'])}`;

const of =
  (what: (run: Run, heard: Heard) => void): Handler =>
  (story, heard) => {
    const run = story.runOf(heard);
    if (run) what(run, heard);
  };

const began: Handler = (story, heard) => {
  const { event, data, place } = heard;
  const key = `${event.writer} ${event.seq}`;
  const run = new Run(place, key, data['iteration'], story.book.prices);
  run.begin(data, event.at);
  story.book.runs.set(key, run);
  story.book.messages.push(messageRow(place, { event, role: 'user', kind: 'prompt', text: data['prompt'] }));
};

const NO_AUTHOR = { origin: null, author_name: null, author_email: null, authored_at: null };

const ended: Handler = (story, heard) => {
  const { event, data } = heard;
  const run = story.runOf(heard);
  if (!run) return;
  run.end(data, event.at);
  // What the agent made of a conflict is no commit of the branch: it goes into the one that was in conflict.
  if (run.commit !== null && run.reason !== 'conflict')
    story.commit(heard, run.work, { kind: 'agent', iteration: run.number, agent: run.agent, ...NO_AUTHOR });
  if (run.number !== null) story.branch.mark(run.number);
};

const foundManual: Handler = (story, heard) => {
  const { data } = heard;
  const author = asData(data['author']);
  story.commit(
    heard,
    { iteration: null },
    {
      kind: 'manual',
      agent: null,
      iteration: asInteger(data['beforeIteration']),
      origin: asText(data['origin']),
      author_name: asText(author['name']),
      author_email: asText(author['email']),
      authored_at: asTime(data['authoredAt']),
    },
  );
};

const task: Handler = (story, { event, data, place }) => {
  if (data['prompt'] === null || data['prompt'] === undefined) return;
  story.book.messages.push(messageRow(place, { event, role: 'user', kind: 'task', text: data['prompt'] }));
};

const message: Handler = (story, heard) => {
  const { event, data, place } = heard;
  const run = story.runOf(heard);
  if (run) run.messages += 1;
  story.book.messages.push(messageRow(place, { event, role: 'agent', kind: 'message', text: data['text'] }));
};

const HANDLERS = new Map<string, Handler>([
  ['session.created', task],
  ['prompt.replaced', task],
  ['iteration.started', began],
  ['thread.started', of((run, { data }) => run.thread(data))],
  ['agent-message.received', message],
  ['tool-call.started', (story, heard) => story.called(heard, story.runOf(heard))],
  ['tool-call.finished', (story, heard) => story.cameBack(heard, story.runOf(heard))],
  ['usage.reported', of((run, { data, event }) => run.used.report(data, asText(data['model']), event.at))],
  ['cost.reported', of((run, { data }) => run.used.bill(data))],
  ['agent.finished', of((run, { data }) => run.agentEnded(data))],
  ['agent-commit.folded', of((run) => (run.foldedCommits += 1))],
  ['iteration.finished', ended],
  ['manual-commit.found', foundManual],
  ['test-run.finished', (story, heard) => story.tested(heard, story.runOf(heard))],
  ['test-run.interrupted', (story, heard) => story.tested(heard, story.runOf(heard))],
]);
