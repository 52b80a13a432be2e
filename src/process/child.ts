import { systemClock } from '../clock.ts';
import { startInGroup } from './group-child.ts';
import { RUN_MARKER } from './marker.ts';
import { startInNamespace } from './namespace-child.ts';
import { type Sandbox, sandboxError, sandboxPrefix } from './sandbox.ts';
import { startAway } from './starter.ts';
import { namespacePrefix, type StopStrength } from './strength.ts';

export interface ChildOptions {
  command: string;
  args: string[];
  cwd: string;
  /** The whole environment: nothing is inherited. */
  env: Record<string, string>;
  /** Written and closed; `ignore` (the default) is an empty input. */
  stdin?: Buffer | string | 'ignore';
  /** Whole-tree containment: when the child ends, or we die, every process that came from it ends too. */
  contain?: boolean;
  /** Value of AMP_SESSIONS_RUN in the environment, by which strays are found; made up when absent. */
  marker?: string;
  /** Milliseconds between SIGINT, SIGTERM and SIGKILL of a gentle stop; default 3000. */
  graceMs?: number;
  /** Asks for less than the machine can do. */
  strength?: StopStrength;
  /** What it sees of the file system; undefined: all. Only where `contain` is asked for. */
  sandbox?: Sandbox;
}

export interface ChildEnd {
  exitCode: number | null;
  signal: string | null;
  /** Processes that outlived the child and had to be killed; only counted when contained. */
  survivors: number;
  /** What held it ended before it did, for no reason of ours: how, in words. */
  broken?: string;
}

export interface Child {
  /** Of the process that we started: the child itself, or the one that holds its container. */
  pid: number;
  /** Both must be read: a full pipe stops the child. They end with the child, whoever else holds them. */
  stdout: AsyncIterable<Buffer>;
  stderr: AsyncIterable<Buffer>;
  /** When it resolves nothing of a contained child is alive. */
  ended: Promise<ChildEnd>;
  /** `gently`: SIGINT, SIGTERM, SIGKILL with a grace between them. `now`: SIGKILL. */
  stop(how: 'gently' | 'now'): void;
  /** To the child itself when contained, else to its process group. */
  signal(name: NodeJS.Signals): void;
}

/**
 * Starts a program in a session of its own, so that a Ctrl-C at the terminal reaches us and not it.
 * @throws the raw error of `spawn` (`code` ENOENT, EACCES, ENOEXEC, E2BIG); callers say what it means. Where a sandbox
 * cannot be had, one with code `ESANDBOX` and a sentence.
 */
export const startChild = async (options: ChildOptions): Promise<Child> => {
  if (!options.contain) return (await startAway(options)) ?? startInGroup(options);
  const marker = options.marker ?? systemClock.newId();
  const contained = { ...options, marker, env: { ...options.env, [RUN_MARKER]: marker } };
  if (options.sandbox) return startSandboxed(contained, options.sandbox);
  const prefix = options.strength === 'group' ? undefined : await namespacePrefix();
  return (prefix && (await startInNamespace(prefix, contained))) ?? startInGroup(contained);
};

/** Never without the sandbox that was asked for. @throws an error with code `ESANDBOX` and a sentence */
const startSandboxed = async (options: ChildOptions & { marker: string }, sandbox: Sandbox): Promise<Child> => {
  if (sandbox.container) {
    const { startInContainer } = await import('./container-child.ts');
    return startInContainer(options, sandbox, sandbox.container);
  }
  const prefix = sandboxPrefix(sandbox);
  // A folder for temporary files outside of the sandbox is no help inside.
  const { TMPDIR: _, ...env } = options.env;
  const child = prefix && (await startInNamespace(prefix, { ...options, env }));
  if (child) return child;
  throw sandboxError('The sandbox of the agent cannot be made: bubblewrap (`bwrap`) does not work here.');
};
