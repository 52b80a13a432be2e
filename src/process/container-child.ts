import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../clock.ts';
import type { Child, ChildEnd, ChildOptions } from './child.ts';
import { clientEnv, containerArguments } from './container-arguments.ts';
import { containerName, endContainer } from './containers.ts';
import { type DeadMan, startDeadMan } from './dead-man.ts';
import { askEngine, type EngineCall, troubleOf } from './engine.ts';
import { endOf } from './namespace-child.ts';
import { cutWhenQuiet, readOutput } from './output.ts';
import { type Container, type Sandbox, sandboxError } from './sandbox.ts';
import { SignedOutput } from './signed-output.ts';
import { createStop } from './stopper.ts';

/**
 * What a container's first shell does: it finds programs after the image's own where it is told, says that it is up, and
 * starts the program when we are still there. It outlives a Ctrl-C that is sent to all in the container, to tell how
 * the program ended and who is left then (beside itself and the container's init); its end is the end of all.
 */
const INIT = `sign=$1 more=$2
shift 2
[ -z "$more" ] || PATH=\${PATH:+$PATH:}$more
export PATH
command -v "$1" >/dev/null 2>&1 || { echo "$sign missing" >&2; exit 127; }
echo "$sign up" >&2
read -r go || exit 125
trap : HUP INT TERM
(trap - HUP INT TERM; exec "$@")
status=$?
for round in 1 2 3 4 5 6 7 8 9 10; do
  set -- /proc/[0-9]*
  left=$(($# - 2))
  [ "$left" -gt 0 ] || break
  sleep 0.02 || sleep 1
done 2>/dev/null
[ "$left" -ge 0 ] || left=0
printf '\\n%s end %s %s\\n' "$sign" "$status" "$left" >&2
exit "$status"`;

/** Until a container is up: engines take a second, under load more. */
const START_MS = 60_000;
/** Until an engine's client has heard that its container is gone. */
const GONE_MS = 10_000;

const real = (path: string): string | undefined => {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
};

const exitOf = (client: ChildProcess): Promise<[number | null, string | null]> =>
  new Promise((resolve) => {
    client.on('error', () => {});
    client.once('exit', (exitCode, signal) => resolve([exitCode, signal]));
  });

/** An engine's client and the container behind it: killing the one does not end the other. */
class ContainerRun {
  readonly output: SignedOutput;
  readonly ended: Promise<ChildEnd>;
  readonly client: ChildProcess;
  readonly #call: EngineCall;
  readonly #name: string;
  readonly #exit: Promise<[number | null, string | null]>;
  #hasExited = false;
  #isStopped = false;

