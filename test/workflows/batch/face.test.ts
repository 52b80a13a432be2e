import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BatchPlan, ItemState } from '../../../src/batch/plan.ts';
import { trustFile } from '../../../src/config/trust.ts';
import { offerBatches } from '../../../src/workflows/batch/completion.ts';
import { createBatch } from '../../../src/workflows/batch/create.ts';
import { readBatch } from '../../../src/workflows/batch/home.ts';
import { openBatchJournal } from '../../../src/workflows/batch/journal.ts';
import { takeRun } from '../../../src/workflows/batch/locks.ts';
import type { BatchResult } from '../../../src/workflows/batch/run.ts';
import { batchStatus, listBatches } from '../../../src/workflows/batch/status.ts';
import { requireTrustedBatch, requireTrustedFile } from '../../../src/workflows/batch/trust.ts';
import { silentView } from '../../../src/workflows/batch/view.ts';
import { answerOf, noting, parseShard, withBatchHome } from '../../../src/workflows/batch/work.ts';
import { batchForWorker, itemsOfWorker, sharedPlan } from '../../../src/workflows/batch/worker-batch.ts';
import type { Context } from '../../../src/workflows/context.ts';
import { end, optionsOf, planned } from '../../batch/world.ts';
import { errorOf } from '../../config/support.ts';
import { git, makeRepo, tempDir } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { homeEnv } from './engine.ts';

const asking = (answer: boolean) => {
  const asked: unknown[] = [];
  const ask = async (what: unknown): Promise<boolean> => {
    asked.push(what);
    return answer;
  };
  return { asked, trust: false, ask };
};
const never = asking(false);

const plan = (id: string | null, count: number, over = {}): BatchPlan => ({
  id,
  options: optionsOf({ name: `batch ${id}`, ...over }),
  items: Array.from({ length: count }, (_, at) => planned(at + 1)),
});

let repo: string;
let ctx: Context;
beforeAll(async () => {
  repo = await makeRepo();
});
// A context ends with the test that opened it.
beforeEach(async () => {
  ctx = await contextIn(repo, homeEnv());
});

/** A batch whose items have come to this. */
const played = async (id: string, states: (ItemState | null)[]): Promise<void> => {
  await createBatch(ctx, plan(id, states.length));
  const journal = openBatchJournal(ctx, id);
  await journal.turn(async (turn) => {
    for (const [at, state] of states.entries()) {
      const item = `00${at + 1}`;
      if (state === null) continue;
      await turn.decide({ do: 'startAttempt', item, session: `s${at}aaaaaaaa`, repository: repo });
      if (state === 'running') continue;
      const how = end(state as 'passed', state === 'error' ? { code: 'agent.login' } : {});
      await turn.decide({ do: 'finishAttempt', item, session: `s${at}aaaaaaaa`, end: how, pauseUntil: () => '' });
    }
    await turn.decide({ do: 'finish' });
  });
  await journal.close();
};

describe('trust', () => {
  const file = (sha: string) => ({
    file: '/x/b.yaml',
    trustSha256: sha.repeat(64),
    programs: [{ what: 'test command' as const, line: 'make', items: 2 }],
  });

  it('a file is asked about once for each of its contents', async () => {
    ctx = await contextIn(repo, homeEnv());
    const yes = asking(true);
    await requireTrustedFile(file('a'), ctx.home, yes);
    await requireTrustedFile(file('a'), ctx.home, never);
    expect([yes.asked.length, never.asked.length]).toEqual([1, 0]);
    const error = await errorOf(() => requireTrustedFile(file('b'), ctx.home, never));
    expect([error.code, error.exit]).toEqual(['batch.untrusted', 1]);
    expect(error.message).toContain('test command make');
    expect(error.hint).toContain('amp-sessions batch start --file /x/b.yaml --trust');
    await requireTrustedFile(file('b'), ctx.home, { ...never, trust: true });
    expect(JSON.parse(readFileSync(trustFile(ctx.home), 'utf8')).batches).toEqual({ '/x/b.yaml': 'b'.repeat(64) });
  });

  it('a file that names nothing to run is not asked about', async () => {
    ctx = await contextIn(repo, homeEnv());
    await requireTrustedFile({ ...file('a'), programs: [] }, ctx.home, never);
    expect(existsSync(trustFile(ctx.home))).toBe(false);
  });

  it('a batch that came from another clone is asked about, one of this clone is not', async () => {
    ctx = await contextIn(repo, homeEnv());
    const items = [planned(1, { repo, test: 'make', agent: { name: 'command', mode: null, command: './x' } })];
    await createBatch(ctx, { ...plan('travels', 1), items });
    await requireTrustedBatch(ctx, await readBatch(ctx, 'travels'), never);

    const clone = join(tempDir('amp-clone-'), 'clone');
    await git(repo, 'clone', '-q', repo, clone);
    await git(clone, 'fetch', '-q', repo, '+refs/amp/batches/*:refs/amp/batches/*');
    const there = await contextIn(clone, homeEnv());
    const batch = await readBatch(there, 'travels');
    expect(batch.items).toHaveLength(1);
    const error = await errorOf(() => requireTrustedBatch(there, batch, never));
    expect([error.code, error.details]).toEqual([
      'batch.untrusted',
      {
        programs: [
          { what: 'program of the agent', line: './x', items: 1 },
          { what: 'test command', line: 'make', items: 1 },
        ],
      },
    ]);
    expect(error.hint).toContain('amp-sessions batch resume travels --trust');
    const yes = asking(true);
    await requireTrustedBatch(there, batch, yes);
    await requireTrustedBatch(there, batch, asking(false));
    expect(yes.asked).toMatchObject([{ file: 'Batch travels, which was made in another clone,' }]);
  });
});

