import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CRASHED } from '../../../src/batch/causes.ts';
import type { PlannedItem } from '../../../src/batch/plan.ts';
import { ownIdentity } from '../../../src/process/identity.ts';
import { readBatch } from '../../../src/workflows/batch/home.ts';
import { openBatchJournal } from '../../../src/workflows/batch/journal.ts';
import { itemHolder, runHolders, sweepLocks, takeItem, takeRun } from '../../../src/workflows/batch/locks.ts';
import { silentView } from '../../../src/workflows/batch/view.ts';
import { workOnBatch } from '../../../src/workflows/batch/worker.ts';
import type { Context } from '../../../src/workflows/context.ts';
import { startBeat } from '../../../src/workflows/heartbeat.ts';
import { InterruptSwitch } from '../../../src/workflows/interrupts.ts';
import { withJournal } from '../../../src/workflows/journal.ts';
import { readSession } from '../../../src/workflows/summaries.ts';
import { end } from '../../batch/world.ts';
import { git, makeRepo, tempDir } from '../../support/repo.ts';
import { contextIn, make, runOnce } from '../../support/sessions.ts';
import { create, homeEnv, run, shell, typesOf } from './engine.ts';

/** An attempt on record as begun, whose process died before or after it made the session. */
const beginAndDie = async (ctx: Context, id: string, item: PlannedItem, made: 'no' | 'made' | 'begun' | 'ended') => {
  const session = ctx.clock.newId();
  const journal = openBatchJournal(ctx, id);
  await journal.turn((turn) => turn.decide({ do: 'startAttempt', item: item.item, session, repository: item.repo }));
  await journal.close();
  if (made === 'no') return session;
  await make(ctx, { id: session, name: item.name, agent: item.agent, test: item.test });
  if (made === 'ended') await runOnce(ctx, session);
  if (made === 'begun')
    await withJournal(ctx, { id: session, name: session, command: 'test' }, async (its) => {
      const agent = { name: 'command', mode: null, version: null, threadId: null };
      const data = {
        prompt: null,
        reason: 'prompt',
        head: its.session.head,
        agent,
        timeoutMs: null,
        stopStrength: 'group',
      };
      await its.decide({ do: 'startIteration', data: data as never });
    });
  return session;
};

const worker = { interrupts: new InterruptSwitch(), view: silentView };

