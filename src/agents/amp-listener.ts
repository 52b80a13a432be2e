import type { Clock } from '../clock.ts';
import { failureOf, LOGIN_FAILURE } from './amp-failures.ts';
import { AmpStream } from './amp-stream.ts';
import type { Line } from './lines.ts';
import type { Failure, Heard, Listener, ProcessEnd, Stream } from './play-agent.ts';
import { cutAtWord } from './tool-text.ts';

/** How much of stderr is looked through for the reason of a failure. */
const STDERR_CHARACTERS = 16_384;

/**
 * The login flow, which Amp starts as plain text when it has no key: it waits five minutes for a person, and prints an
 * address with a token that lets whoever has it log in.
 */
const LOGIN_TEXT = /login flow|auth\/cli-login|authToken=|paste your code/i;

export interface AmpListenerOptions {
  clock: Clock;
  /** For messages: `Amp`. */
  name: string;
  /** The first line of stdout has to be JSON, or the start has failed. */
  strictStart: boolean;
}

/** Listens to a program that speaks Amp's stream. */
export class AmpListener implements Listener {
  readonly #options: AmpListenerOptions;
  readonly #stream: AmpStream;
  #stderr = '';
  #hasStarted = false;
  #verdict: Failure | undefined;

  constructor(options: AmpListenerOptions) {
    this.#options = options;
    this.#stream = new AmpStream(options.clock);
  }

  /** The thread that the stream named last. */
  get threadId(): string | undefined {
    return this.#stream.threadId;
  }

  get isDone(): boolean {
    return this.#stream.result !== null;
  }

  hear(line: Line, stream: Stream): Heard {
    return stream === 'stdout' ? this.#hearStdout(line) : this.#hearStderr(line);
  }

  #hearStdout(line: Line): Heard {
    const { kind, facts, text } = this.#stream.read(line);
    if (kind === 'noise' && LOGIN_TEXT.test(text)) return this.#refuseLogin();
    if (this.#verdict?.code === 'agent.login' && kind !== 'message') return { facts: [], withhold: true };
    if (kind === 'noise' && this.#options.strictStart && !this.#hasStarted) return this.#refuseStart(text);
    if (kind !== 'blank') this.#hasStarted = true;
    return { facts };
  }

  #hearStderr(line: Line): Heard {
    const text = line.bytes.subarray(0, STDERR_CHARACTERS).toString('utf8');
    if (LOGIN_TEXT.test(text)) return this.#refuseLogin();
    this.#stderr = `${this.#stderr}${text}\n`.slice(-STDERR_CHARACTERS);
    return { facts: [] };
  }

  #refuseLogin(): Heard {
    this.#verdict = LOGIN_FAILURE;
    return { facts: [], withhold: true, stop: true };
  }

  #refuseStart(text: string): Heard {
    const { name } = this.#options;
    this.#verdict ??= {
      code: 'agent.failed',
      message: `${name} did not start its stream, but said: ${cutAtWord(text, 300)}`,
      hint: 'Try it by hand in the worktree; `amp-sessions verify-amp` checks the installation.',
    };
    return { facts: [], stop: true };
  }

  conclude(end: ProcessEnd): ReturnType<Listener['conclude']> {
    const { result, code, unknownLines, unreadableLines } = this.#stream;
    const found = this.#verdict ?? failureOf(this.#options.name, { end, result, stderr: this.#stderr });
    const failure = found && code?.startsWith('agent.') ? { ...found, code: code as Failure['code'] } : found;
    return { result, failure, unknownLines, unreadableLines };
  }
}
