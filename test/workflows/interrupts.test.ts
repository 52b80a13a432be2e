import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InterruptSwitch, interruptsFrom } from '../../src/workflows/interrupts.ts';
import type { IterateStep } from '../../src/workflows/iterate.ts';
import { failureOf, runIteration } from '../../src/workflows/run-iteration.ts';
import { summaries } from '../../src/workflows/summaries.ts';
import { git, makeRepo, tempDir } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const WORK = 'after: repeat\niterations:\n  - - run: echo work >> work.txt\n    - message: Worked.\n';
const HANG =
  'iterations:\n  - - edit: { path: half.txt, content: "half\\n" }\n    - message: Half.\n    - hang: true\n';

const setUp = async (over: Parameters<typeof make>[1] = {}, yaml = WORK) => {
  const dir = await makeRepo();
  const ctx = await contextIn(dir);
  const { session, worktree } = await make(ctx, {
    agent: { name: 'scripted', mode: null, command: script(yaml) },
    ...over,
  });
  return { dir, ctx, id: session.id, worktree, branch: session.branch };
};
/** Ctrl-C at the first step of this kind, and what was heard of the run up to its end. */
const stopAtStep = (step: IterateStep['step']) => {
  const interrupts = new InterruptSwitch();
  return { interrupts, onStep: (now: IterateStep) => void (now.step === step && interrupts.stop()) };
};
/** Ctrl-C while a program runs that says `here`. */
const stopAtOutput = () => {
  const interrupts = new InterruptSwitch();
  return { interrupts, onTestOutput: (text: string) => void (text.includes('here') && interrupts.stop()) };
};

describe('Ctrl-C before the agent has begun', () => {
  it.each(['prepare', 'base-tests'] as const)(
    'at %s: no agent is started and nothing is on its account',
    async (step) => {
      const { ctx, id } = await setUp({ test: 'true' });
      const types: string[] = [];
      await expect(
        runOnce(ctx, id, { ...stopAtStep(step), onEvent: ({ type }) => void types.push(type) }),
      ).rejects.toMatchObject({ code: 'interrupted', exit: 130 });
      expect(types).toEqual([]);
      expect((await runOnce(ctx, id)).iteration).toMatchObject({ iteration: 1, outcome: 'completed' });
    },
  );

  it('while the base is tested: the test ends, its verdict does not count, the base is tested the next time', async () => {
    const { ctx, id } = await setUp({ test: 'echo here; test -f work.txt || sleep 30; true' });
    await expect(runOnce(ctx, id, stopAtOutput())).rejects.toMatchObject({ code: 'interrupted' });
    expect(await summaries(ctx)).toMatchObject([{ state: 'new', iterations: 0, tests: 'none' }]);
  });

  it('while the set-up command runs: it is ended, and runs again the next time', async () => {
    const mark = join(tempDir(), 'mark');
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const interrupts = new InterruptSwitch();
    const setup = `test -f '${mark}' && exit 0; touch '${mark}'; trap 'exit 0' TERM; sleep 30 & wait`;
    const making = make(ctx, {
      setup,
      interrupts,
      agent: { name: 'scripted', mode: null, command: script(WORK) },
    });
    await expect.poll(() => existsSync(mark), { timeout: 20_000 }).toBe(true);
    interrupts.stop();
    await expect(making).rejects.toMatchObject({ code: 'interrupted' });
    const [made] = await summaries(ctx);
    const run = await runOnce(ctx, made!.id);
    expect(run.types.slice(0, 2)).toEqual(['setup.finished', 'iteration.started']);
    expect(run.events[0]!.data).toMatchObject({ exitCode: 0 });
    // One that succeeded does not run a third time.
    expect((await runOnce(ctx, made!.id)).types).not.toContain('setup.finished');
  });
});