describe('an attempt whose process died', () => {
  it('is looked at first: what had come to its end counts, all else is tried again in a session of its own', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const items = [1, 2, 3, 4].map((n) => shell(n, root, `echo ${n} >> a.txt`, { test: 'true' }));
    const id = await create(ctx, items);
    const sessions: string[] = [];
    for (const [at, made] of (['no', 'begun', 'ended'] as const).entries())
      sessions.push(await beginAndDie(ctx, id, items[at]!, made));
    writeFileSync(join(root, '.worktrees', sessions[1]!, 'half.txt'), 'half done\n');
    // Its process had said that it lives, and died before the iteration began.
    sessions.push(await beginAndDie(ctx, id, items[3]!, 'made'));
    startBeat(ctx, sessions[3]!)();
    const { states, items: after, view } = await run(ctx, id, { reason: 'resume' });
    expect(states).toEqual(['passed', 'passed', 'passed', 'passed']);
    expect(after.map(({ attempts }) => attempts.map((one) => one.end!.cause?.code ?? one.end!.state))).toEqual([
      [CRASHED, 'passed'],
      [CRASHED, 'passed'],
      ['passed'],
      [CRASHED, 'passed'],
    ]);
    expect(after.map(({ attempts }) => attempts[0]!.session)).toEqual(sessions);
    expect(after[2]!.attempts[0]!.end).toMatchObject({ verdict: 'passed', commit: expect.any(String) });
    const [settled] = (await readSession(ctx, sessions[1]!)).iterations;
    expect(settled).toMatchObject({ outcome: 'interrupted' });
    expect(await git(root, 'show', `${settled!.commit}:half.txt`)).toBe('half done');
    expect((await readSession(ctx, after[0]!.attempts[1]!.session)).name).toBe('item 1 (attempt 2)');
    expect(view.lines.filter((line) => line.includes('to be tried again'))).toHaveLength(3);
    expect(readdirSync(join(ctx.repo.commonDir, 'amp', 'locks'))).toEqual([]);
  });

  it('too often ends as an error: it may be what kills whoever runs it', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const poison = shell(1, root, 'true');
    const id = await create(ctx, [poison]);
    const journal = openBatchJournal(ctx, id);
    for (let n = 0; n < 3; n++)
      await journal.turn(async (turn) => {
        const session = ctx.clock.newId();
        await turn.decide({ do: 'startAttempt', item: '001', session, repository: root });
        const died = end('error', { code: CRASHED });
        await turn.decide({ do: 'finishAttempt', item: '001', session, end: died, pauseUntil: () => '' });
      });
    await journal.close();
    await beginAndDie(ctx, id, poison, 'no');
    const { states, items } = await run(ctx, id);
    expect([states, items[0]!.attempts.length, items[0]!.cause?.code]).toEqual([['error'], 4, CRASHED]);
  });

  it('in a repository that is gone since is told as what it is', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const gone = shell(1, join(tempDir(), 'gone'), 'true');
    const id = await create(ctx, [gone]);
    await beginAndDie(ctx, id, gone, 'no');
    const { states, items } = await run(ctx, id);
    expect(states).toEqual(['error']);
    expect(items[0]!.attempts[0]!.end!.cause!.message).toContain('its session cannot be put in order');
    expect(items[0]!.cause?.code).toBe('repository.missing');
  });

  it('while it was about to merge is merged; one that was merged and not told so is told so', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const item = shell(1, root, 'echo one > one.txt', { mergeOnPass: true });
    const id = await create(ctx, [item]);
    const session = await beginAndDie(ctx, id, item, 'ended');
    const journal = openBatchJournal(ctx, id);
    await journal.turn((turn) =>
      turn.decide({ do: 'finishAttempt', item: '001', session, end: end('passed'), pauseUntil: () => '' }),
    );
    await journal.close();
    const merged = await run(ctx, id);
    expect([merged.states, merged.result.merges]).toEqual([['passed'], { done: 1, refused: 0 }]);
    expect(await git(root, 'show', 'main:one.txt')).toBe('one');
    const types = await typesOf(ctx, id);
    expect(types.slice(-2)).toEqual(['batch-item.merged', 'batch.finished']);
    // The same with the entry lost: nothing is merged a second time.
    const { mergeItem } = await import('../../../src/workflows/batch/merge-item.ts');
    const tip = await git(root, 'rev-parse', 'main');
    expect(await mergeItem(ctx, '001', session)).toMatchObject({ type: 'batch-item.merged', data: { commit: tip } });
    expect(await git(root, 'rev-parse', 'main')).toBe(tip);
  });

  it('right after its last end, before that was said to be its result, is not run again', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const id = await create(ctx, [shell(1, root, 'true')]);
    const journal = openBatchJournal(ctx, id);
    const session = ctx.clock.newId();
    await journal.turn(async (turn) => {
      await turn.decide({ do: 'startAttempt', item: '001', session, repository: root });
      const data = { item: '001', attempt: 1, session, ...end('failed', { code: 'tests.failed' }), retryable: false };
      await turn.record([{ type: 'batch-attempt.finished', by: 'program', data }]);
    });
    await journal.close();
    const { states, items } = await run(ctx, id);
    expect([states, items[0]!.attempts.length, items[0]!.cause?.code]).toEqual([['failed'], 1, 'tests.failed']);
  });
});

