import { AppError } from '../errors.ts';
import { type RunResult, run } from '../process/run.ts';
import { errorCode } from './files.ts';
import { type InvocationOptions, prepareGit, subcommandAt } from './invocation.ts';
import type { Repository } from './repository.ts';

export { type CatFile, type CatObject, catFileStream, openCatFile, READ_THROUGH } from './cat-file.ts';
export type { Trust } from './invocation.ts';
export { type GitVersion, gitVersion } from './version.ts';

export interface GitOptions extends InvocationOptions {
  stdin?: Buffer | string;
  /** Default ten minutes. */
  timeoutMs?: number;
  /** Of stdout; default 256 MiB. */
  maxBytes?: number;
  /** Exit codes that are answers; default `[0]`. */
  ok?: number[];
  /** Ends git like a time-out. */
  signal?: AbortSignal;
}

export interface GitResult {
  exitCode: number;
  stdout: Buffer;
  stderr: string;
}

const TIMEOUT_MS = 600_000;
const MAX_BYTES = 256 * 1024 * 1024;

/** The line of git's own words that says most: the last `fatal:` or `error:`, else the last line. */
export const lastWords = (stderr: string): string => {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const telling = lines.findLast((line) => /^(fatal|error): /.test(line)) ?? lines.at(-1) ?? '';
  return telling.replace(/^(fatal|error): /, '');
};

const nameOf = (args: string[]): string => `git ${args[subcommandAt(args)]}`;

const failure = (args: string[], result: RunResult, options: GitOptions): AppError => {
  const name = nameOf(args);
  if (result.timedOut) {
    return new AppError('git.timeout', `${name} did not end within ${(options.timeoutMs ?? TIMEOUT_MS) / 1000} s.`, {
      hint: 'Look whether the disk or a network file system hangs, then try again.',
    });
  }
  const stderr = result.stderr.toString('utf8');
  const reason = result.truncated
    ? `answered more than ${options.maxBytes ?? MAX_BYTES} bytes`
    : lastWords(stderr) || `ended with ${result.signal ?? `exit code ${result.exitCode}`}`;
  return new AppError('git.failed', `${name}: ${reason}`, {
    details: { args, exitCode: result.exitCode, stderr: stderr.slice(-4000) },
  });
};

const startFailure = (args: string[], error: unknown): unknown => {
  const code = errorCode(error);
  if (code === 'ENOENT') {
    return new AppError('git.missing', 'git cannot be started: it, or the folder to work in, is gone.', {
      cause: error,
    });
  }
  return code === ''
    ? error
    : new AppError('git.failed', `${nameOf(args)} cannot be started: ${code}.`, { cause: error });
};

/**
 * THE DOOR: the one way to have git do something and answer. Nothing that the repository brings along is started.
 * User-given names must have been resolved to object ids or full refs before they come here.
 * @throws AppError git.failed with git's own last words, git.timeout, git.missing, worktree.missing, worktree.blocked,
 *   repository.unsafe
 */
export const git = async (repo: Repository, args: string[], options: GitOptions = {}): Promise<GitResult> => {
  const invocation = await prepareGit(repo, args, options);
  let result: RunResult;
  try {
    result = await run({
      ...invocation,
      ...(options.stdin !== undefined && { stdin: options.stdin }),
      ...(options.signal && { signal: options.signal }),
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
      maxBytes: options.maxBytes ?? MAX_BYTES,
    });
  } catch (error) {
    throw startFailure(args, error);
  }
  const isAnswer = result.exitCode !== null && (options.ok ?? [0]).includes(result.exitCode);
  if (!isAnswer || result.timedOut || result.truncated) throw failure(args, result, options);
  return { exitCode: result.exitCode!, stdout: result.stdout, stderr: result.stderr.toString('utf8') };
};

/** What git prints, as text, without the newline at its end. */
export const gitText = async (repo: Repository, args: string[], options: GitOptions = {}): Promise<string> =>
  (await git(repo, args, options)).stdout.toString('utf8').replace(/\n$/, '');
