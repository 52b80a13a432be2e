import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Duplex, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Child, ChildEnd, ChildOptions } from './child.ts';
import { readOutput } from './output.ts';
import { childrenOf, descendantsIn, listProcesses, sendSignal } from './processes.ts';
import { resolveCommand } from './programs.ts';
import { createStop } from './stopper.ts';
import type { NamespacePrefix } from './strength.ts';

/**
 * The first process of the namespace. It starts the program only when we are still there (a death before
 * `setpriv` took hold goes unnoticed otherwise), says with which status the program ended, and holds the namespace
 * open until we have counted who is left. Its end is the end of all. The program's stderr comes as 4, since `unshare`
 * and the shell have words of their own for 2.
 */
const INIT = 'echo up >&3; read -r go <&3 || exit 125; (exec "$@" 2>&4 3>&- 4>&-); echo "$?" >&3; read -r bye <&3';

/** How long processes that are on their way out may take before they count as survivors. */
const LEAVING_MS = 200;

const SIGNAL_NAMES = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** A shell tells the death by signal n as status 128 + n. */
export const endOf = (status: number): Pick<ChildEnd, 'exitCode' | 'signal'> => {
  const signal = status > 128 ? SIGNAL_NAMES.get(status - 128) : undefined;
  return signal ? { exitCode: null, signal } : { exitCode: status, signal: null };
};

/** Lines of a control pipe, one at a time; undefined at its end. */
const createLineReader = (pipe: Duplex): (() => Promise<string | undefined>) => {
  let held = '';
  const chunks = pipe[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  return async () => {
    while (!held.includes('\n')) {
      const { value, done } = await chunks.next().catch(() => ({ value: undefined, done: true }));
      if (done || value === undefined) return undefined;
      held += value.toString('latin1');
    }
    const end = held.indexOf('\n');
    const line = held.slice(0, end);
    held = held.slice(end + 1);
    return line;
  };
};

const living = (init: number) => descendantsIn(listProcesses(), init);

/** Waits for processes that are just leaving; answers how many are not. */
const countSurvivors = async (init: number): Promise<number> => {
  for (let waited = 0; waited < LEAVING_MS; waited += 20) {
    if (childrenOf(init).length === 0 || living(init).length === 0) return 0;
    await sleep(20);
  }
  return living(init).length;
};

class NamespaceRun {
  #status: number | undefined;
  #survivors = 0;
  #exited = false;
  readonly #init: number;
  readonly ended: Promise<ChildEnd>;

  constructor(holder: ChildProcess, readLine: () => Promise<string | undefined>) {
    this.#init = childrenOf(holder.pid!)[0] ?? holder.pid!;
    const control = holder.stdio[3] as Duplex;
    const exit = new Promise<[number | null, string | null]>((resolve) => {
      holder.on('error', () => {});
      holder.once('exit', (exitCode, signal) => resolve([exitCode, signal]));
    });
    const told = readLine().then((line) => this.#leave(line, control));
    this.ended = exit.then(async ([exitCode, signal]) => {
      this.#exited = true;
      await told;
      control.destroy();
      const end = this.#status === undefined ? { exitCode, signal } : endOf(this.#status);
      return { ...end, survivors: this.#survivors };
    });
  }

  get hasEnded(): boolean {
    return this.#status !== undefined || this.#exited;
  }

  async #leave(line: string | undefined, control: Duplex): Promise<void> {
    if (line === undefined) return;
    this.#status = Number(line);
    this.#survivors = await countSurvivors(this.#init);
    if (this.#survivors > 0) sendSignal(this.#init, 'SIGKILL');
    control.end('bye\n');
  }

  /**
   * To the program and its process group, as Ctrl-C at a terminal: a shell would wait for the command it runs.
   * Just after the start the program may not be there yet: then a little later.
   */
  signal(name: NodeJS.Signals, tries = 50): void {
    if (this.hasEnded) return;
    const program = childrenOf(this.#init)[0];
    const inside = program === undefined ? [] : living(this.#init);
    const group = inside.find(({ pid }) => pid === program)?.group;
    if (program !== undefined)
      for (const { pid } of inside.filter((entry) => entry.group === group)) sendSignal(pid, name);
    else if (tries > 0) setTimeout(() => this.signal(name, tries - 1), 10);
    else sendSignal(this.#init, 'SIGKILL');
  }
}

/** Starts a child in its own PID namespace. Undefined when the namespace cannot be had at this moment. */
export const startInNamespace = async (prefix: NamespacePrefix, options: ChildOptions): Promise<Child | undefined> => {
  const command = resolveCommand(options.command, { cwd: options.cwd, path: options.env['PATH'] });
  const [program, ...args] = prefix;
  const holder = spawn(program, [...args, '/bin/sh', '-c', INIT, 'init', command, ...options.args], {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore', 'pipe', 'pipe'],
  });
  await once(holder, 'spawn');
  const control = holder.stdio[3] as Duplex;
  control.on('error', () => {});
  holder.stdin!.on('error', () => {});
  const readLine = createLineReader(control);
  if ((await readLine()) !== 'up') return undefined;
  const run = new NamespaceRun(holder, readLine);
  control.write('go\n');
  holder.stdin!.end(options.stdin === 'ignore' ? undefined : options.stdin);
  const signal = (name: NodeJS.Signals) => run.signal(name);
  return {
    pid: holder.pid!,
    stdout: readOutput(holder.stdout as Readable),
    stderr: readOutput(holder.stdio[4] as Readable),
    ended: run.ended,
    signal,
    stop: createStop({ graceMs: options.graceMs, signal, hasEnded: () => run.hasEnded }),
  };
};
