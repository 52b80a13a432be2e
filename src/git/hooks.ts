import { run } from '../process/run.ts';
import { prepareGit } from './invocation.ts';
import type { Repository, Worktree } from './repository.ts';

export interface HookRun {
  /** 0 when there is no such hook. */
  exitCode: number | null;
  signal: string | null;
  timedOut: boolean;
  /** The last 16 KiB of what it printed. */
  tail: Buffer;
  durationMs: number;
}

export interface HookOptions {
  timeoutMs?: number;
  stdin?: Buffer | string;
  env?: Record<string, string>;
  signal?: AbortSignal;
  onOutput?(chunk: Buffer): void;
}

/** Twice what goes on record: what its front cuts in two is taken off later. */
const TAIL_BYTES = 32 * 1024;

/**
 * Runs one of the user's hooks as git would. It is the repository's own program: only for those who said that they
 * trust it. With its whole process tree contained.
 */
export const runHook = async (
  repo: Repository,
  worktree: Worktree,
  name: string,
  args: string[] = [],
  options: HookOptions = {},
): Promise<HookRun> => {
  const command = ['hook', 'run', '--ignore-missing', name, ...(args.length > 0 ? ['--', ...args] : [])];
  const trust = ['hooks', 'identity'] as const;
  const invocation = await prepareGit(repo, command, { worktree, trust: [...trust], env: options.env });
  const { exitCode, signal, timedOut, tail, durationMs } = await run({
    ...invocation,
    stdin: options.stdin,
    timeoutMs: options.timeoutMs,
    tailBytes: TAIL_BYTES,
    contain: true,
    signal: options.signal,
    onOutput: options.onOutput && ((chunk) => options.onOutput?.(chunk)),
  });
  return { exitCode, signal, timedOut, tail, durationMs };
};