describe('how a batch stands', () => {
  beforeAll(async () => {
    repo = await makeRepo();
    ctx = await contextIn(repo, homeEnv());
    await createBatch(ctx, plan('waits', 2));
    await played('done', ['passed', 'failed']);
    await played('left', ['passed', 'running', null]);
  });

  it('new, running as long as a process works on it, stopped, finished', async () => {
    expect((await listBatches(ctx)).map(({ id, state }) => [id, state])).toEqual([
      ['waits', 'new'],
      ['done', 'finished'],
      ['left', 'new'],
    ]);
    const lock = await takeRun(ctx, 'left');
    expect(await batchStatus(ctx, 'left')).toMatchObject({ state: 'running', workers: [{ pid: process.pid }] });
    lock.release();
    const journal = openBatchJournal(ctx, 'left');
    const data = { reason: 'start', host: 'h', pid: 1, isolation: 'none' } as const;
    await journal.turn((turn) => turn.decide({ do: 'start', data }));
    await journal.close();
    expect((await batchStatus(ctx, 'left')).state).toBe('stopped');
  });

  it('every item with its figures; what nobody told is null', async () => {
    const { items, counts, spent } = await batchStatus(ctx, 'left');
    expect(counts).toMatchObject({ passed: 1, running: 1, queued: 1 });
    expect(spent).toEqual({ usd: 0.5, tokens: 35, isLowerBound: false });
    expect(items).toMatchObject([
      {
        item: '001',
        state: 'passed',
        session: 's0aaaaaaaa',
        sessions: ['s0aaaaaaaa'],
        costUsd: 0.5,
        tokens: 35,
        durationMs: 1000,
      },
      { item: '002', state: 'running', session: 's1aaaaaaaa', costUsd: null, tokens: 0, durationMs: null },
      { item: '003', state: 'queued', session: null, sessions: [], costUsd: null, attempts: 0, startedAt: null },
    ]);
  });

  it('is completed by id and by name', async () => {
    const offers = await offerBatches(repo);
    expect(offers.map(({ value }) => value)).toEqual([
      'waits',
      'done',
      'left',
      'batch waits',
      'batch done',
      'batch left',
    ]);
    expect(offers.find(({ value }) => value === 'done')!.description).toBe('batch done, 1 of 2 passed');
  });
});

describe('what a run ends with', () => {
  const ended = async (states: (ItemState | null)[], over: Partial<BatchResult> = {}, scope = {}) => {
    repo = await makeRepo();
    ctx = await contextIn(repo, homeEnv());
    await played('b', states);
    const result = { id: 'b', outcome: 'finished', budget: null, ...over } as BatchResult;
    const { answer, failure } = await answerOf(ctx, result, scope);
    expect(answer.outcome).toBe(result.outcome);
    expect(failure?.answer?.['counts']).toEqual(failure && answer.counts);
    return failure && [failure.exit, failure.code, failure.message];
  };

  it.each<[string, (ItemState | null)[], Partial<BatchResult>, object, unknown]>([
    ['all passed', ['passed', 'passed'], {}, {}, undefined],
    ['tests failed', ['passed', 'failed'], {}, {}, [4, 'tests.failed', 'The tests of 1 of 2 items failed.']],
    [
      'errors weigh more',
      ['failed', 'error', 'timeout'],
      {},
      {},
      [5, 'agent.failed', '2 of 3 items ended in an error or time-out.'],
    ],
    ['budgets more than those', ['error', 'budget'], {}, {}, [6, 'budget.exceeded', 'A budget ended 1 of 2 items.']],
    [
      'the budget of the run',
      ['passed', null],
      { outcome: 'budget', budget: 'It is used up.' },
      {},
      [6, 'budget.exceeded', 'It is used up.'],
    ],
    [
      'Ctrl-C more than all',
      ['error', null],
      { outcome: 'drained' },
      {},
      [130, 'interrupted', 'Stopped: 1 of 2 items are left.'],
    ],
    ['only its own part', ['passed', 'failed'], {}, { shard: { index: 1, of: 2 } }, undefined],
    ['only its own items', ['failed', 'passed'], {}, { items: ['002'] }, undefined],
  ])('%s', async (_, states, over, scope, failure) => {
    expect(await ended(states, over, scope)).toEqual(failure);
  });
});

