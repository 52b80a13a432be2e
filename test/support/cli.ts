import { join } from 'node:path';
import { exec, type Ran } from './repo.ts';

/** The built program, as npm would link it. `npm test` builds it first. */
export const PROGRAM =
  process.env['TEST_PROGRAM'] ?? join(import.meta.dirname, '..', '..', 'bin', 'run.js');

/** Runs the program in a folder, to its end. */
export const cli = (dir: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  exec(dir, process.execPath, [PROGRAM, ...args], { ...process.env, ...env });

/** The same with `--json`: the one document it printed. */
export const cliJson = async (dir: string, args: string[], env: NodeJS.ProcessEnv = {}) => {
  const ran = await cli(dir, [...args, '--json'], env);
  return { ...ran, json: JSON.parse(ran.stdout) };
};
