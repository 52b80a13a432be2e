import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import Ajv from 'ajv';
import { beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PROGRAM } from '../support/cli.ts';
import { sh, tempDir } from '../support/repo.ts';
import { homeEnv } from '../workflows/batch/engine.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const text = readFileSync(join(ROOT, 'docs/benchmarks.md'), 'utf8');

/** Files as the page names them, and the lines that a person types, in order. */
const files = [...text.matchAll(/^\*\*`([^`]+)`\*\*\n\n```\w+\n([\s\S]*?)^```$/gm)].map(([, name, body]) => ({
  name: name!,
  body: body!,
}));
const typed = [...text.matchAll(/^```console\n([\s\S]*?)^```$/gm)].flatMap(([, block]) =>
  [...block!.matchAll(/^\$ (.*?)(?: +# exit (\d+))?$/gm)].map(([, line, exit]) => ({
    line: line!,
    exit: Number(exit ?? 0),
  })),
);

let dir: string;
let env: NodeJS.ProcessEnv;
beforeAll(() => {
  dir = tempDir('amp-docs-');
  env = { ...homeEnv(), GIT_CEILING_DIRECTORIES: dirname(dir) };
  for (const { name, body } of files) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), body);
  }
});

it('has files and lines to run', () => {
  expect(files.map(({ name }) => name)).toEqual([
    'play.sh',
    'agent.sh',
    'hand.yaml',
    'own-tests/sub.patch',
    'parts.yaml',
    'slurm.sh',
    'kubernetes.sh',
    'ci.sh',
    'gather.sh',
    'rows.jsonl',
  ]);
  expect(typed.length).toBe(10);
});

it('every line does what the page says', async () => {
  const program = `amp_sessions() { '${process.execPath}' '${PROGRAM}' "$@"; }`;
  const said = new Map<string, string>();
  const ended: string[] = [];
  for (const { line, exit } of typed) {
    const ran = await sh(dir, `${program}; ${line.replace('amp-sessions ', 'amp_sessions ')}`, env);
    said.set(line, ran.stdout);
    ended.push(`${line} ${ran.exitCode}${ran.exitCode === exit ? '' : `\n${ran.stderr}${ran.stdout}`}`);
  }
  expect(ended).toEqual(typed.map(({ line, exit }) => `${line} ${exit}`));
  const saidOf = (part: string): string => [...said].find(([line]) => line.includes(part))![1];
  expect(saidOf('bench init')).toContain('2 cases of 3 commits');
  expect(saidOf('own/suite.yaml')).toMatch(/gold +100%[^\n]*\nempty +0%/);
  // The player subtracts and cannot multiply; the idle one does nothing.
  expect(saidOf('--trust -j 2')).toMatch(/player +50%[^\n]*\nidle +0%/);
  expect(saidOf('report.md')).toContain('4 graded');
  expect(saidOf('--repo you/calc')).toMatch(/gold +100%/);
  expect(JSON.parse(saidOf('preds.jsonl'))).toMatchObject({ instance_id: 'you__calc-1', model_name_or_path: 'gold' });
});

it('its suite is one by the published schema, for editors', () => {
  const schema = JSON.parse(readFileSync(join(ROOT, 'schemas/suite.schema.json'), 'utf8'));
  const validate = new Ajv({ strict: false }).compile(schema);
  const { body } = files.find(({ name }) => name === 'hand.yaml')!;
  expect(validate(parse(body)), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ ...parse(body), repeat: 3 })).toBe(false);
});
