import { describe, expect, it } from 'vitest';
import { readBatch } from '../../../src/workflows/batch/home.ts';
import { resumeBatch } from '../../../src/workflows/batch/resume.ts';
import { requeue, retryBatch } from '../../../src/workflows/batch/retry.ts';
import { runBatch } from '../../../src/workflows/batch/run.ts';
import { stopBatch } from '../../../src/workflows/batch/stop.ts';
import { silentView } from '../../../src/workflows/batch/view.ts';
import { workOnBatch } from '../../../src/workflows/batch/worker.ts';
import { InterruptSwitch } from '../../../src/workflows/interrupts.ts';
import { makeRepo } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { create, homeEnv, locksIn, run, Seen, shell, typesOf } from './engine.ts';

/** Stops a run as soon as so many attempts have begun, once or twice. */
const stopAfter = (attempts: number, presses: number) => {
  const [view, interrupts] = [new Seen(), new InterruptSwitch()];
  let begun = 0;
  view.on(({ type }) => {
    if (type !== 'batch-attempt.started' || ++begun !== attempts) return;
    for (let n = 0; n < presses; n++) interrupts.stop();
  });
  return { view, interrupts };
};

const resume = { interrupts: new InterruptSwitch(), view: silentView };

describe('a stop', () => {
  it('lets what runs come to its end, and leaves the rest queued for a resume', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const id = await create(
      ctx,
      [1, 2].map((n) => shell(n, root, 'sleep 0.2; echo x >> a.txt')),
    );
    const drained = await run(ctx, id, { concurrency: 1, ...stopAfter(1, 1) });
    expect([drained.states, drained.result.outcome]).toEqual([['passed', 'queued'], 'drained']);
    expect((await readBatch(ctx, id)).stopped).toBe('drained');
    const first = drained.items[0]!.attempts;
    const resumed = await resumeBatch(ctx, id, resume);
    expect(resumed).toMatchObject({ outcome: 'finished', counts: { passed: 2 } });
    expect(resumed.items[0]!.attempts).toEqual(first);
    expect(await typesOf(ctx, id)).toContain('batch.finished');
    // Again there is nothing to do, and nothing is added.
    const events = (await readBatch(ctx, id)).events;
    expect((await resumeBatch(ctx, id, resume)).outcome).toBe('finished');
    expect((await readBatch(ctx, id)).events).toBe(events);
  });

  it('told twice ends what runs, which is queued again with what it did on record', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const id = await create(
      ctx,
      [1, 2].map((n) => shell(n, root, 'echo x >> a.txt; sleep 30')),
    );
    const stopped = await run(ctx, id, stopAfter(2, 2));
    expect([stopped.states, stopped.result.outcome]).toEqual([['queued', 'queued'], 'stopped']);
    expect(stopped.items.map(({ attempts }) => attempts[0]!.end!.state)).toEqual(['cancelled', 'cancelled']);
    expect(locksIn(ctx)).toEqual([]);
  });

  it('from another terminal reaches those who work on it; without any it says so, and what is queued can be cancelled', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const id = await create(
      ctx,
      [1, 2].map((n) => shell(n, root, 'sleep 30')),
    );
    await expect(stopBatch(ctx, id, { now: false, cancel: false })).rejects.toMatchObject({
      code: 'batch.idle',
      hint: expect.stringContaining(`batch resume ${id}`),
    });
    const [view, interrupts] = [new Seen(), new InterruptSwitch()];
    const onSignal = (): void => interrupts.stop();
    process.on('SIGINT', onSignal);
    try {
      const begun = new Promise<void>((resolve) =>
        view.on(({ type }) => type === 'batch-attempt.started' && resolve()),
      );
      const running = runBatch(ctx, id, { interrupts, view, concurrency: 1 });
      await begun;
      const other = await contextIn(root, ctx.env as NodeJS.ProcessEnv);
      const stopped = await stopBatch(other, id, { now: true, cancel: true });
      expect(stopped).toEqual({
        id,
        workers: [{ pid: process.pid, host: expect.any(String), ended: true }],
        cancelled: ['001', '002'],
      });
      expect((await running).outcome).toBe('stopped');
    } finally {
      process.off('SIGINT', onSignal);
    }
    const batch = await readBatch(ctx, id);
    expect(batch.items.map(({ state }) => state)).toEqual(['cancelled', 'cancelled']);
    expect(batch.finishedAt).not.toBeNull();
  });
});

describe('again', () => {
  it('queues what went wrong, runs it as marked, and leaves what passed', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const id = await create(ctx, [shell(1, root, 'true'), shell(2, root, `test -e ${root}/mended`)]);
    expect((await run(ctx, id)).states).toEqual(['passed', 'error']);
    await import('node:fs').then(({ writeFileSync }) => writeFileSync(`${root}/mended`, ''));
    const again = await retryBatch(ctx, id, { ...resume, items: 'failed' });
    expect(again.items.map(({ state, attempts }) => [state, attempts.length])).toEqual([
      ['passed', 1],
      ['passed', 2],
    ]);
    await expect(requeue(ctx, id, 'failed')).rejects.toMatchObject({ code: 'batch.idle' });
    await expect(requeue(ctx, id, ['nobody'])).rejects.toMatchObject({ code: 'batch.missing' });
    expect(await requeue(ctx, id, ['item 1'])).toEqual(['001']);
  });
});

describe('workers', () => {
  it('take one item each, or a part, or what is named', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const id = await create(
      ctx,
      [1, 2, 3, 4, 5].map((n) => shell(n, root, 'true')),
    );
    const states = async () => (await readBatch(ctx, id)).items.map(({ state }) => state[0]).join('');
    await workOnBatch(ctx, id, { ...resume, once: true });
    expect(await states()).toBe('pqqqq');
    await workOnBatch(ctx, id, { ...resume, shard: { index: 2, of: 3 } });
    expect(await states()).toBe('ppqqp');
    const named = await workOnBatch(ctx, id, { ...resume, items: ['004'] });
    expect([await states(), named.outcome]).toEqual(['ppqpp', 'finished']);
    const other = await contextIn(root, ctx.env as NodeJS.ProcessEnv);
    const [one, two] = await Promise.all([workOnBatch(ctx, id, resume), workOnBatch(other, id, resume)]);
    expect([await states(), one.outcome, two.outcome]).toEqual(['ppppp', 'finished', 'finished']);
    const types = await typesOf(ctx, id);
    expect(types.filter((type) => type === 'batch.finished')).toHaveLength(1);
    expect(types.filter((type) => type === 'batch-item.finished')).toHaveLength(5);
    expect(locksIn(ctx)).toEqual([]);
  });

  it('refuse a batch that is not there', async () => {
    const ctx = await contextIn(await makeRepo(), homeEnv());
    await expect(workOnBatch(ctx, 'nothing', resume)).rejects.toMatchObject({ code: 'batch.missing' });
    expect(locksIn(ctx)).toEqual([]);
  });
});