describe('Ctrl-C after the agent has ended', () => {
  it('while the commit is made: the work is kept, the tests do not run', async () => {
    const { dir, ctx, id, branch } = await setUp({ test: 'true' });
    const interrupts = new InterruptSwitch();
    const run = await runOnce(ctx, id, {
      interrupts,
      onEvent: ({ type }) => void (type === 'iteration.finished' && interrupts.stop()),
    });
    expect(run).toMatchObject({ interrupted: true, iteration: { outcome: 'completed', files: 1, tests: null } });
    expect(failureOf(run, {})).toMatchObject({ exit: 130 });
    expect(await git(dir, 'log', '-1', '--format=%s', branch)).toBe('amp: Worked.');
  });

  it.each(['commit', 'tests'] as const)('at the step %s: the same', async (step) => {
    const { ctx, id } = await setUp({ test: 'true' });
    const run = await runOnce(ctx, id, stopAtStep(step));
    expect(run).toMatchObject({ interrupted: true, iteration: { files: 1, tests: null } });
  });

  it('while the tests run: they are ended, and no verdict is on record', async () => {
    const { ctx, id } = await setUp({ test: 'test -f work.txt || exit 0; echo here; sleep 30' });
    const run = await runOnce(ctx, id, stopAtOutput());
    expect(run).toMatchObject({ interrupted: true, iteration: { outcome: 'completed', tests: null } });
    expect(run.types.at(-1)).toBe('test-run.interrupted');
  });

  it('ends --until-pass', async () => {
    const { ctx, id } = await setUp({ test: 'test ! -f work.txt' });
    const interrupts = new InterruptSwitch();
    let tests = 0;
    const run = await runOnce(ctx, id, {
      interrupts,
      untilPass: true,
      maxIterations: 9,
      onStep: ({ step }) => void (step === 'tests' && ++tests === 2 && interrupts.stop()),
    });
    expect(run).toMatchObject({ ran: 2, interrupted: true, iteration: { iteration: 2, tests: null } });
  });
});

describe('an agent that does not end when it is asked', () => {
  it('is killed by the second Ctrl-C, and what it did is kept', async () => {
    const { dir, ctx, id, branch } = await setUp({}, HANG.replace('hang: true', 'hang: stubborn'));
    const interrupts = new InterruptSwitch();
    const run = await runOnce(ctx, id, {
      interrupts,
      onEvent: ({ type }) => {
        if (type !== 'agent-message.received') return;
        interrupts.stop();
        interrupts.stop();
      },
    });
    expect(run.iteration.outcome).toBe('interrupted');
    expect(run.events.find(({ type }) => type === 'agent.finished')!.data).toMatchObject({
      stopped: 'user',
      signal: 'SIGKILL',
      timedOut: false,
    });
    expect(await git(dir, 'show', `${branch}:half.txt`)).toBe('half');
  });

  it('and whose time is up is timed out, not interrupted', async () => {
    const { ctx, id } = await setUp({ test: 'touch tested' }, HANG);
    const run = await runOnce(ctx, id, { timeoutSec: 1 });
    expect(run).toMatchObject({ interrupted: false, iteration: { outcome: 'timed-out', files: 1, tests: null } });
    expect(run.events.find(({ type }) => type === 'iteration.started')!.data).toMatchObject({ timeoutMs: 1000 });
    const end = run.events.find(({ type }) => type === 'agent.finished')!;
    expect(end.data).toMatchObject({ stopped: 'timeout', timedOut: true });
  });
});

describe('the switch', () => {
  it('asks gently once, then at once, and tells who comes late', () => {
    const interrupts = new InterruptSwitch();
    const heard: string[] = [];
    const off = interrupts.onStop((how) => heard.push(how));
    expect(interrupts.stopped).toBe('no');
    interrupts.stop();
    interrupts.onStop((how) => heard.push(`late ${how}`));
    interrupts.stop();
    off();
    interrupts.stop();
    expect(heard).toEqual(['gently', 'late gently', 'now', 'late now', 'late now']);
    expect(interrupts.stopped).toBe('now');
  });

  it('hears the two signals of a command, also those that came before', () => {
    const [gently, now] = [new AbortController(), new AbortController()];
    const signals = { gently: gently.signal, now: now.signal };
    const early = interruptsFrom(signals);
    gently.abort();
    expect([early.stopped, interruptsFrom(signals).stopped]).toEqual(['gently', 'gently']);
    now.abort();
    expect([early.stopped, interruptsFrom(signals).stopped]).toEqual(['now', 'now']);
  });

  it('tells the view of a command, and ends the view also when the run fails', async () => {
    const { ctx, id } = await setUp({}, HANG);
    const heard: string[] = [];
    const interrupts = new InterruptSwitch();
    const view = {
      onEvent: ({ type }: { type: string }) => void (type === 'agent-message.received' && interrupts.stop()),
      onStopping: (how: string) => void heard.push(how),
      finish: async () => void heard.push('finished'),
    };
    const which = { id, name: 'task' };
    const { failure, answer } = await runIteration(ctx, which, { prompt: null, interrupts, beside: { x: 1 } }, view);
    expect(failure).toMatchObject({ code: 'interrupted', answer: { x: 1, outcome: 'interrupted', iterationsRun: 1 } });
    expect(answer).toMatchObject({ session: id, files: 1 });
    const wish = { prompt: null, untilPass: true, interrupts: new InterruptSwitch() };
    await expect(runIteration(ctx, which, wish, view)).rejects.toMatchObject({ code: 'session.refused' });
    expect(heard).toEqual(['gently', 'finished', 'finished']);
    expect(readFileSync(join(ctx.repo.root, 'a.txt'), 'utf8')).toBe('one\ntwo\nthree\n');
  });
});
