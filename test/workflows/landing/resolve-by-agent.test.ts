import { describe, expect, it } from 'vitest';
import type { LogEvent } from '../../../src/events/catalogue.ts';
import { statusOf } from '../../../src/session/conclusions.ts';
import { InterruptSwitch } from '../../../src/workflows/interrupts.ts';
import { withJournal } from '../../../src/workflows/journal.ts';
import { rarely } from '../../support/rarely.ts';
import { git, sh } from '../../support/repo.ts';
import { conflicted, makeRebaseWorld, plays, RESOLVED } from './rebase-world.ts';

const MENDS = `- message: I keep both.
  - edit: { path: a.txt, content: "one\\nTWO of both\\nthree\\n" }
  - message: Resolved the conflict.`;

/** A conflict that waits, for an agent that does these steps. */
const waiting = async (steps: string, test: string | null = null) => {
  const w = await conflicted({ session: { agent: plays(steps), test } });
  await w.rebase('main');
  return w;
};

const last = async (w: Awaited<ReturnType<typeof waiting>>) => (await w.session()).iterations.at(-1)!;

describe('--resolve agent', () => {
  it('is an iteration of its own, whose commit is the one in conflict', async () => {
    const w = await waiting(MENDS, 'grep -q both a.txt');
    const events: LogEvent[] = [];
    const { answer, failure } = await w.resolve({ onEvent: (event) => events.push(event) });
    expect([failure, answer.state, answer.iterations, answer.rewritten]).toEqual([undefined, 'rebased', [1], 3]);
    expect(await w.subjects(`${w.up}..${w.branch}`)).toEqual(['Last', 'Change the second line', 'First']);
    expect([w.read('a.txt'), await w.status()]).toEqual([RESOLVED, '']);
    const it = await last(w);
    expect(it).toMatchObject({ reason: 'conflict', outcome: 'completed', files: 1, tests: { exitCode: 0 } });
    expect(it.commit).toBe(await w.rev(`${w.branch}~1`));
    expect(it.head).toBe(await w.rev(`${w.branch}~2`));
    expect(events.find(({ type }) => type === 'conflict.resolved')?.data).toMatchObject({
      by: 'agent',
      iteration: 1,
      as: it.commit,
    });
    expect((await w.session()).head).toBe(await w.rev(w.branch));
    expect((await sh(w.dir, `git notes --ref=amp show ${it.commit}`)).stdout).toContain('iteration.finished');
    await w.iterate();
    expect((await w.session()).iterations).toMatchObject([{ reason: 'conflict' }, { outcome: 'completed' }]);
  });

  rarely('is told what is in conflict, where, and what both sides wanted', async () => {
    const w = await waiting(MENDS);
    await w.resolve();
    const { prompt } = await last(w);
    for (const part of [
      'onto main',
      '> Change the second line',
      '"a.txt" (content): lines 2-6',
      '> Add lines to the file',
      '- Upstream: the second line',
      'Do not run `git rebase`',
    ])
      expect(prompt).toContain(part);
    expect(prompt).not.toContain('last.txt');
  });

  it('goes on from one conflict to the next, at most as often as is said', async () => {
    const agent = plays(`- run: printf 'one\\nboth %s\\nthree\\n' "$AMP_SESSIONS_ITERATION" > a.txt`);
    const w = await makeRebaseWorld({ session: { agent } });
    for (const n of [1, 2, 3]) await w.byHand('a.txt', `one\nA${n}\nthree\n`, `A${n}`);
    const up = await w.upstream('a.txt', 'one\nUP\nthree\n');
    await w.rebase('main');
    const { answer, failure } = await w.resolve({ maxIterations: 2 });
    expect([answer.state, answer.subject, answer.iterations]).toEqual(['conflicted', 'A3', [1, 2]]);
    expect(failure?.code).toBe('landing.conflict');
    expect((await w.resolve()).answer).toMatchObject({ state: 'rebased', iterations: [3], rewritten: 3 });
    expect(await w.subjects(`${up}..${w.branch}`)).toEqual(['A3', 'A2', 'A1']);
  });

  rarely('takes new files that the agent made, and folds commits that it was told not to make', async () => {
    const w = await waiting(
      `- run: printf 'one\\nTWO of both\\nthree\\n' > a.txt; echo n > new.txt; git add -A; git commit -qm mine`,
    );
    expect((await w.resolve()).answer).toMatchObject({ state: 'rebased', rewritten: 3 });
    expect(await w.subjects(`${w.up}..${w.branch}`)).toEqual(['Last', 'Change the second line', 'First']);
    expect(await git(w.dir, 'show', `${w.branch}:new.txt`)).toBe('n');
    expect(await git(w.dir, 'log', '-1', '--format=%an', `${w.branch}~1`)).toBe('Test User');
  });

  it('leaves a commit out of which the agent left nothing', async () => {
    const w = await waiting('- run: git checkout -q --ours a.txt && git add a.txt');
    expect((await w.resolve()).answer).toMatchObject({ state: 'rebased', rewritten: 2, dropped: [expect.any(String)] });
    expect((await last(w)).commit).toBeNull();
  });
});

