import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findSession } from '../../../src/workflows/find-session.ts';
import { InterruptSwitch } from '../../../src/workflows/interrupts.ts';
import { gatesOf } from '../../../src/workflows/landing/gates.ts';
import { planLanding } from '../../../src/workflows/landing/plan.ts';
import { preflight } from '../../../src/workflows/landing/preflight.ts';
import { sweepThrowaways, withThrowaway } from '../../../src/workflows/landing/throwaway.ts';
import { readSession } from '../../../src/workflows/summaries.ts';
import { makeBrood } from '../../support/descendants.ts';
import { git, makeRepo, sh } from '../../support/repo.ts';
import { contextIn, make, runOnce } from '../../support/sessions.ts';
import { everything, gate, makeField } from './preflight-world.ts';

const throwaways = (worktree: string): string[] =>
  readdirSync(dirname(worktree)).filter((name) => name.includes('.merged-'));

describe.skipIf(process.platform === 'win32')('the tests of the merged result', () => {
  it('run on what neither side has alone, and leave no trace', async () => {
    const field = await makeField();
    const s = await field.session({ test: 'grep -q mine ten.txt && grep -q up up.txt && echo junk > junk.txt' });
    await s.line(2, 'mine');
    await field.upstream('up.txt', 'up\n');
    const before = await everything(field.dir);
    const steps: string[] = [];
    const answer = await s.preflight({ skipTests: false, onStep: (text) => steps.push(text) });
    expect(gate(answer, 'tests')).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/passed on the merged result \(\d+\.\d s\)/),
    });
    expect(steps.at(-1)).toContain('tests on the merged result: grep');
    expect(await everything(field.dir)).toBe(before);
    expect(throwaways(s.worktree)).toEqual([]);
  });

  it('that fail stop it, with the end of what they printed, secrets taken out', async () => {
    const field = await makeField();
    const s = await field.session({ test: `echo before; echo token ghp_${'a1B2'.repeat(9)}; pwd; exit 3` });
    await s.line(2, 'mine');
    let live = '';
    const answer = await s.preflight({ skipTests: false, onTestOutput: (text) => (live += text) });
    const found = gate(answer, 'tests');
    expect(found).toMatchObject({ ok: false, severity: 'gate', hint: expect.stringContaining('--until-pass') });
    expect(found.detail).toContain('ended with exit code 3 on the merged result');
    expect(found.output).toMatch(/^before\ntoken \[REDACTED:github:[0-9a-f]{8}\]\n/);
    expect(live).toContain('before');
    // Beside the session's own worktree, and gone by now.
    const folder = found.output!.trim().split('\n').at(-1)!;
    expect(dirname(folder)).toBe(dirname(s.worktree));
    expect(existsSync(folder)).toBe(false);
  });

  it('have a time limit, and nothing of theirs stays alive', async () => {
    const field = await makeField();
    const brood = makeBrood(['background', 'setsid']);
    const s = await field.session({ test: brood.command('sleep 60') });
    await s.line(2, 'mine');
    field.ctx.config.config.testTimeoutSec = 2;
    const answer = await s.preflight({ skipTests: false });
    expect(gate(answer, 'tests').detail).toContain('took longer than 2 s on the merged result');
    expect(await brood.alive()).toEqual([]);
    expect(throwaways(s.worktree)).toEqual([]);
  });

  it('get the set-up and the ignored files that a new worktree gets', async () => {
    const field = await makeField();
    await field.upstream('.gitignore', 'secret.cfg\nmade\n');
    writeFileSync(join(field.dir, '.worktreeinclude'), 'secret.cfg\n');
    writeFileSync(join(field.dir, 'secret.cfg'), 'local\n');
    const s = await field.session({
      setup: 'echo ready > made',
      test: 'grep -q ready made && grep -q local secret.cfg',
    });
    await s.line(2, 'mine');
    expect(gate(await s.preflight({ skipTests: false }), 'tests')).toMatchObject({ ok: true, severity: 'gate' });
  });

  it('are not begun where the set-up fails there', async () => {
    const field = await makeField();
    const s = await field.session({ setup: 'test ! -e broken || { echo cannot; exit 9; }', test: 'true' });
    s.write('broken', 'x\n');
    await s.commit();
    expect(gate(await s.preflight({ skipTests: false }), 'tests')).toMatchObject({
      ok: false,
      detail: expect.stringContaining('the set-up command'),
      output: 'cannot\n',
    });
  });

  it('are not run without a command, nor when skipped', async () => {
    const field = await makeField();
    const [none, skipped] = [await field.session({ name: 'a' }), await field.session({ name: 'b', test: 'false' })];
    for (const s of [none, skipped]) await s.line(2, s.name);
    expect(gate(await none.preflight({ skipTests: false }), 'tests')).toMatchObject({
      ok: true,
      detail: 'no test command',
    });
    expect(gate(await skipped.preflight({ skipTests: true }), 'tests')).toMatchObject({ ok: true, skipped: true });
  });

  it('are not run again on files on which they passed, and are on others', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const log = join(dir, '.git', 'runs');
    const agent = { name: 'command', mode: null, command: 'echo work >> work.txt' };
    const { session } = await make(ctx, { agent, test: `echo run >> '${log}'` });
    const which = await findSession(ctx, session.id, dir);
    const runs = async () => (await sh(dir, `wc -l < '${log}'`)).stdout.trim();
    await runOnce(ctx, session.id);
    await runOnce(ctx, session.id);
    const before = await runs();
    const answer = await preflight(ctx, which, { skipTests: false });
    expect(gate(answer, 'tests').detail).toContain('on the very same files before; not run again');
    expect(await runs()).toBe(before);
    writeFileSync(join(dir, 'up.txt'), 'up\n');
    await sh(dir, 'git add up.txt && git commit -qm up');
    expect(gate(await preflight(ctx, which, { skipTests: false }), 'tests').detail).toContain(
      'passed on the merged result',
    );
    expect(Number(await runs())).toBe(Number(before) + 1);
  });

  it('that failed on these files before are run again', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const agent = { name: 'command', mode: null, command: 'echo work >> work.txt' };
    const flag = join(dir, '.git', 'flag');
    const { session } = await make(ctx, { agent, test: `test -e '${flag}'` });
    const which = await findSession(ctx, session.id, dir);
    await runOnce(ctx, session.id);
    expect(gate(await preflight(ctx, which, { skipTests: false }), 'tests').ok).toBe(false);
    writeFileSync(flag, '');
    expect(gate(await preflight(ctx, which, { skipTests: false }), 'tests').ok).toBe(true);
  });

  it('stop when somebody interrupts, and their worktree goes', async () => {
    const field = await makeField();
    const s = await field.session({ test: 'echo started; sleep 60' });
    await s.line(2, 'mine');
    const interrupts = new InterruptSwitch();
    const wish = { skipTests: false, interrupts, onTestOutput: () => interrupts.stop() };
    await expect(s.preflight(wish)).rejects.toMatchObject({ code: 'interrupted', exit: 130 });
    expect(throwaways(s.worktree)).toEqual([]);
  });

  it('wait for nothing that another gate has stopped, when in a hurry', async () => {
    const field = await makeField();
    const s = await field.session({ test: 'false' });
    await s.line(2, 'mine');
    writeFileSync(join(field.dir, 'a.txt'), 'dirty\n');
    const session = await readSession(field.ctx, s.id);
    const tip = await git(field.dir, 'rev-parse', s.branch);
    const plan = await planLanding(field.ctx, session, { tip, squash: true, manual: 'keep', noFf: true });
    const gates = await gatesOf(field.ctx, session, plan, { skipTests: false, isHurried: true });
    expect(gate({ gates }, 'tests')).toMatchObject({ skipped: true, detail: 'not run: another gate stops the merge' });
    expect(gate({ gates }, 'target').ok).toBe(false);
    const all = await gatesOf(field.ctx, session, plan, { skipTests: false });
    expect(gate({ gates: all }, 'tests').ok).toBe(false);
  });
});

