import { type ChildProcess, spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { builtProgram } from './built-program.ts';
import type { Child, ChildEnd, ChildOptions } from './child.ts';
import { sendSignal } from './processes.ts';
import type { FromStarter, ToStarter } from './starter-messages.ts';
import { createStop } from './stopper.ts';

/** Its heap stays small, as that is what makes it quick. */
const FLAGS = ['--max-semi-space-size=1', '--max-old-space-size=128'];

/** The starter itself has ended. */
class StarterLost extends Error {
  readonly code = 'EPIPE';
}

/** One program that the starter started, as far as it was heard of. */
class Away {
  pid: number | undefined;
  end: ChildEnd | undefined;
  readonly #open = new Set<'stdout' | 'stderr'>(['stdout', 'stderr']);
  readonly stdout = new Readable({ read: () => {} });
  readonly stderr = new Readable({ read: () => {} });
  readonly started: Promise<void>;
  readonly ended: Promise<ChildEnd>;
  #start!: () => void;
  #fail!: (error: Error) => void;
  #finish!: (end: ChildEnd) => void;

  constructor() {
    this.started = new Promise((resolve, reject) => {
      this.#start = resolve;
      this.#fail = reject;
    });
    this.ended = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  hear(message: FromStarter): void {
    if ('pid' in message) {
      this.pid = message.pid;
      this.#start();
    } else if ('error' in message) {
      const { message: text, code } = message.error;
      this.lose(Object.assign(new Error(text), { code }));
    } else if ('stream' in message) this.#push(message.stream, message.bytes);
    else this.#leave({ ...message.end, survivors: 0 });
  }

  /** Nobody hears of it any more. It ends as if it had been killed, and so it is. */
  lose(error: Error): void {
    if (this.pid !== undefined && !this.end) sendSignal(-this.pid, 'SIGKILL');
    this.#fail(error);
    this.#leave({ exitCode: null, signal: 'SIGKILL', survivors: 0 });
    for (const stream of this.#open) this.#push(stream, null);
  }

  /** Nothing is left to be heard. */
  get isOver(): boolean {
    return this.end !== undefined && this.#open.size === 0;
  }

  #push(name: 'stdout' | 'stderr', bytes: Uint8Array | null): void {
    this[name].push(bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    if (!bytes) this.#open.delete(name);
  }

  #leave(end: ChildEnd): void {
    this.end ??= end;
    this.#finish(this.end);
  }
}

/**
 * A small process that starts programs for a large one. To start one, Linux copies the page tables of whoever asks: out
 * of 200 MB that takes 10 ms, in which nothing else is done, and out of this one 1 ms. Where it is gone, programs are
 * started as ever.
 */
export class Starter {
  readonly #process: ChildProcess;
  readonly #away = new Map<number, Away>();
  #last = 0;
  #isClosing = false;

  constructor(entry: string) {
    this.#process = spawn(process.execPath, [...FLAGS, entry], {
      cwd: '/',
      env: {},
      detached: true,
      windowsHide: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    });
    this.#process.on('message', (message: FromStarter) => this.#hear(message));
    this.#process.on('error', () => this.#lose());
    this.#process.on('disconnect', () => this.#lose());
    this.#process.unref();
    this.#process.channel?.unref();
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get isThere(): boolean {
    return this.#process.connected;
  }

  /** @throws the raw error of `spawn`, and one with code EPIPE when the starter itself ends meanwhile */
  async start(options: ChildOptions): Promise<Child> {
    const id = ++this.#last;
    const away = new Away();
    this.#away.set(id, away);
    this.#process.channel?.ref();
    const { command, args, cwd, env, stdin } = options;
    const hasInput = stdin !== undefined && stdin !== 'ignore';
    this.#say({ id, start: { command, args, cwd, env, ...(hasInput && { stdin }) } });
    await away.started;
    const hasEnded = (): boolean => away.end !== undefined;
    const signal = (name: NodeJS.Signals): void => {
      if (!hasEnded()) this.#say({ id, signal: name });
    };
    return {
      pid: away.pid!,
      stdout: away.stdout,
      stderr: away.stderr,
      ended: away.ended,
      signal,
      stop: createStop({ graceMs: options.graceMs, signal, hasEnded }),
    };
  }

  /** Ends the starter once all that it started has ended. */
  close(): void {
    this.#isClosing = true;
    this.#rest();
  }

  #say(message: ToStarter): void {
    if (this.isThere) this.#process.send(message, () => {});
  }

  #hear(message: FromStarter): void {
    const away = this.#away.get(message.id);
    away?.hear(message);
    if (away?.isOver) this.#forget(message.id);
  }

  #forget(id: number): void {
    this.#away.delete(id);
    this.#rest();
  }

  #rest(): void {
    if (this.#away.size > 0) return;
    this.#process.channel?.unref();
    if (this.#isClosing && this.isThere) this.#process.disconnect();
  }

  #lose(): void {
    const error = new StarterLost('the process that starts others ended');
    for (const away of this.#away.values()) away.lose(error);
    this.#away.clear();
  }
}

let current: Starter | undefined;

/** While this works, programs that need no containment are started by a small process, if there is one. */
export const withStarter = async <T>(work: () => Promise<T>): Promise<T> => {
  const entry =
    current || process.platform === 'win32' ? undefined : builtProgram('process/starter-main', import.meta.dirname);
  if (entry === undefined) return work();
  const starter = new Starter(entry);
  current = starter;
  try {
    return await work();
  } finally {
    current = undefined;
    starter.close();
  }
};

const unlessLost = (error: unknown): undefined => {
  if (!(error instanceof StarterLost)) throw error;
};

/** Undefined, at once or when the starter ended before it had begun, where nobody but we ourselves can start it. */
export const startAway = (options: ChildOptions): Promise<Child | undefined> | undefined =>
  current?.isThere ? current.start(options).catch(unlessLost) : undefined;
