import type { Clock } from '../clock.ts';
import { type Child, type ChildOptions, startChild } from '../process/child.ts';
import type { AgentEnd, AgentFact, AgentRequest, AgentRun } from './agent.ts';
import { type Line, LineSplitter } from './lines.ts';
import { merge } from './merge.ts';
import { watch } from './watchdog.ts';

export type Stream = 'stdout' | 'stderr';
export type Failure = NonNullable<AgentEnd['failure']>;
export type Stopped = AgentEnd['stopped'];

/** What a listener makes of one line. */
export interface Heard {
  facts: AgentFact[];
  /** The line must not be handed on: it holds a secret. */
  withhold?: true;
  /** The run is lost: end it now. */
  stop?: true;
}

export interface ProcessEnd {
  exitCode: number | null;
  signal: string | null;
  stopped: Stopped;
}

/** An adapter's ear: one for each run. */
export interface Listener {
  hear(line: Line, stream: Stream): Heard;
  /** The agent has said its last word: from now on it should end. */
  readonly isDone: boolean;
  /** After the end: what it comes to, and facts that only the end makes. */
  conclude(end: ProcessEnd): Pick<AgentEnd, 'result' | 'failure' | 'unknownLines' | 'unreadableLines'> & {
    facts?: AgentFact[];
  };
}

export interface Play {
  request: AgentRequest;
  clock: Clock;
  child: Omit<ChildOptions, 'contain'>;
  listener: Listener;
  /** Milliseconds, when the request names none; undefined: no limit. */
  defaults: { firstOutputMs?: number; idleMs?: number };
  /** Says what an error of the start means. */
  startFailure(error: NodeJS.ErrnoException): Failure;
  /** More facts once the process has ended, such as the cost; `signal` when nobody wants to wait. */
  afterwards?(end: Pick<AgentEnd, 'failure' | 'stopped'>, signal: AbortSignal): Promise<AgentFact[]>;
}

/** How long an agent may take to end after its last word. */
const LINGER_MS = 60_000;

class Playing implements AgentRun {
  readonly facts: AsyncIterable<AgentFact>;
  readonly #play: Play;
  readonly #child: Child;
  readonly #startedAt: number;
  readonly #hurry = new AbortController();
  #stopped: Stopped = 'no';
  #hasOutput = false;

  constructor(play: Play, child: Child, startedAt: number) {
    this.#play = play;
    this.#child = child;
    this.#startedAt = startedAt;
    this.facts = this.#run();
  }

  stop(how: 'gently' | 'now'): void {
    this.#end('user', how);
    this.#hurry.abort();
  }

  /** The first reason stands. */
  #end(why: Stopped, how: 'gently' | 'now'): void {
    if (this.#stopped === 'no') this.#stopped = why;
    this.#child.stop(how);
  }

  #patience(): number | undefined {
    const { request, defaults, listener } = this.#play;
    const first = request.firstOutputMs ?? defaults.firstOutputMs;
    const idle = request.idleMs ?? defaults.idleMs;
    if (listener.isDone) return Math.min(LINGER_MS, idle || LINGER_MS);
    return this.#hasOutput ? idle : first;
  }

  #await<Value>(promise: Promise<Value>): Promise<Value> {
    return watch(promise, { ms: this.#patience(), bite: () => this.#end('silent', 'gently') });
  }

  async *#run(): AsyncGenerator<AgentFact, void, undefined> {
    const { timeoutMs } = this.#play.request;
    const limit = timeoutMs
      ? setTimeout(() => this.#end('timeout', 'gently'), Math.min(timeoutMs, 2 ** 31 - 1))
      : undefined;
    try {
      yield* this.#listen();
      const ended = await this.#await(this.#child.ended);
      clearTimeout(limit);
      yield* this.#conclude(ended);
    } finally {
      clearTimeout(limit);
      this.#child.stop('now');
    }
  }

  async *#listen(): AsyncGenerator<AgentFact, void, undefined> {
    const splitters = { stdout: new LineSplitter(), stderr: new LineSplitter() };
    const chunks = merge([tagged(this.#child.stdout, 'stdout'), tagged(this.#child.stderr, 'stderr')]);
    for (;;) {
      const { value, done } = await this.#await(chunks.next());
      if (done) break;
      this.#hasOutput = true;
      for (const line of splitters[value.stream].push(value.bytes)) yield* this.#hear(line, value.stream);
    }
    for (const stream of ['stdout', 'stderr'] as const)
      for (const line of splitters[stream].end()) yield* this.#hear(line, stream);
  }

  *#hear(line: Line, stream: Stream): Generator<AgentFact, void, undefined> {
    const heard = this.#play.listener.hear(line, stream);
    if (heard.stop) this.#child.stop('now');
    if (!heard.withhold) yield { kind: 'line', stream, ...line };
    yield* heard.facts;
  }

  async *#conclude(ended: Awaited<Child['ended']>): AsyncGenerator<AgentFact, void, undefined> {
    const { clock, listener, afterwards } = this.#play;
    const durationMs = clock.elapsed() - this.#startedAt;
    const stopped = this.#stopped;
    const { broken, ...end } = ended;
    const { facts = [], ...verdict } = listener.conclude({ ...end, stopped });
    yield* facts;
    // That what held it broke is no failure of the agent.
    if (broken !== undefined && stopped === 'no') verdict.failure = sandboxFailure(brokenText(broken));
    if (afterwards && stopped !== 'user')
      yield* await afterwards({ failure: verdict.failure, stopped }, this.#hurry.signal);
    yield { kind: 'finished', ...end, durationMs, ...verdict, stopped };
  }
}

async function* tagged(source: AsyncIterable<Buffer>, stream: Stream) {
  for await (const bytes of source) yield { stream, bytes };
}

const brokenText = (how: string): string => `The container of the agent ended before the agent did: ${how}.`;

/** What has to do with the machine, and says nothing of the agent. */
const sandboxFailure = (message: string): Failure => ({
  code: 'sandbox.failed',
  message,
  hint: 'Look at it with `amp-sessions doctor`, then iterate again.',
});

/** A run that ended before it began. */
export const failedStart = (failure: Failure): AgentRun => ({
  facts: (async function* () {
    yield {
      kind: 'finished',
      exitCode: null,
      signal: null,
      durationMs: 0,
      result: null,
      failure,
      stopped: 'no',
      unknownLines: 0,
      unreadableLines: 0,
      survivors: 0,
    } satisfies AgentEnd;
  })(),
  stop: () => {},
});

/**
 * Starts an agent's process, contained, and turns what it prints into facts: each line first, then what the listener
 * makes of it, `finished` last. An agent that cannot be started is a run with an end, never an error.
 */
export const playAgent = async (play: Play): Promise<AgentRun> => {
  const startedAt = play.clock.elapsed();
  try {
    const child = await startChild({ ...play.child, contain: true, sandbox: play.request.sandbox });
    return new Playing(play, child, startedAt);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (typeof code !== 'string') throw error;
    if (code === 'ESANDBOX') return failedStart(sandboxFailure(message));
    return failedStart(play.startFailure(error as NodeJS.ErrnoException));
  }
};