  constructor(client: ChildProcess, how: { call: EngineCall; name: string; sign: string; deadMan: DeadMan }) {
    this.client = client;
    this.#call = how.call;
    this.#name = how.name;
    this.output = new SignedOutput(how.sign);
    const [stdout, stderr] = [client.stdout!, client.stderr!];
    const read = once(stderr.pipe(this.output), 'finish').catch(() => {});
    stderr.once('close', () => this.output.writableEnded || this.output.end());
    this.#exit = exitOf(client);
    this.ended = this.#exit.then(async (exit) => {
      this.#hasExited = true;
      for (const stream of [stdout, stderr]) cutWhenQuiet(stream as Readable);
      await read;
      const end = this.#endOf(exit);
      // Whatever else it came to: nothing of it stays.
      if (end.broken !== undefined || exit[0] !== this.output.told?.status) await endContainer(how.call, how.name);
      how.deadMan.dismiss();
      return end;
    });
  }

  get hasEnded(): boolean {
    return this.#hasExited || this.output.told !== undefined;
  }

  #endOf([exitCode, signal]: [number | null, string | null]): ChildEnd {
    const told = this.output.told;
    if (told) return { ...endOf(told.status), survivors: told.survivors };
    if (this.#isStopped) return { exitCode: null, signal: 'SIGKILL', survivors: 0 };
    const how =
      signal === null ? `its engine says exit code ${exitCode}` : `its engine's client was ended by ${signal}`;
    return { exitCode, signal, survivors: 0, broken: how };
  }

  /** To all in the container but its init and the shell that waits there, as Ctrl-C at a terminal. */
  signal(name: NodeJS.Signals): void {
    if (this.hasEnded) return;
    if (name === 'SIGKILL') void this.kill();
    else void askEngine(this.#call, ['exec', this.#name, '/bin/sh', '-c', `kill -s ${name.slice(3)} -- -1`]);
  }

  /** Ends the container, and its client where that does not hear of it. */
  async kill(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (let began = systemClock.elapsed(); !this.#hasExited && systemClock.elapsed() - began < GONE_MS; ) {
      await endContainer(this.#call, this.#name);
      await Promise.race([this.#exit, sleep(250)]);
    }
    if (!this.#hasExited) this.client.kill('SIGKILL');
  }
}

/** The shell's first word, or that it took too long. */
const firstWord = async (run: ContainerRun): Promise<string | undefined> => {
  const late = new AbortController();
  const limit = sleep(START_MS, 'late', { signal: late.signal }).catch(() => undefined);
  const word = await Promise.race([run.output.started, limit]);
  late.abort();
  return word;
};

const startError = (word: string | undefined, run: ContainerRun, command: string, engine: string): Error => {
  if (word === 'missing') return sandboxError(`There is no program ${command} in the container of the agent.`);
  if (word === 'late') return sandboxError(`The container of the agent was not up within ${START_MS / 1000} seconds.`);
  const { words } = troubleOf({ stderr: run.output.words });
  return sandboxError(`The container of the agent cannot be started (${engine}): ${words}`);
};

/**
 * Starts a child in a container of its own.
 * @throws an error with code `ESANDBOX` and a sentence when it cannot be had, or has no such program
 */
export const startInContainer = async (
  options: ChildOptions & { marker: string },
  sandbox: Sandbox,
  container: Container,
): Promise<Child> => {
  const { env, marker } = options;
  const iteration = env['AMP_SESSIONS_ITERATION'] ?? '0';
  const name = containerName({ session: env['AMP_SESSIONS_SESSION'] ?? 'none', iteration, marker });
  const sign = `amp-sessions-${systemClock.newId()}${systemClock.newId()}`;
  const call = { program: container.program, env: clientEnv(env) };
  const words = [sign, container.path.join(':'), options.command, ...options.args];
  const args = containerArguments({ name, sandbox, container, env, real }, INIT, words);
  const deadMan = startDeadMan(marker, { call, name });
  const client = spawn(call.program, args, { cwd: '/', env: call.env, detached: true, stdio: 'pipe' });
  try {
    await once(client, 'spawn');
  } catch (error) {
    deadMan.dismiss();
    throw sandboxError(`${call.program} cannot be started (${(error as NodeJS.ErrnoException).code}).`);
  }
  deadMan.guard(client.pid!);
  client.stdin.on('error', () => {});
  const run = new ContainerRun(client, { call, name, sign, deadMan });
  const word = await firstWord(run);
  if (word !== 'up') {
    if (word === 'late') await run.kill();
    run.output.resume();
    client.stdout.resume();
    await run.ended;
    throw startError(word, run, options.command, container.engine);
  }
  client.stdin.write('go\n');
  client.stdin.end(options.stdin === 'ignore' ? undefined : options.stdin);
  const signal = (which: NodeJS.Signals): void => run.signal(which);
  return {
    pid: client.pid!,
    stdout: readOutput(client.stdout as Readable),
    stderr: readOutput(run.output),
    ended: run.ended,
    signal,
    stop: createStop({ graceMs: options.graceMs, signal, hasEnded: () => run.hasEnded }),
  };
};
