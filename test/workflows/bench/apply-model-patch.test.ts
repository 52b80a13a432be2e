import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { locateRepository } from '../../../src/git/locate.ts';
import type { Repository } from '../../../src/git/repository.ts';
import { applyModelPatch } from '../../../src/workflows/bench/apply-model-patch.ts';
import { runCommand } from '../../../src/workflows/bench/run-command.ts';
import { InterruptSwitch } from '../../../src/workflows/interrupts.ts';
import { git, makeRepo, tempDir } from '../../support/repo.ts';

const LINES = Array.from({ length: 12 }, (_, at) => `line ${at + 1}\n`);

let dir: string;
let repo: Repository;
let base: string;

beforeEach(async () => {
  dir = await makeRepo();
  writeFileSync(join(dir, 'long.txt'), LINES.join(''));
  await git(dir, 'add', '-A');
  await git(dir, 'commit', '-qm', 'base');
  base = await git(dir, 'rev-parse', 'HEAD');
  repo = await locateRepository(dir);
  writeFileSync(join(dir, 'set-up.txt'), 'by the set-up command\n');
});

const read = (path: string): string => readFileSync(join(dir, path), 'utf8');
const apply = (patch: string) => applyModelPatch(repo, Buffer.from(patch), { base, env: process.env });

/** Changes the sixth line; `context` is what the patch believes to stand around it. */
const changing = (context: (line: string) => string = (line) => line): string => {
  const around = [3, 4, 5, 6, 7, 8, 9].map((at) => `line ${at}`);
  const body = around.map((line) => (line === 'line 6' ? '-line 6\n+SIX' : ` ${context(line)}`)).join('\n');
  return `diff --git a/long.txt b/long.txt\n--- a/long.txt\n+++ b/long.txt\n@@ -3,7 +3,7 @@\n${body}\n`;
};

describe('a model’s patch is applied', () => {
  it('by git alone where it fits', async () => {
    expect(await apply(changing())).toBe('apply');
    expect(read('long.txt')).toBe(LINES.join('').replace('line 6', 'SIX'));
  });

  it('by `patch` where lines around it are others', async () => {
    const odd = changing((line) => (line === 'line 3' ? 'another line' : line));
    expect(await apply(odd)).toBe('patch');
    expect(read('long.txt')).toContain('line 5\nSIX\nline 7');
    expect(read('set-up.txt')).toBe('by the set-up command\n');
  });

  it('or is there already', async () => {
    writeFileSync(join(dir, 'long.txt'), LINES.join('').replace('line 6', 'SIX'));
    await git(dir, 'commit', '-qam', 'done before');
    base = await git(dir, 'rev-parse', 'HEAD');
    expect(await apply(changing())).toBe('already');
  });

  it('or not at all: nothing of the tries before is left when the last begins', async () => {
    const both = `${changing()}diff --git a/none.txt b/none.txt\n--- a/none.txt\n+++ b/none.txt\n@@ -1 +1 @@\n-a\n+b\ndiff --git a/new.txt b/new.txt\nnew file mode 100644\n--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1 @@\n+new\n`;
    expect(await apply(both)).toBeNull();
    expect(await git(dir, 'diff', '--cached', '--name-only')).toBe('');
    expect(read('set-up.txt')).toBe('by the set-up command\n');
    expect(existsSync(join(dir, 'none.txt'))).toBe(false);
  });

  it('without `patch` too, with one try less', async () => {
    const odd = changing((line) => (line === 'line 3' ? 'another line' : line));
    const env = { ...process.env, PATH: tempDir('amp-no-patch-') };
    expect(await applyModelPatch(repo, Buffer.from(odd), { base, env })).toBeNull();
    expect(await applyModelPatch(repo, Buffer.from(changing()), { base, env })).toBe('apply');
  });
});

describe('a command of a case', () => {
  const run = (line: string, over: Partial<Parameters<typeof runCommand>[0]> = {}) =>
    runCommand({ line, cwd: dir, env: process.env, timeoutSec: 60, ...over });

  it('has both its streams in the order in which they were written', async () => {
    const ran = await run('for n in 1 2 3; do echo out $n; echo err $n >&2; done; exit 3');
    expect(ran).toEqual({
      exitCode: 3,
      timedOut: false,
      log: 'out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n',
    });
  });

  it('is a shell’s, however many lines it has, and may be killed', async () => {
    expect(await run('cd src\npwd | grep -c src; false || kill -9 $$')).toMatchObject({ exitCode: null, log: '1\n' });
    expect(await run('exec 2>/dev/null; nothing-like-it')).toMatchObject({ exitCode: 127, log: '' });
  });

  it('ends with its time, and all that it started with it', async () => {
    expect(await run('sleep 600 & sleep 600', { timeoutSec: 1 })).toMatchObject({ timedOut: true, log: '' });
  });

  it('ends when somebody stops it', async () => {
    const interrupts = new InterruptSwitch();
    const running = run('sleep 600', { interrupts });
    interrupts.stop();
    expect(await running).toMatchObject({ timedOut: false });
  });
});
