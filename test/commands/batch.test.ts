import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { beforeAll, describe, expect, it } from 'vitest';
import { cli, cliJson } from '../support/cli.ts';
import { git, makeRepo, tempDir } from '../support/repo.ts';
import { homeEnv } from '../workflows/batch/engine.ts';

/** A program for the agent: what its prompt says, it does. */
const AGENT = `#!/bin/sh
prompt=$(cat)
case "$prompt" in *crash*) echo no; exit 3;; esac
printf '%s\\n' "$prompt" >> work.txt
`;

let env: NodeJS.ProcessEnv;
let repo: string;
let dir: string;
let agent: string;
beforeAll(async () => {
  env = homeEnv();
  repo = await makeRepo();
  dir = tempDir('amp-batch-');
  agent = join(dir, 'agent.sh');
  writeFileSync(agent, AGENT);
  chmodSync(agent, 0o755);
});

const file = (name: string, text: string): string => {
  const path = join(dir, name);
  writeFileSync(path, `defaults: { repo: ${repo}, agent: "command:${agent}" }\n${text}`);
  return path;
};

describe('a day with a batch', () => {
  let mixed: string;
  beforeAll(() => {
    mixed = file(
      'mixed.yaml',
      'runId: mixed\nconcurrency: 2\nmatrix:\n  - { name: good, prompt: write }\n  - { name: bad, prompt: crash }\n  - { name: tested, prompt: write, scriptCommand: "false" }\n',
    );
  });

  it('the plan costs nothing, and says what will be asked', async () => {
    const ran = await cli(repo, ['batch', 'start', '-f', mixed, '--dry-run'], env);
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout.split('\n')[0]).toBe('mixed: 3 items in 1 repository, 2 at once');
    expect(ran.stderr).toContain(`program of the agent: ${agent} (3 items)`);
    const { json } = await cliJson(repo, ['batch', 'start', '-f', mixed, '--dry-run'], env);
    expect(json).toMatchObject({
      id: 'mixed',
      dryRun: true,
      items: [{ item: '001', name: 'good', prompt: 'write' }, {}, {}],
    });
    expect((await cli(repo, ['batch', 'list', '-q'], env)).stdout).toBe('');
  });

  it('in a pipe it is refused until somebody has said that these programs may run', async () => {
    const { json, exitCode } = await cliJson(repo, ['batch', 'start', '-f', mixed], env);
    expect([exitCode, json.error.code]).toEqual([1, 'batch.untrusted']);
    expect(json.error.programs).toEqual([
      { what: 'program of the agent', line: agent, items: 3 },
      { what: 'test command', line: 'false', items: 1 },
    ]);
    expect((await cli(repo, ['batch', 'list', '-q'], env)).stdout).toBe('');
  });

  it('what did not pass is told, one line a change, and by the exit status', async () => {
    const ran = await cli(repo, ['batch', 'start', '-f', mixed, '--trust'], env);
    expect(ran.exitCode).toBe(5);
    const lines = ran.stderr.split('\n');
    expect(lines.filter((line) => line.includes('…')).length).toBe(3);
    expect(lines.find((line) => line.includes('good passed'))).toMatch(/^\[\d\/3\] ✓ 001 good passed \(\d+\.\d s\)$/);
    expect(ran.stderr).toMatch(/✗ 002 bad error \(.*\): The agent command ended with exit code 3/);
    expect(ran.stderr).toContain('✗ 1 of 3 items ended in an error or time-out.');
    expect(ran.stdout.split('\n')[0]).toBe('mixed: 3 items, 1 passed, 1 failed, 1 error');
    expect(ran.stdout).toMatch(/ {2}failed 003 tested \w{10}: The tests failed with exit code 1/);
  });

  it('status and list say the same afterwards', async () => {
    const { json } = await cliJson(repo, ['batch', 'status', 'mixed'], env);
    expect(json).toMatchObject({
      id: 'mixed',
      state: 'finished',
      counts: { queued: 0, running: 0, passed: 1, failed: 1, error: 1, timeout: 0, budget: 0, cancelled: 0 },
      items: [
        { repo, name: 'good', state: 'passed', cause: null },
        { name: 'bad', state: 'error', cause: { code: 'agent.failed' } },
        { name: 'tested', state: 'failed', tests: 'failed' },
      ],
    });
    const sessions = json.items.map(({ session }: { session: string }) => session);
    expect((await cli(repo, ['batch', 'status', 'mixed', '-q'], env)).stdout.trim().split('\n')).toEqual(sessions);
    const watched = await cli(repo, ['batch', 'status', 'mix', '--watch'], env);
    expect(watched.stdout).toContain('3 of 3 done · 1 passed, 1 failed, 1 error');
    const list = await cliJson(repo, ['batch', 'list'], env);
    expect(list.json.items).toMatchObject([{ id: 'mixed', state: 'finished', counts: json.counts }]);
    expect((await cli(repo, ['list', '-q'], env)).stdout.trim().split('\n').sort()).toEqual([...sessions].sort());
  });

  it('what is mended is tried again, the rest is left as it is', async () => {
    writeFileSync(agent, AGENT.replace('exit 3', 'true'));
    const { json, exitCode } = await cliJson(repo, ['batch', 'retry', 'mixed', '--item', 'bad'], env);
    expect(exitCode).toBe(4);
    expect(json.error.code).toBe('tests.failed');
    expect(json).toMatchObject({
      outcome: 'finished',
      counts: { passed: 2, failed: 1 },
      items: [{}, { attempts: 2 }, {}],
    });
    writeFileSync(agent, AGENT);
  });

  it('nothing is left to resume, and that is no other end than before', async () => {
    const { json, exitCode } = await cliJson(repo, ['batch', 'resume', 'mixed'], env);
    expect([exitCode, json.error.code, json.outcome]).toEqual([4, 'tests.failed', 'finished']);
    const again = await cliJson(repo, ['batch', 'start', '-f', mixed, '--trust'], env);
    expect(again.json).toMatchObject({ counts: { passed: 2, failed: 1 }, items: [{ attempts: 1 }, {}, {}] });
  });

  it('another plan under the same id is refused', async () => {
    const other = file('other.yaml', 'runId: mixed\nmatrix: [{ prompt: write }]\n');
    const { json, exitCode } = await cliJson(repo, ['batch', 'start', '-f', other, '--trust'], env);
    expect([exitCode, json.error.code]).toEqual([1, 'batch.exists']);
  });

  it('SQL joins sessions with items', async () => {
    const query =
      'select b.name, i.item, s.batch_attempt, s.status from batches b join batch_items i using (batch) join sessions s using (session) order by 2';
    const { json } = await cliJson(repo, ['sql', query], env);
    expect(json.rows.map(Object.values)).toEqual([
      ['mixed', '001', 1, 'idle'],
      ['mixed', '002', 2, 'idle'],
      ['mixed', '003', 1, 'idle'],
    ]);
  });
});

