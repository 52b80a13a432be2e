import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pathspecsFrom, sessionDiff } from '../../src/workflows/session-diff.ts';
import { timeline } from '../../src/workflows/timeline.ts';
import { cli, cliJson } from '../support/cli.ts';
import { git, makeRepo, tempDir } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const STEPS = ['echo new > new.txt; rm b.txt', 'echo back > b.txt; rm new.txt', 'true'];
const SCRIPT = `after: repeat\niterations:\n${STEPS.map((step) => `  - - run: ${JSON.stringify(step)}\n    - message: Done.\n`).join('')}`;

const session = async () => {
  const dir = await makeRepo();
  const ctx = await contextIn(dir);
  const made = await make(ctx, { agent: { name: 'scripted', mode: null, command: script(SCRIPT) } });
  return { dir, ctx, id: made.session.id, worktree: join(dir, made.session.worktree) };
};

describe('what an agent did, with work of a person between', () => {
  it('is taken together: a file that came back is modified, one that went is gone', async () => {
    const { ctx, id, worktree } = await session();
    await runOnce(ctx, id);
    writeFileSync(join(worktree, 'mine.txt'), 'mine\n');
    await git(worktree, 'add', '-A');
    await git(worktree, 'commit', '-qm', 'by hand');
    await runOnce(ctx, id);
    const agent = await sessionDiff(ctx, id, { part: 'agent' });
    expect(agent.files).toEqual([{ path: 'b.txt', status: 'modified', insertions: 1, deletions: 1 }]);
    const manual = await sessionDiff(ctx, id, { part: 'manual' });
    expect(manual.files.map(({ path, status }) => [path, status])).toEqual([['mine.txt', 'added']]);
    const first = await sessionDiff(ctx, id, { part: 'iteration', iteration: 1 });
    expect(first.files.map(({ path, status }) => [path, status])).toEqual([
      ['b.txt', 'deleted'],
      ['new.txt', 'added'],
    ]);
    expect((await agent.patch({ context: 0 })).toString().match(/^diff --git/gm)).toHaveLength(4);
  });
});

describe('pathspecsFrom', () => {
  it('is seen from where one stands', async () => {
    const { ctx, dir } = await session();
    expect(pathspecsFrom(ctx, dir, ['a.txt', 'src/', '*.ts', ':!x', '.'])).toEqual([
      ':(top)a.txt',
      ':(top)src',
      ':(top)*.ts',
      ':!x',
      ':(top)',
    ]);
    expect(pathspecsFrom(ctx, join(dir, 'src'), ['c.txt', '../a.txt', join(dir, 'b.txt'), '..a'])).toEqual([
      ':(top)src/c.txt',
      ':(top)a.txt',
      ':(top)b.txt',
      ':(top)src/..a',
    ]);
    for (const path of ['..', '../x', tempDir()])
      expect(() => pathspecsFrom(ctx, dir, [path])).toThrow(expect.objectContaining({ code: 'usage.invalid' }));
  });
});

describe('timeline of one iteration', () => {
  it('has its events only, with the numbers that they have', async () => {
    const { dir, ctx, id } = await session();
    await runOnce(ctx, id);
    await runOnce(ctx, id);
    const all = await timeline(ctx, id);
    expect(all.numbers).toEqual(all.events.map((_, at) => at + 1));
    const second = await timeline(ctx, id, undefined, 2);
    expect(second.events.length).toBeGreaterThan(2);
    expect(second.events.every(({ data }) => (data as { iteration: number }).iteration === 2)).toBe(true);
    expect(second.numbers.map((number) => all.events[number - 1])).toEqual(second.events);
    expect(second.session).toEqual(all.session);

    const { json } = await cliJson(dir, ['timeline', id, '--iteration', '2']);
    expect(json.items).toEqual(JSON.parse(JSON.stringify(second.events)));
    expect(Object.keys(json).sort()).toEqual(['items', 'schema', 'session']);
    const { stdout } = await cli(dir, ['timeline', id, '--iteration', '2']);
    expect(stdout).toContain('╭ iteration 2  ✓ completed · 2 files +1 -1 · ');
    expect(stdout).not.toContain('iteration 1');
  });

  it('that is not there, or not yet, is named', async () => {
    const { dir, ctx, id } = await session();
    await runOnce(ctx, id);
    await expect(timeline(ctx, id, '1', 1)).rejects.toMatchObject({ code: 'iteration.missing' });
    const { exitCode, stderr } = await cli(dir, ['timeline', id, '--iteration', '7']);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('has no iteration 7')]);
  });
});
