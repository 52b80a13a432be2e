import { join } from 'node:path';
import { expect } from 'vitest';
import { answers, errorAnswer } from '../../src/cli/answers/answers.ts';
import { exec, type Ran } from './repo.ts';

/** The built program, as npm would link it. `npm test` builds it first. */
export const PROGRAM = process.env['TEST_PROGRAM'] ?? join(import.meta.dirname, '..', '..', 'bin', 'run.js');

/** Runs the program in a folder, to its end. */
export const cli = (dir: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  exec(dir, process.execPath, [PROGRAM, ...args], { ...process.env, ...env });

const commandOf = (schema: string): string => schema.slice('amp-sessions/'.length, -'/v1'.length);

/** Every document that a test sees is held against the schema that is published for it. */
const expectPublished = (json: Record<string, unknown>): void => {
  if ('error' in json) return void errorAnswer.parse(json);
  const id = commandOf(String(json['schema']));
  const shape = Object.entries(answers).find(([known]) => known.replaceAll(':', '-') === id)?.[1];
  expect(shape, `a published shape for ${id}`).toBeDefined();
  const checked = shape!.safeParse(json);
  expect(checked.success, `${id}: ${checked.error?.message}`).toBe(true);
};

/** The same with `--json`: the one document it printed. */
export const cliJson = async (dir: string, args: string[], env: NodeJS.ProcessEnv = {}) => {
  const ran = await cli(dir, [...args, '--json'], env);
  const json = JSON.parse(ran.stdout);
  expectPublished(json);
  return { ...ran, json };
};
