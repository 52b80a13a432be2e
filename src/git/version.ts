import { AppError } from '../errors.ts';
import { run } from '../process/run.ts';
import { findGit, gitEnvironment } from './environment.ts';

export interface GitVersion {
  major: number;
  minor: number;
  patch: number;
  /** Such as `2.39.5` or `2.39.5 (Apple Git-154)`. */
  text: string;
}

let asked: Promise<GitVersion> | undefined;

const ask = async (): Promise<GitVersion> => {
  const env = gitEnvironment({ roots: [] });
  const command = findGit(env['PATH']!);
  const answer = await run({ command, args: ['version'], cwd: '/', env, timeoutMs: 60_000 });
  const text = answer.stdout
    .toString('utf8')
    .trim()
    .replace(/^git version /, '');
  const parts = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  if (answer.exitCode !== 0 || !parts) {
    throw new AppError('git.failed', `${command} does not say which version it is.`, {
      hint: 'Install git 2.38 or newer.',
    });
  }
  return { major: Number(parts[1]), minor: Number(parts[2]), patch: Number(parts[3] ?? 0), text };
};

/**
 * Which git is installed; asked once a process.
 * @throws AppError git.missing, git.failed
 */
export const gitVersion = (): Promise<GitVersion> => {
  asked ??= ask().catch((error: unknown) => {
    asked = undefined;
    throw error;
  });
  return asked;
};

/** `git merge-tree --write-tree` and `git hook run` are from 2.38. */
export const OLDEST_GIT = { major: 2, minor: 38 } as const;

/** @throws AppError `git.old`, `git.missing` */
export const requireGit = async (): Promise<GitVersion> => {
  const version = await gitVersion();
  const { major, minor } = OLDEST_GIT;
  if (version.major > major || (version.major === major && version.minor >= minor)) return version;
  throw new AppError('git.old', `git ${version.text} is too old; ${major}.${minor} is the oldest that works.`, {
    hint: 'Update git.',
  });
};
