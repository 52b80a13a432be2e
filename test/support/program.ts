import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { exec, type Ran, tempDir } from './repo.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

export interface TestProgram {
  /** Folder with bin/, dist/ and package.json. */
  root: string;
  /** Its cache folder, empty at first. */
  cache: string;
  env: NodeJS.ProcessEnv;
  run(args: string[], options?: { cwd?: string; env?: NodeJS.ProcessEnv }): Promise<Ran>;
}

/**
 * The real build, start and face of the program around commands of the test's own, by file name without `.ts`.
 * They import `../src/cli/…`.
 */
export const makeProgram = async (commands: Record<string, string>): Promise<TestProgram> => {
  const root = tempDir('amp-program-');
  for (const name of ['bin', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json'])
    cpSync(path.join(ROOT, name), path.join(root, name), { recursive: true });
  mkdirSync(path.join(root, 'src'));
  for (const name of ['src/cli', 'src/errors.ts', 'src/clock.ts', 'node_modules'])
    symlinkSync(path.join(ROOT, name), path.join(root, name), 'junction');
  for (const [name, source] of Object.entries(commands)) {
    const file = path.join(root, 'commands', `${name}.ts`);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, source);
  }
  const built = await exec(root, process.execPath, ['scripts/build.mjs', '--quiet']);
  if (built.exitCode !== 0) throw new Error(built.stderr);
  const cache = tempDir('amp-cache-');
  const env = { ...process.env, XDG_CACHE_HOME: cache, LOCALAPPDATA: cache };
  return {
    root,
    cache: path.join(cache, 'amp-sessions'),
    env,
    run: (args, options = {}) =>
      exec(options.cwd ?? root, process.execPath, [path.join(root, 'bin/run.js'), ...args], { ...env, ...options.env }),
  };
};