describe('what another living process has', () => {
  it('is left to it', async () => {
    const root = await makeRepo();
    const env = homeEnv();
    const ctx = await contextIn(root, env);
    const items = [shell(1, root, 'true'), shell(2, root, 'true')];
    const id = await create(ctx, items);
    const lock = await takeItem(ctx, id, '001');
    const session = await beginAndDie(ctx, id, items[0]!, 'no');
    // A worker that takes one thing takes what is free, and is not kept waiting.
    await workOnBatch(ctx, id, { ...worker, once: true });
    await workOnBatch(ctx, id, { ...worker, once: true });
    const batch = await readBatch(ctx, id);
    expect(batch.items.map(({ state }) => state)).toEqual(['running', 'passed']);
    expect(batch.items[0]!.attempts.map((one) => one.session)).toEqual([session]);
    lock!.release();
    await workOnBatch(ctx, id, worker);
    expect((await readBatch(ctx, id)).items.map(({ state }) => state)).toEqual(['passed', 'passed']);
  });

  it('in another clone is its own to judge; what each did comes together where their refs meet', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const items = [1, 2, 3].map((n) => shell(n, root, 'true'));
    const id = await create(ctx, items);
    await beginAndDie(ctx, id, items[0]!, 'no');
    const clone = join(tempDir(), 'clone');
    await git(root, 'clone', '-q', root, clone);
    await git(clone, 'fetch', '-q', 'origin', '+refs/amp/*:refs/amp/*');
    const there = await contextIn(clone, homeEnv());
    await workOnBatch(there, id, { ...worker, shard: { index: 2, of: 3 } });
    await workOnBatch(there, id, { ...worker, items: ['001'] });
    expect((await readBatch(there, id)).items.map(({ state }) => state)).toEqual(['running', 'passed', 'queued']);
    await workOnBatch(ctx, id, { ...worker, items: ['001', '003'] });
    const theirs = `refs/amp/batches/${id}/${there.store.writer}`;
    await git(root, 'fetch', '-q', clone, `${theirs}:${theirs}`);
    const met = await readBatch(await contextIn(root, ctx.env as NodeJS.ProcessEnv), id);
    expect(met.items.map(({ state }) => state)).toEqual(['passed', 'passed', 'passed']);
    expect(met.malformedEvents).toBe(0);
    expect(new Set(met.workers.map(({ writer }) => writer)).size).toBe(2);
  });
});

describe('locks', () => {
  it('say who does an item and who works on a batch, and those of the dead are swept', async () => {
    const ctx = await contextIn(await makeRepo(), homeEnv());
    expect([runHolders(ctx, 'b'), itemHolder(ctx, 'b', '001')]).toEqual([[], undefined]);
    await sweepLocks(ctx, 'b');
    const [one, two] = [await takeRun(ctx, 'b'), await takeRun(ctx, 'b')];
    const item = (await takeItem(ctx, 'b', '001'))!;
    expect(await takeItem(ctx, 'b', '001')).toBeUndefined();
    expect(itemHolder(ctx, 'b', '001')).toMatchObject({ pid: process.pid, command: 'batch b' });
    expect(
      runHolders(ctx, 'b')
        .map(({ nonce }) => nonce)
        .sort(),
    ).toEqual([one, two].map(({ holder }) => holder.nonce).sort());
    expect(runHolders(ctx, 'other')).toEqual([]);
    const dir = join(ctx.repo.commonDir, 'amp', 'locks');
    mkdirSync(dir, { recursive: true });
    const dead = { ...ownIdentity(), startTime: 'never', command: 'batch b', nonce: 'n', since: '' };
    for (const name of ['batch.b.run.gone.lock', 'batch.b.002.lock', 'batch.bb.002.lock'])
      writeFileSync(join(dir, name), JSON.stringify(dead));
    expect(runHolders(ctx, 'b')).toHaveLength(2);
    await sweepLocks(ctx, 'b');
    const left = readdirSync(dir).filter((name) => name.endsWith('.lock'));
    expect(left).toHaveLength(4);
    expect(existsSync(join(dir, 'batch.bb.002.lock'))).toBe(true);
    for (const lock of [one, two, item]) lock.release();
    expect(runHolders(ctx, 'b')).toEqual([]);
  });
});
