import { systemClock } from '../clock.ts';
import { type Child, startChild } from './child.ts';
import type { Sandbox } from './sandbox.ts';
import { TailBuffer } from './tail-buffer.ts';

export interface RunOptions {
  command: string;
  args: string[];
  cwd: string;
  /** The whole environment: nothing is inherited. */
  env: Record<string, string>;
  stdin?: Buffer | string;
  /** Milliseconds for the whole run: then SIGTERM, and SIGKILL two seconds later. */
  timeoutMs?: number;
  /** Of stdout: over it the child is killed and `truncated` set. */
  maxBytes?: number;
  /** Keep only the last so many bytes of stdout and stderr as they came, in `tail`; `stdout` stays empty then. */
  tailBytes?: number;
  /** Whole-tree containment, as in `startChild`. */
  contain?: boolean;
  /** As in `startChild`. */
  sandbox?: Sandbox;
  /** Stops the run like a time-out, without `timedOut`. */
  signal?: AbortSignal;
  onOutput?(chunk: Buffer, stream: 'stdout' | 'stderr'): void;
}

export interface RunResult {
  exitCode: number | null;
  signal: string | null;
  timedOut: boolean;
  truncated: boolean;
  stdout: Buffer;
  /** The last 1 MiB. */
  stderr: Buffer;
  tail: Buffer;
  /** Of both streams together. */
  outputBytes: number;
  durationMs: number;
}

const STDERR_BYTES = 1 << 20;
/** A longer time `setTimeout` takes for none. */
const LONGEST_MS = 2 ** 31 - 1;
const KILL_AFTER_MS = 2_000;

/** Gathers what a child writes, within the limits of a run. */
class Collector {
  readonly #options: RunOptions;
  readonly #onOverflow: () => void;
  readonly #stdout: Buffer[] = [];
  #stdoutBytes = 0;
  readonly #stderr = new TailBuffer(STDERR_BYTES);
  readonly #tail: TailBuffer;
  outputBytes = 0;
  truncated = false;

  constructor(options: RunOptions, onOverflow: () => void) {
    this.#options = options;
    this.#onOverflow = onOverflow;
    this.#tail = new TailBuffer(options.tailBytes ?? 0);
  }

  async read(source: AsyncIterable<Buffer>, stream: 'stdout' | 'stderr'): Promise<void> {
    for await (const chunk of source) {
      this.outputBytes += chunk.length;
      this.#options.onOutput?.(chunk, stream);
      this.#tail.push(chunk);
      if (stream === 'stderr') this.#stderr.push(chunk);
      else this.#keep(chunk);
    }
  }

  #keep(chunk: Buffer): void {
    if (this.truncated || this.#options.tailBytes !== undefined) return;
    const room = (this.#options.maxBytes ?? Number.POSITIVE_INFINITY) - this.#stdoutBytes;
    const kept = chunk.length > room ? chunk.subarray(0, room) : chunk;
    this.#stdout.push(kept);
    this.#stdoutBytes += kept.length;
    if (kept === chunk) return;
    this.truncated = true;
    this.#onOverflow();
  }

  result() {
    const stdout = this.#stdout.length === 1 ? this.#stdout[0]! : Buffer.concat(this.#stdout);
    return {
      truncated: this.truncated,
      outputBytes: this.outputBytes,
      stdout,
      stderr: this.#stderr.bytes(),
      tail: this.#tail.bytes(),
    };
  }
}

/** SIGTERM now and SIGKILL a little later; `cancel` when the child has ended. */
const createEnder = (child: Child): { end(): void; cancel(): void } => {
  let timer: NodeJS.Timeout | undefined;
  return {
    end: () => {
      if (timer) return;
      child.signal('SIGTERM');
      timer = setTimeout(() => child.stop('now'), KILL_AFTER_MS);
    },
    cancel: () => clearTimeout(timer),
  };
};

/**
 * Runs a program to its end, within limits. A bad exit is an answer, not an error.
 * @throws the raw error of `spawn`, and `AbortError` when `signal` was aborted before the start.
 */
export const run = async (options: RunOptions): Promise<RunResult> => {
  options.signal?.throwIfAborted();
  const startedAt = systemClock.elapsed();
  const child = await startChild({ ...options, stdin: options.stdin ?? 'ignore' });
  const ender = createEnder(child);
  let timedOut = false;
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(
          () => {
            timedOut = true;
            ender.end();
          },
          Math.min(options.timeoutMs, LONGEST_MS),
        );
  options.signal?.addEventListener('abort', ender.end, { once: true });
  // The abort may have come while the child was being started.
  if (options.signal?.aborted) ender.end();
  const collector = new Collector(options, () => child.stop('now'));
  const reading = Promise.all([collector.read(child.stdout, 'stdout'), collector.read(child.stderr, 'stderr')]);
  const { exitCode, signal } = await child.ended;
  clearTimeout(timer);
  ender.cancel();
  options.signal?.removeEventListener('abort', ender.end);
  await reading;
  return { exitCode, signal, timedOut, ...collector.result(), durationMs: systemClock.elapsed() - startedAt };
};
