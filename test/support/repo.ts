import { execFile } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
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

const initial = async (dir: string, format: string, empty: boolean): Promise<string> => {
  await git(dir, 'init', '-q', '-b', 'main', `--object-format=${format}`);
  appendFileSync(join(dir, '.git', 'config'), '[user]\n\tname = Test User\n\temail = test@example.com\n');
  if (empty) return dir;
  writeFileSync(join(dir, 'a.txt'), 'one\ntwo\nthree\n');
  writeFileSync(join(dir, 'b.txt'), 'hello\n');
  mkdirSync(join(dir, 'src'));
  writeFileSync(join(dir, 'src', 'c.txt'), 'c\n');
  await git(dir, 'add', '-A');
  await git(dir, 'commit', '-q', '-m', 'first');
  return dir;
};

/** Made once a test file and copied from then on: that is one process each, not three. */
const originals = new Map<string, Promise<string>>();
/** Files that share a process do not share these: they go with the file. */
afterAll(() => originals.clear());

/** A real repository: one commit on `main` with a.txt, b.txt and src/c.txt, unless asked to be empty. */
export const makeRepo = async (options: RepoOptions = {}): Promise<string> => {
  const { objectFormat: format = 'sha1', empty = false } = options;
  const key = `${format} ${empty}`;
  const original = originals.get(key) ?? initial(tempDir('amp-original-'), format, empty);
  originals.set(key, original);
  const dir = tempDir('amp-repo-');
  cpSync(await original, dir, { recursive: true });
  if (!empty) await git(dir, 'update-index', '-q', '--refresh');
  if (!options.bare) return dir;
  const bare = join(tempDir('amp-bare-'), 'repo.git');
  await git(dir, 'clone', '-q', '--bare', dir, bare);
  return bare;
};