describe('the conflict still waits', () => {
  const waits = async (w: Awaited<ReturnType<typeof waiting>>, status = 'UU a.txt') => {
    expect(await w.rev(w.branch)).toBe(w.tip);
    expect([statusOf(await w.session()), (await w.session()).head]).toEqual(['conflicted', w.tip]);
    expect(await w.status()).toBe(status);
  };

  it('when the agent left markers', async () => {
    const w = await waiting('- message: I cannot.');
    const { answer, failure } = await w.resolve();
    expect(failure).toMatchObject({ code: 'landing.conflict', exit: 3, message: expect.stringContaining('a.txt:2') });
    expect(answer).toMatchObject({ state: 'conflicted', iterations: [1] });
    expect(await last(w)).toMatchObject({ outcome: 'completed', commit: null });
    await waits(w);
  });

  rarely('when it moved the markers somewhere else', async () => {
    const w = await waiting(`- run: cp a.txt b.txt; git checkout -q --theirs a.txt; git add a.txt`);
    const { failure } = await w.resolve();
    expect(failure).toMatchObject({ code: 'landing.conflict', message: expect.stringContaining('b.txt:2') });
    expect(await w.rev(w.branch)).toBe(w.tip);
  });

  it('when the agent failed, with what it left kept', async () => {
    const w = await waiting(
      '- edit: { path: b.txt, content: half }\n  - fail: { message: Out of credits, code: agent.credits }',
    );
    const { failure } = await w.resolve();
    expect(failure).toMatchObject({ code: 'agent.credits', exit: 5 });
    expect(await last(w)).toMatchObject({ outcome: 'failed', commit: null });
    expect(w.read('b.txt')).toBe('half');
    await git(w.worktree, 'checkout', '-q', '--', 'b.txt');
    await sh(w.dir, 'git reflog expire --expire=now --all; git gc -q --prune=now');
    const kept = await sh(
      w.dir,
      `git for-each-ref --format='%(objectname)' refs/amp/code | xargs -I{} git log --format=%H {} | xargs -I{} sh -c 'git show {}:b.txt 2>/dev/null'`,
    );
    expect(kept.stdout).toContain('half');
    await waits(w);
  });

  rarely('when it was interrupted', async () => {
    const w = await waiting('- message: Working.\n  - hang: true');
    const interrupts = new InterruptSwitch();
    const onEvent = ({ type }: LogEvent) => void (type === 'agent-message.received' && interrupts.stop());
    const { failure } = await w.resolve({ interrupts, onEvent });
    expect(failure).toMatchObject({ code: 'interrupted', exit: 130 });
    expect(await last(w)).toMatchObject({ outcome: 'interrupted' });
    await waits(w);
    w.write('a.txt', RESOLVED);
    expect((await w.goOn()).answer.state).toBe('rebased');
  });

  it('when the tests fail on what it made; --continue takes it all the same', async () => {
    const w = await waiting(MENDS, 'false');
    const { answer, failure } = await w.resolve();
    expect(failure).toMatchObject({ code: 'tests.failed', exit: 4, hint: expect.stringContaining('--continue') });
    expect(answer.state).toBe('conflicted');
    expect(await last(w)).toMatchObject({ outcome: 'completed', tests: { exitCode: 1 } });
    await waits(w, '');
    await expect(w.resolve()).rejects.toMatchObject({ code: 'session.refused' });
    expect((await w.goOn()).answer).toMatchObject({ state: 'rebased', rewritten: 3 });
    expect((await last(w)).commit).toBe(await w.rev(`${w.branch}~1`));
  });

  rarely('when the tests fail; --abort brings everything back, and keeps it', async () => {
    const w = await waiting(MENDS, 'false');
    await w.resolve();
    const { answer } = await w.abort();
    expect(await git(w.dir, 'show', `${answer.kept}:a.txt`)).toBe(RESOLVED.trimEnd());
    expect([(await w.rev('HEAD')) !== w.tip, await w.status(), (await w.session()).head]).toEqual([true, '', w.tip]);
    expect(await git(w.worktree, 'branch', '--show-current')).toBe(w.branch);
  });

  it.each([
    ['switches to the branch', (branch: string) => `git switch -q -f ${branch}`],
    ['moves the branch', (branch: string) => `git update-ref refs/heads/${branch} HEAD~1`],
    [
      'gives up and begins a rebase of its own',
      (branch: string) => `git checkout -q -f ${branch}; GIT_COMMITTER_DATE=2001-02-03T04:05:06Z git rebase main`,
    ],
  ])('when the agent %s: that is put back', async (_, command) => {
    const w = await conflicted({ session: { agent: plays('- run: sh ./.git-trick') } });
    await w.rebase('main');
    await sh(w.dir, `printf '.git-trick\\n' >> .git/info/exclude`);
    w.write('.git-trick', command(w.branch));
    const { answer, failure } = await w.resolve();
    expect([answer.state, failure?.code]).toEqual(['conflicted', 'landing.conflict']);
    await waits(w);
    expect(w.ctx.warnings.length).toBeGreaterThan(0);
    w.write('a.txt', RESOLVED);
    expect((await w.goOn()).answer).toMatchObject({ state: 'rebased', rewritten: 3 });
  });
});

