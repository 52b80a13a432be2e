import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import Ajv from 'ajv';
import { beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { batchFileSchema } from '../../src/batch/file-schema.ts';
import { PROGRAM } from '../support/cli.ts';
import { sh, tempDir } from '../support/repo.ts';
import { homeEnv } from '../workflows/batch/engine.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const text = readFileSync(join(ROOT, 'docs/batches.md'), 'utf8');

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
    'first.yaml',
    'upgrade.yaml',
    'common.yaml',
    'prompts/changelog.md',
    'trouble.yaml',
    'many.yaml',
    'slurm.sh',
    'kubernetes.sh',
    'ci.sh',
    'gather.sh',
  ]);
  expect(typed.length).toBe(14);
});

it('every line does what the page says', async () => {
  const program = `amp-sessions() { '${process.execPath}' '${PROGRAM}' "$@"; }`;
  const ended: string[] = [];
  for (const { line, exit } of typed) {
    const ran = await sh(
      dir,
      `${program.replace('amp-sessions()', 'amp_sessions()')}; ${line.replace(/^amp-sessions/, 'amp_sessions')}`,
      env,
    );
    ended.push(`${line} ${ran.exitCode}${ran.exitCode === exit ? '' : `\n${ran.stderr}${ran.stdout}`}`);
  }
  expect(ended).toEqual(typed.map(({ line, exit }) => `${line} ${exit}`));
  const readme = readFileSync(join(dir, 'shop', 'README.md'), 'utf8');
  expect(readme).toContain('Upgrade what shop depends on to 1.10.');
  expect(readme).toContain('{{braces}} stay as they are.');
  expect(readFileSync(join(dir, 'blog', 'README.md'), 'utf8')).toContain('of the changelog of blog');
}, 120_000);

it('every file is what the schema for editors says', () => {
  const schema = JSON.parse(readFileSync(join(ROOT, 'schemas/batch.schema.json'), 'utf8'));
  const validate = new Ajv({ strict: false }).compile(schema);
  for (const { name, body } of files.filter((file) => file.name.endsWith('.yaml')))
    expect([name, validate(parse(body)), validate.errors]).toEqual([name, true, null]);
});

it('every key of a file is explained', () => {
  const { defaults, matrix } = batchFileSchema.shape;
  const keys = [batchFileSchema, defaults.unwrap(), matrix.unwrap().element].flatMap(({ shape }) => Object.keys(shape));
  expect([...new Set(keys)].filter((key) => !text.includes(`\`${key}\``))).toEqual([]);
});
