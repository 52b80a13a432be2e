import { execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const made: string[] = [];
afterAll(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

/** A new folder, gone after the test file. */
export const tempDir = (prefix = 'amp-test-'): string => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), prefix)));
  made.push(dir);
  return dir;
};

export interface Ran {
  stdout: string;
  stderr: string;
  exitCode: number;
}

export const exec = (
  cwd: string,
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(command, args, { cwd, env, maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ stdout, stderr, exitCode: code });
    });
  });

export const sh = (cwd: string, command: string, env?: NodeJS.ProcessEnv): Promise<Ran> =>
  exec(cwd, 'sh', ['-c', command], env);

/** Plain git, as a person would start it; throws when it fails. */
export const git = async (cwd: string, ...args: string[]): Promise<string> => {
  const ran = await exec(cwd, 'git', args);
  if (ran.exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout.replace(/\n$/, '');
};

export interface RepoOptions {
  objectFormat?: 'sha1' | 'sha256';
  bare?: boolean;
  empty?: boolean;
}

/** A real repository: one commit on `main` with a.txt, b.txt and src/c.txt, unless asked to be empty. */
export const makeRepo = async (options: RepoOptions = {}): Promise<string> => {
  const dir = tempDir('amp-repo-');
  const format = options.objectFormat ?? 'sha1';
  await git(dir, 'init', '-q', '-b', 'main', `--object-format=${format}`);
  await git(dir, 'config', 'user.name', 'Test User');
  await git(dir, 'config', 'user.email', 'test@example.com');
  if (!options.empty) {
    writeFileSync(join(dir, 'a.txt'), 'one\ntwo\nthree\n');
    writeFileSync(join(dir, 'b.txt'), 'hello\n');
    await sh(dir, 'mkdir src && echo c > src/c.txt');
    await git(dir, 'add', '-A');
    await git(dir, 'commit', '-q', '-m', 'first');
  }
  if (!options.bare) return dir;
  const bare = join(tempDir('amp-bare-'), 'repo.git');
  await git(dir, 'clone', '-q', '--bare', dir, bare);
  return bare;
};
