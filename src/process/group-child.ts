import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Child, ChildEnd, ChildOptions } from './child.ts';
import { startDeadMan } from './dead-man.ts';
import { Family } from './family.ts';
import { cutWhenQuiet, readOutput } from './output.ts';
import { sendSignal } from './processes.ts';
import { createStop } from './stopper.ts';

const onWindows = process.platform === 'win32';

const LEAVING_MS = 200;
const SWEEPS = 20;

/** Kills until nobody is left, since who is killed may just have made another; answers how many there were. */
const sweep = async (family: Family): Promise<number> => {
  for (let waited = 0; waited < LEAVING_MS && family.left().length > 0; waited += 20) await sleep(20);
  const killed = new Set<string>();
  for (let round = 0; round < SWEEPS; round++) {
    const left = family.left();
    if (left.length === 0) break;
    for (const entry of left) {
      killed.add(`${entry.pid} ${entry.startTime}`);
      sendSignal(entry.pid, 'SIGKILL');
    }
    await sleep(10);
  }
  return killed.size;
};

/** `cmd /d /s /c <line>` takes the line as it is, in quotes of its own; Node would escape what is inside. */
const windowsArguments = ({ command, args }: ChildOptions): { args: string[]; isVerbatim: boolean } => {
  const isShell = onWindows && /(^|[\\/])cmd(\.exe)?$/i.test(command) && args[2] === '/c' && args.length === 4;
  return isShell ? { args: [...args.slice(0, 3), `"${args[3]}"`], isVerbatim: true } : { args, isVerbatim: false };
};

const signalGroup = (child: ChildProcess, name: NodeJS.Signals): void => {
  if (onWindows) {
    if (name === 'SIGKILL') spawnSync('taskkill', ['/pid', String(child.pid), '/T', '/F'], { stdio: 'ignore' });
    else child.kill(name);
  } else if (!sendSignal(-child.pid!, name)) child.kill(name);
};

const exitOf = (child: ChildProcess): Promise<[number | null, string | null]> =>
  new Promise((resolve) => {
    child.on('error', () => {});
    child.once('exit', (exitCode, signal) => resolve([exitCode, signal]));
  });

const endOf = async (child: ChildProcess, clean: () => Promise<number>): Promise<ChildEnd> => {
  const [exitCode, signal] = await exitOf(child);
  const survivors = await clean();
  for (const stream of [child.stdout, child.stderr]) if (stream) cutWhenQuiet(stream as Readable);
  return { exitCode, signal, survivors };
};

/** Starts a child in its own process group; contained, it is also watched over, and swept up behind. */
export const startInGroup = async (options: ChildOptions): Promise<Child> => {
  const deadMan = options.contain && !onWindows ? startDeadMan(options.marker) : undefined;
  const { args, isVerbatim } = windowsArguments(options);
  const child = spawn(options.command, args, {
    cwd: options.cwd,
    env: options.env,
    detached: !onWindows,
    windowsHide: true,
    windowsVerbatimArguments: isVerbatim,
    stdio: [options.stdin === undefined || options.stdin === 'ignore' ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  // At once: who kills us now must not leave it to itself.
  if (child.pid !== undefined) deadMan?.guard(child.pid);
  try {
    await once(child, 'spawn');
  } catch (error) {
    deadMan?.dismiss();
    throw error;
  }
  child.stdin?.on('error', () => {});
  if (options.stdin !== 'ignore') child.stdin?.end(options.stdin);
  const family = options.contain && !onWindows ? new Family(child.pid!, options.marker ?? '') : undefined;
  const ended = endOf(child, async () => {
    family?.close();
    const survivors = family ? await sweep(family) : 0;
    deadMan?.dismiss();
    return survivors;
  });
  const signal = (name: NodeJS.Signals): void => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    if (options.contain && !onWindows) sendSignal(child.pid!, name);
    else signalGroup(child, name);
  };
  return {
    pid: child.pid!,
    stdout: readOutput(child.stdout as Readable),
    stderr: readOutput(child.stderr as Readable),
    ended,
    signal,
    stop: createStop({
      graceMs: options.graceMs,
      signal,
      hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    }),
  };
};