describe('given that the process died while the agent was at it', () => {
  it('the next command ends the iteration, and the conflict waits with what the agent left', async () => {
    const w = await waiting(MENDS);
    const { conflict } = await w.session();
    await withJournal(w.ctx, { id: w.id, name: w.id, command: 'rebase' }, async (journal) => {
      await journal.decide({
        do: 'startIteration',
        data: {
          prompt: 'Resolve it',
          reason: 'conflict',
          head: conflict!.parent,
          agent: { name: 'scripted', mode: null, version: null, threadId: null },
          timeoutMs: null,
          stopStrength: 'group',
        },
      });
    });
    w.write('a.txt', RESOLVED);
    w.write('new.txt', 'new\n');
    await sh(w.worktree, 'git add -A && git commit -qm mine');
    await expect(w.iterate()).rejects.toMatchObject({ code: 'landing.conflict' });
    expect(await last(w)).toMatchObject({ outcome: 'interrupted', commit: null, reason: 'conflict' });
    expect([await w.rev(w.branch), (await w.session()).head]).toEqual([w.tip, w.tip]);
    expect(w.ctx.warnings).toContainEqual(expect.stringContaining('its process died'));
    expect((await w.goOn()).answer).toMatchObject({ state: 'rebased', rewritten: 3 });
    expect(await w.inTree('cat a.txt new.txt')).toBe(`${RESOLVED}new\n`);
  });
});
