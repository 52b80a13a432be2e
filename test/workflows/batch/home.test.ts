import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createBatch } from '../../../src/workflows/batch/create.ts';
import { allBatches, findBatch, openBatchHome, readBatch } from '../../../src/workflows/batch/home.ts';
import { openBatchJournal } from '../../../src/workflows/batch/journal.ts';
import { optionsOf, planned } from '../../batch/world.ts';
import { git, makeRepo, tempDir } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { homeEnv } from './engine.ts';

const plan = (id: string | null, name: string, over = {}) => ({
  id,
  options: optionsOf({ name, ...over }),
  items: [planned(1)],
});

describe('where a batch lives', () => {
  it('outside of any repository, in a bare one of the user, made once', async () => {
    const env = homeEnv();
    const dir = tempDir();
    for (const id of ['one', 'two']) {
      const home = await openBatchHome({ dir, env });
      expect(home.repo).toMatchObject({
        bare: true,
        commonDir: join(env['XDG_DATA_HOME']!, 'amp-sessions', 'batches.git'),
      });
      await createBatch(home, plan(id, 'nightly'));
      expect((await allBatches(home)).map((batch) => batch.id)).toContain(id);
      await home.store.close();
    }
    const home = await openBatchHome({ dir, env });
    expect((await allBatches(home)).map(({ id }) => id)).toEqual(['one', 'two']);
    await home.store.close();
  });

  it('in the repository one stands in, as refs that travel with it', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const home = await openBatchHome({ dir: root, env: ctx.env });
    const id = await createBatch(home, plan(null, 'nightly'));
    await home.store.close();
    expect(id).toMatch(/^[a-z][a-z0-9]{9}$/);
    expect(await git(root, 'for-each-ref', '--format=%(refname)')).toContain(`refs/amp/batches/${id}/`);
    expect(existsSync(join(root, '.git', 'amp', 'wal', `batches.${id}.x.ndjson`))).toBe(false);
    const again = await contextIn(root, ctx.env as NodeJS.ProcessEnv);
    expect(await readBatch(again, id)).toMatchObject({
      exists: true,
      options: { name: 'nightly' },
      items: [{ state: 'queued' }],
    });
  });
});

describe('which batch is meant', () => {
  it('by id, by name the newest, by a prefix that only one has; else it says what there is', async () => {
    const ctx = await contextIn(await makeRepo(), homeEnv());
    await expect(findBatch(ctx, 'x')).rejects.toMatchObject({
      code: 'batch.missing',
      hint: expect.stringContaining('batch start'),
    });
    for (const [id, name] of [
      ['alpha', 'old'],
      ['alpine', 'nightly'],
      ['beta', 'nightly'],
    ] as const)
      await createBatch(ctx, plan(id, name));
    expect([await findBatch(ctx, 'alpha'), await findBatch(ctx, 'nightly'), await findBatch(ctx, 'be')]).toEqual([
      'alpha',
      'beta',
      'beta',
    ]);
    await expect(findBatch(ctx, 'alp')).rejects.toMatchObject({
      code: 'batch.ambiguous',
      message: '“alp” means 2 batches: alpha (old, 1 of 1 left), alpine (nightly, 1 of 1 left).',
    });
    await expect(findBatch(ctx, 'x')).rejects.toMatchObject({
      code: 'batch.missing',
      hint: expect.stringContaining('batch list'),
    });
  });
});

describe('a batch is made', () => {
  it('once: the same again is the same, another under its id is refused', async () => {
    const ctx = await contextIn(await makeRepo(), homeEnv());
    await createBatch(ctx, plan('b', 'n'));
    await createBatch(ctx, plan('b', 'n'));
    expect((await readBatch(ctx, 'b')).events).toBe(2);
    await expect(createBatch(ctx, plan('b', 'n', { sha256: '0' }))).rejects.toMatchObject({ code: 'batch.exists' });
  });

  it.each(['../x', 'a b', '', '-x', 'x'.repeat(64)])('not under the id %j', async (id) => {
    const ctx = await contextIn(await makeRepo(), homeEnv());
    await expect(createBatch(ctx, plan(id, 'n'))).rejects.toMatchObject({ code: 'usage.invalid' });
  });

  it('not with a budget that could never be kept', async () => {
    const ctx = await contextIn(await makeRepo(), homeEnv());
    const items = [planned(1, { agent: { name: 'command', mode: null, command: 'true' } })];
    const wish = { id: 'b', options: optionsOf({ budget: { usd: 1 } }), items };
    await expect(createBatch(ctx, wish)).rejects.toMatchObject({
      code: 'budget.unknowable',
      // In the words of the file.
      hint: 'Give a budget in tokens, or in time (`wallClock`), for these items.',
    });
    expect(await allBatches(ctx)).toEqual([]);
  });

  it('with a prompt of any length, kept apart and found again', async () => {
    const ctx = await contextIn(await makeRepo(), homeEnv());
    const prompt = 'long '.repeat(40_000);
    const id = await createBatch(ctx, { id: 'b', options: optionsOf(), items: [planned(1, { prompt })] });
    const [item] = (await readBatch(ctx, id)).items;
    expect(item!.plan.prompt).toMatchObject({ payload: { bytes: prompt.length } });
  });
});

describe('a log that several write to', () => {
  it('takes turns: each sees what the others did, and nothing is lost or done twice', async () => {
    const root = await makeRepo();
    const env = homeEnv();
    const items = Array.from({ length: 12 }, (_, n) => planned(n + 1));
    const first = await contextIn(root, env);
    const id = await createBatch(first, { id: 'b', options: optionsOf(), items });
    const contexts = [first, await contextIn(root, env), await contextIn(root, env)];
    const journals = contexts.map((ctx) => openBatchJournal(ctx, id));
    const begun: string[] = [];
    await Promise.all(
      journals.map(async (journal, who) => {
        for (;;) {
          const item = await journal.turn(async (turn) => {
            const next = turn.batch.items.find(({ state }) => state === 'queued');
            if (!next) return undefined;
            const session = `s${who}-${next.plan.item}`;
            await turn.decide({ do: 'startAttempt', item: next.plan.item, session, repository: root });
            return next.plan.item;
          });
          if (item === undefined) return;
          begun.push(item);
        }
      }),
    );
    for (const journal of journals) await journal.close();
    expect(begun.sort()).toEqual(items.map(({ item }) => item));
    const batch = await readBatch(await contextIn(root, env), id);
    expect(batch).toMatchObject({ malformedEvents: 0, unknownEvents: 0, events: 1 + 12 + 12 });
    expect(new Set(batch.items.map(({ attempts }) => attempts.length))).toEqual(new Set([1]));
  });
});