describe('what a batch is told by', () => {
  it('a report, in Markdown and HTML', async () => {
    const { stdout } = await cli(repo, ['batch', 'report', 'mixed'], env);
    expect(stdout).toContain('# Batch report: mixed');
    expect(stdout).toMatch(/^## What went wrong$/m);
    const html = join(dir, 'mixed.html');
    const { json } = await cliJson(repo, ['batch', 'report', 'mixed', '-o', html], env);
    expect(json).toMatchObject({ id: 'mixed', format: 'html', output: html, counts: { failed: 1 } });
    expect(readFileSync(html, 'utf8')).toMatch(/^<!doctype html>/i);
    expect((await cliJson(repo, ['batch', 'report', 'mixed', '-o', html], env)).json.error.code).toBe('file.exists');
  });

  it('files with the rows of this batch alone', async () => {
    const out = join(dir, 'exported');
    const { json } = await cliJson(repo, ['batch', 'export', 'mixed', '--format', 'json', '--out', out], env);
    const rows = Object.fromEntries(json.files.map((one: { table: string; rows: number }) => [one.table, one.rows]));
    expect(rows).toMatchObject({ batches: 1, batch_items: 3, sessions: 4, iterations: 4 });
    const items = JSON.parse(readFileSync(join(out, 'batch_items.json'), 'utf8'));
    expect(items.map(({ item, state }: Record<string, string>) => [item, state])).toEqual([
      ['001', 'passed'],
      ['002', 'passed'],
      ['003', 'failed'],
    ]);
    const taken = await cliJson(repo, ['batch', 'export', 'mixed', '--out', join(out, 'sessions.json')], env);
    expect([taken.exitCode, taken.json.error.code]).toEqual([2, 'usage.invalid']);
    const sessions = JSON.parse(readFileSync(join(out, 'sessions.json'), 'utf8'));
    expect(new Set(sessions.map(({ batch }: { batch: string }) => batch))).toEqual(new Set(['mixed']));
  });
});

describe('parts and workers', () => {
  it('parts do each item once, and together all of them', async () => {
    const parts = file('parts.yaml', 'runId: parts\nprompts: [write a, write b, write c]\n');
    const first = await cliJson(repo, ['batch', 'start', '-f', parts, '--trust', '--shard', '1/2'], env);
    expect(first.exitCode).toBe(0);
    expect(first.json.items.map(({ state }: { state: string }) => state)).toEqual(['passed', 'queued', 'passed']);
    const second = await cliJson(repo, ['worker', '-f', parts, '--shard', '2/2'], env);
    expect([second.exitCode, second.json.counts.passed, second.json.state]).toEqual([0, 3, 'finished']);
  });

  it('a worker takes one item, or the one it is told', async () => {
    const array = file('array.yaml', 'prompts: [write a, write b, write crash]\n');
    const told = await cliJson(repo, ['worker', '-f', array, '--trust', '--item', '2'], env);
    expect([told.exitCode, told.json.counts]).toMatchObject([0, { passed: 1, queued: 2 }]);
    const { id } = told.json;
    expect(id).toMatch(/^[0-9a-f]{10}$/);
    const once = await cliJson(repo, ['worker', id, '--once'], env);
    expect([once.exitCode, once.json.counts]).toMatchObject([0, { passed: 2, queued: 1 }]);
    const last = await cliJson(repo, ['worker', id, '--once'], env);
    expect([last.exitCode, last.json.error.code]).toEqual([5, 'agent.failed']);
    const none = await cliJson(repo, ['worker', id, '--item', '4'], env);
    expect([none.exitCode, none.json.error.code]).toEqual([2, 'usage.invalid']);
  });

  it.each([
    [['worker'], 'A worker works on one batch.'],
    [['worker', 'x', '-f', 'y'], 'A worker works on one batch.'],
    [['batch', 'start', '-f', 'x', '--shard', '3/2'], '“3/2” is no part of a batch.'],
    [['batch', 'start', '-f', 'x', '--shard', '0/2'], '“0/2” is no part of a batch.'],
    [['batch', 'start', '-f', 'none.yaml'], 'none.yaml is not there.'],
    [['batch', 'retry', 'x'], 'Nothing says what is to be tried again.'],
    [['batch', 'status', 'nowhere'], 'There is no batch “nowhere”'],
  ])('%j is refused', async (argv, message) => {
    const { json } = await cliJson(repo, argv, env);
    expect(json.error.message).toContain(message);
  });
});

describe('where batches are kept', () => {
  it('outside of any repository in one of the user; its sessions are where they belong', async () => {
    const away = tempDir();
    const outside = { ...env, GIT_CEILING_DIRECTORIES: away };
    const alone = file('alone.yaml', 'runId: alone\nmatrix: [{ prompt: write }]\n');
    expect((await cli(away, ['batch', 'start', '-f', alone, '--trust', '-q'], outside)).stdout).toBe('alone\n');
    expect((await cli(away, ['batch', 'list', '-q'], outside)).stdout).toBe('alone\n');
    expect((await cli(repo, ['batch', 'list', '-q'], env)).stdout).not.toContain('alone');
    const { json } = await cliJson(away, ['batch', 'status', 'alone'], outside);
    const [{ session }] = json.items;
    expect((await cliJson(repo, ['status', session], env)).json.name).toBe('write');
  });
});

describe('the schema for editors', () => {
  it('says of a file what the program says', () => {
    const schema = JSON.parse(readFileSync(join(import.meta.dirname, '../../schemas/batch.schema.json'), 'utf8'));
    const validate = new Ajv({ strict: false }).compile(schema);
    expect(validate({ matrix: [{ repo: '.', prompt: 'x', retries: 2, budget: { wallClock: '2h' } }] })).toBe(true);
    expect(
      validate({ prompts: ['a', { promptFile: 'b' }], repos: ['.'], agents: ['amp', { agent: 'amp', model: 'm' }] }),
    ).toBe(true);
    for (const wrong of [
      { matrix: [{ promt: 'x' }] },
      { concurrency: 0 },
      { runId: 'a b' },
      { budget: { usd: -1 } },
      { prompts: [7] },
    ])
      expect([wrong, validate(wrong)]).toEqual([wrong, false]);
    expect(schema.properties.defaults.properties.scriptCommand.description).toContain('Test command');
  });

  it('and nothing of the work is left lying about', async () => {
    expect(await git(repo, 'status', '--porcelain')).toBe('');
    expect(existsSync(join(repo, 'work.txt'))).toBe(false);
  });
});
