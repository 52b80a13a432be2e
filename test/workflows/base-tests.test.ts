import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findSession } from '../../src/workflows/find-session.ts';
import { InterruptSwitch } from '../../src/workflows/interrupts.ts';
import { renameSession } from '../../src/workflows/rename-session.ts';
import { git, makeRepo } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const BREAKS =
  'after: repeat\niterations:\n  - - edit: { path: a.txt, content: "broken\\n" }\n    - message: Broke it.\n';

const setUp = async (over: { test?: string | null; setup?: string } = {}) => {
  const dir = await makeRepo();
  const ctx = await contextIn(dir);
  const agent = { name: 'scripted', mode: null, command: script(BREAKS) };
  const { session } = await make(ctx, { agent, test: null, setup: null, ...over });
  const which = await findSession(ctx, session.id, dir);
  const change = (test: string) => renameSession(ctx, which, { test, prompt: null });
  return { dir, ctx, id: session.id, base: session.baseCommit, change };
};
const baseRuns = ({ events }: Awaited<ReturnType<typeof runOnce>>) =>
  events.filter(({ type, data }) => type === 'test-run.finished' && (data as { target: string }).target === 'base');

describe('the base, after the agent has worked', () => {
  it('is tested with a test command that came later: where it began, clean, once', async () => {
    const { dir, ctx, id, base, change } = await setUp();
    await runOnce(ctx, id);
    await change('grep -q two a.txt');
    const run = await runOnce(ctx, id);
    expect(baseRuns(run)).toMatchObject([{ data: { commit: base, command: 'grep -q two a.txt', exitCode: 0 } }]);
    expect(run.session.baseTests).toMatchObject({ exitCode: 0 });
    const { compareWithBase } = await import('../../src/session/conclusions.ts');
    expect(compareWithBase(run.session, run.iteration.tests)).toBe('newly-failing');
    expect(readdirSync(join(dir, '.worktrees'))).toEqual([id]);
    expect(baseRuns(await runOnce(ctx, id))).toEqual([]);
  });

  it('is tested again with another command, and what failed there too is no news', async () => {
    const { ctx, id, change } = await setUp({ test: 'true' });
    expect(baseRuns(await runOnce(ctx, id))).toHaveLength(1);
    await change('grep -q never a.txt');
    const run = await runOnce(ctx, id);
    expect(baseRuns(run)).toMatchObject([{ data: { exitCode: 1 } }]);
    const { compareWithBase } = await import('../../src/session/conclusions.ts');
    expect(compareWithBase(run.session, run.iteration.tests)).toBe('was-failing-before');
  });

  it('gets its set-up first; where that fails, there is no verdict, and the work goes on', async () => {
    const { ctx, id, change } = await setUp({ setup: 'echo ready > ready.txt' });
    await runOnce(ctx, id);
    await change('test -f ready.txt');
    expect(baseRuns(await runOnce(ctx, id))).toMatchObject([{ data: { exitCode: 0 } }]);
    const other = await setUp({ setup: 'case $PWD in *.merged-*) exit 3;; esac' });
    await runOnce(other.ctx, other.id);
    await other.change('true');
    const run = await runOnce(other.ctx, other.id);
    expect([baseRuns(run), run.iteration.outcome]).toEqual([[], 'completed']);
    expect(other.ctx.warnings.join()).toContain('the set-up command fails there');
  });

  it('leaves what lies in the session’s own worktree as it was known', async () => {
    const { dir, ctx, id, change } = await setUp({ test: 'echo out > out.txt' });
    const first = await runOnce(ctx, id);
    expect(first.session.leftovers.map(({ path }) => path)).toEqual(['out.txt']);
    await change('echo other > other.txt');
    const run = await runOnce(ctx, id);
    expect(run.session.manualCommits).toEqual([]);
    expect(
      await git(dir, 'log', '--exclude=refs/amp/snapshots/*', '--all', '--format=%s', '--', 'out.txt', 'other.txt'),
    ).toBe('');
  });

  it('interrupted: no verdict, no agent, nothing left behind', async () => {
    const { dir, ctx, id, change } = await setUp();
    await runOnce(ctx, id);
    await change('echo here; sleep 30');
    const interrupts = new InterruptSwitch();
    const onTestOutput = (text: string) => void (text.includes('here') && interrupts.stop());
    await expect(runOnce(ctx, id, { interrupts, onTestOutput })).rejects.toMatchObject({ code: 'interrupted' });
    expect(readdirSync(join(dir, '.worktrees'))).toEqual([id]);
    writeFileSync(join(dir, 'unrelated.txt'), 'x');
    await change('true');
    expect(baseRuns(await runOnce(ctx, id))).toHaveLength(1);
  });
});

describe('the base, before the agent has worked', () => {
  it('is tested again when the command changes', async () => {
    const { ctx, id, base, change } = await setUp({ test: 'false' });
    const interrupts = new InterruptSwitch();
    const onStep = ({ step }: { step: string }) => void (step === 'agent' && interrupts.stop());
    await runOnce(ctx, id, { interrupts, onStep }).catch(() => {});
    await change('true');
    const run = await runOnce(ctx, id);
    expect(baseRuns(run)).toMatchObject([{ data: { commit: base, exitCode: 0 } }]);
  });
});