describe('a throw-away worktree', () => {
  it('goes also when the work in it fails, or removes it itself', async () => {
    const field = await makeField();
    const s = await field.session();
    const what = { session: { id: s.id, worktree: s.worktree }, commit: await git(field.dir, 'rev-parse', 'main') };
    await expect(withThrowaway(field.ctx, what, () => Promise.reject(new Error('boom')))).rejects.toThrow('boom');
    await withThrowaway(field.ctx, what, async (wt) => {
      await sh(field.dir, `rm -rf '${wt.path}'`);
    });
    expect(throwaways(s.worktree)).toEqual([]);
    expect(await git(field.dir, 'worktree', 'list', '--porcelain')).not.toContain('merged');
  });

  it('of a process that was killed is swept by the next one; one in use, and other folders, stay', async () => {
    const field = await makeField();
    const s = await field.session();
    const commit = await git(field.dir, 'rev-parse', 'main');
    const folder = dirname(s.worktree);
    const dead = join(folder, `${s.id}.merged-aaaaaaaaaa`);
    await git(field.dir, 'worktree', 'add', '-q', '--detach', dead, commit);
    const other = join(folder, 'mine.merged-x');
    mkdirSync(other);
    await withThrowaway(field.ctx, { session: { id: s.id, worktree: s.worktree }, commit }, async (wt) => {
      expect(existsSync(dead)).toBe(false);
      await sweepThrowaways(field.ctx, folder);
      expect(existsSync(join(wt.path, 'a.txt'))).toBe(true);
    });
    expect(existsSync(other)).toBe(true);
    expect(await git(field.dir, 'worktree', 'list', '--porcelain')).not.toContain('merged-a');
  });

  it('many at once do not meet', async () => {
    const field = await makeField();
    const s = await field.session({ test: 'grep -q mine ten.txt' });
    await s.line(2, 'mine');
    const answers = await Promise.all(Array.from({ length: 6 }, () => s.preflight({ skipTests: false })));
    expect(answers.map((answer) => gate(answer, 'tests').ok)).toEqual(Array(6).fill(true));
    expect(throwaways(s.worktree)).toEqual([]);
  });
});