describe('after a budget', () => {
  const hintAfter = async (result: Partial<BatchResult>, id: string): Promise<string | undefined> => {
    const whole = { id, outcome: 'finished', budget: null, ...result } as BatchResult;
    return (await answerOf(ctx, whole)).failure?.hint;
  };

  it("says what helps: trying again after an item's, another batch after the batch's, waiting after a day's", async () => {
    repo = await makeRepo();
    ctx = await contextIn(repo, homeEnv());
    await played('b', ['passed', 'budget', null]);
    expect(await hintAfter({ outcome: 'budget', budget: "Today's." }, 'b')).toBe(
      'Go on with `amp-sessions batch resume b`.',
    );
    await played('c', ['passed', 'budget']);
    expect(await hintAfter({}, 'c')).toContain('`amp-sessions batch retry c --failed` tries again');
    expect(await hintAfter({ outcome: 'budget', budget: 'All.' }, 'c')).toContain('with a runId of its own');
    const journal = openBatchJournal(ctx, 'b');
    await journal.turn((turn) => turn.decide({ do: 'giveUp', state: 'budget', cause: null }));
    await journal.close();
    expect(await hintAfter({}, 'b')).toContain('with a runId of its own');
  });
});

describe('parts', () => {
  it.each([
    ['1/1', { index: 1, of: 1 }],
    ['3/10', { index: 3, of: 10 }],
  ])('%s', (given, shard) => expect(parseShard(given)).toEqual(shard));
  it.each(['', '1', '0/3', '4/3', '1/0', '-1/2', '1/2/3', 'a/b', '1.5/2', '1/999999'])('%j is none', async (given) => {
    expect((await errorOf(() => parseShard(given))).code).toBe('usage.invalid');
  });
});

describe('a worker', () => {
  beforeAll(async () => {
    repo = await makeRepo();
    ctx = await contextIn(repo, homeEnv());
  });

  it('names a file without an id by its hash, so that all make the same batch', () => {
    const { id } = sharedPlan(plan(null, 1, { sha256: `abc${'0'.repeat(61)}` }));
    expect(id).toBe('abc0000000');
    expect(sharedPlan(plan('mine', 1)).id).toBe('mine');
  });

  it('takes items by number, id or not at all', async () => {
    await createBatch(ctx, plan('numbers', 12));
    const batch = await batchForWorker(ctx, { given: 'numbers', file: undefined }, never);
    expect(itemsOfWorker(batch, undefined)).toBeUndefined();
    expect(itemsOfWorker(batch, ['7', '012', '1'])).toEqual(['007', '012', '001']);
    for (const wrong of ['0', '13', 'item 1', '-1', ''])
      expect((await errorOf(() => itemsOfWorker(batch, [wrong]))).message).toBe(`Batch numbers has no item ${wrong}.`);
  });

  it('notes what it has begun, and tells the view all the same', () => {
    const [begun, told]: [string[], string[]] = [[], []];
    const view = noting({ ...silentView, event: ({ type }) => told.push(type) }, begun);
    view.event!({ type: 'batch-attempt.started', data: { item: '003' } } as never, {} as never);
    view.event!({ type: 'batch.finished', data: {} } as never, {} as never);
    expect([begun, told]).toEqual([['003'], ['batch-attempt.started', 'batch.finished']]);
  });

  it('a home is closed whatever happens', async () => {
    let open: Context | undefined;
    const work = withBatchHome({ dir: repo, env: ctx.env }, async (home) => {
      open = home;
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(open!.repo.root).toBe(repo);
  });
});
