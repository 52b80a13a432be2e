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

const ask = async (roots: string[]): Promise<GitVersion> => {
  const env = gitEnvironment({ roots });
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
 * @param roots folders from which no program is taken
 * @throws AppError git.missing, git.failed
 */
export const gitVersion = (roots: string[] = []): Promise<GitVersion> => {
  asked ??= ask(roots).catch((error: unknown) => {
    asked = undefined;
    throw error;
  });
  return asked;
};
