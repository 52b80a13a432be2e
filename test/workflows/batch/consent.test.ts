import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { offerBatches } from '../../../src/workflows/batch/completion.ts';
import { createBatch } from '../../../src/workflows/batch/create.ts';
import { allBatches, readBatch } from '../../../src/workflows/batch/home.ts';
import { type Asked, requireTrustedBatch, requireTrustedFile } from '../../../src/workflows/batch/trust.ts';
import { batchForWorker } from '../../../src/workflows/batch/worker-batch.ts';
import type { Context } from '../../../src/workflows/context.ts';
import { optionsOf, planned } from '../../batch/world.ts';
import { errorOf } from '../../config/support.ts';
import { makeRepo } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { homeEnv } from './engine.ts';
import { scene } from './support.ts';

/** Somebody who is asked, and what they were shown. */
const person = (says: boolean) => {
  const shown: Asked[] = [];
  const ask = async (what: Asked): Promise<boolean> => {
    shown.push(what);
    return says;
  };
  return { trust: false, ask, shown };
};

let repo: string;
let ctx: Context;
const env = homeEnv();
beforeAll(async () => {
  repo = await makeRepo();
});
beforeEach(async () => {
  ctx = await contextIn(repo, env);
});

const fileOf = (lines: string[], file = '/x/b.yaml') => ({
  file,
  trustSha256: 'a'.repeat(64),
  programs: lines.map((line) => ({ what: 'test command' as const, line, items: 1 })),
});

describe('consent to a file', () => {
  it('once refused is asked for again', async () => {
    const no = person(false);
    for (let n = 0; n < 2; n++) await errorOf(() => requireTrustedFile(fileOf(['make'], '/x/no.yaml'), ctx.home, no));
    expect(no.shown).toHaveLength(2);
  });

  it('is asked for with everything; the error shows five lines of it and counts the rest', async () => {
    const [no, lines] = [person(false), ['1', '2', '3', '4', '5', '6', '7'].map((n) => `make ${n}`)];
    const five = await errorOf(() => requireTrustedFile(fileOf(lines.slice(0, 5), '/x/5.yaml'), ctx.home, no));
    expect(five.message).toBe(
      `/x/5.yaml names what you have not said may be used: ${lines
        .slice(0, 5)
        .map((line) => `test command ${line}`)
        .join('; ')}.`,
    );
    const seven = await errorOf(() => requireTrustedFile(fileOf(lines, '/x/7.yaml'), ctx.home, no));
    expect(seven.message).toMatch(/test command make 5, and 2 more\.$/);
    expect(no.shown.map(({ programs }) => programs.length)).toEqual([5, 7]);
    expect((seven.details as { programs: unknown[] }).programs).toHaveLength(7);
  });

  it('is said with a command that a shell takes as it stands, or that of whoever asks', async () => {
    const odd = fileOf(['make'], "/x/it's a; file.yaml");
    const error = await errorOf(() => requireTrustedFile(odd, ctx.home, person(false)));
    expect(error.hint).toContain(`--file '/x/it'\\''s a; file.yaml' --trust`);
    const own = { ...person(false), command: 'amp-sessions bench run x' };
    expect((await errorOf(() => requireTrustedFile(odd, ctx.home, own))).hint).toContain(
      '`amp-sessions bench run x --trust`',
    );
  });

  it('given to one file holds for no other of the same contents', async () => {
    await requireTrustedFile(fileOf(['make'], '/x/one.yaml'), ctx.home, { ...person(false), trust: true });
    await requireTrustedFile(fileOf(['make'], '/x/one.yaml'), ctx.home, person(false));
    const other = await errorOf(() => requireTrustedFile(fileOf(['make'], '/x/two.yaml'), ctx.home, person(false)));
    expect(other.code).toBe('batch.untrusted');
  });
});

describe('consent to a batch of another clone', () => {
  const agent = { name: 'scripted', mode: null, command: '/x/agent.yaml' };
  const foreign = async (id: string, over: object) => {
    await createBatch(ctx, { id, options: optionsOf({ name: id }), items: [1, 2].map((n) => planned(n, over)) });
    const batch = await readBatch(ctx, id);
    return { ...batch, items: batch.items.map((item) => ({ ...item, planners: ['elsewhere'] })) };
  };

  it('shows each thing once, with how many items use it', async () => {
    const yes = person(true);
    await requireTrustedBatch(ctx, await foreign('f1', { agent, test: 'make', setup: 'make' }), yes);
    expect(yes.shown[0]!.programs).toEqual([
      { what: 'script of the agent', line: '/x/agent.yaml', items: 2 },
      { what: 'test command', line: 'make', items: 2 },
      { what: 'set-up command', line: 'make', items: 2 },
    ]);
  });

  it('is for what it runs now: something more is asked about again', async () => {
    const batch = await foreign('f2', { agent });
    const [yes, later] = [person(true), person(true)];
    await requireTrustedBatch(ctx, batch, yes);
    await requireTrustedBatch(ctx, batch, later);
    expect([yes.shown.length, later.shown.length]).toEqual([1, 0]);
    const [first, ...rest] = batch.items;
    const more = { ...batch, items: [{ ...first!, plan: { ...first!.plan, test: 'curl' } }, ...rest] };
    await requireTrustedBatch(ctx, more, later);
    expect(later.shown[0]!.programs.map(({ line }) => line)).toContain('curl');
  });

  it('is not needed where it runs nothing but an agent, and needed where one item alone came from there', async () => {
    await requireTrustedBatch(ctx, await foreign('f3', {}), person(false));
    const batch = await foreign('f4', { test: 'make' });
    const mixed = {
      ...batch,
      items: [{ ...batch.items[0]!, planners: ['gone', ctx.store.writer] }, batch.items[1]!],
    };
    expect((await errorOf(() => requireTrustedBatch(ctx, mixed, person(false)))).code).toBe('batch.untrusted');
    const ours = { ...batch, items: batch.items.map((item) => ({ ...item, planners: [ctx.store.writer] })) };
    await requireTrustedBatch(ctx, ours, person(false));
  });
});

describe('the batch of a worker', () => {
  const worker = (file: string, wish = person(false)) => batchForWorker(ctx, { given: undefined, file }, wish);
  const yaml = (more = '') => `${more}matrix:\n- { repo: ${repo}, prompt: x, agent: "command:true" }\n`;

  it.each([
    ['neither', {}],
    ['both', { given: 'a', file: 'b.yaml' }],
  ])('is one: %s is refused', async (_, { given, file }: { given?: string; file?: string }) => {
    const error = await errorOf(() => batchForWorker(ctx, { given, file }, person(true)));
    expect([error.code, error.message]).toEqual(['usage.invalid', 'A worker works on one batch.']);
  });

  it('is not made of a file that nobody has allowed', async () => {
    const before = (await allBatches(ctx)).length;
    const { dir } = scene({ 'b.yaml': yaml() });
    expect((await errorOf(() => worker(join(dir, 'b.yaml')))).code).toBe('batch.untrusted');
    expect(await allBatches(ctx)).toHaveLength(before);
  });

  it('a suite of a benchmark is none, and it is said how parts of that are done', async () => {
    const { dir } = scene({ 's.yaml': 'suite: s\ncases:\n  - { id: one }\n' });
    const error = await errorOf(() => worker(join(dir, 's.yaml'), person(true)));
    expect(error.code).toBe('batch.invalid');
    expect(error.message).toMatch(/s\.yaml:1:1: this is a suite of a benchmark, and no batch\.$/);
    expect(error.hint).toMatch(/`amp-sessions bench \S+s\.yaml --shard <i\/n>`\.$/);
  });

  it('is made once of a file, by whoever comes first, and under its own id where it has one', async () => {
    const { dir } = scene({ 'b.yaml': yaml(), 'named.yaml': yaml('runId: mine\n') });
    const [one, two] = [await worker(join(dir, 'b.yaml'), person(true)), await worker(join(dir, 'b.yaml'))];
    expect([two.id, two.items.length, two.malformedEvents]).toEqual([one.id, 1, 0]);
    expect(one.id).toBe(one.options.sha256.slice(0, 10));
    expect((await worker(join(dir, 'named.yaml'), person(true))).id).toBe('mine');
    const changed = scene({ 'named.yaml': yaml('runId: mine\nname: other\n') });
    const error = await errorOf(() => worker(join(changed.dir, 'named.yaml'), person(true)));
    expect(error.code).toBe('batch.exists');
  });
});

describe('completion of batches', () => {
  it('in a repository without any offers none, and makes nothing', async () => {
    const empty = await makeRepo();
    expect(await offerBatches(empty)).toEqual([]);
    expect(readdirSync(join(empty, '.git'))).not.toContain('amp');
    expect(existsSync(join(empty, 'amp'))).toBe(false);
  });

  it('offers a name once, for the newest, and none that is the id; of many the ids alone', async () => {
    const many = await contextIn(await makeRepo(), homeEnv());
    const make = (id: string, name: string) =>
      createBatch(many, { id, options: optionsOf({ name }), items: [planned(1)] });
    for (const [id, name] of [
      ['n1', 'nightly'],
      ['n2', 'nightly'],
      ['same', 'same'],
    ] as const)
      await make(id, name);
    const offers = await offerBatches(many.repo.root);
    expect(offers.map(({ value }) => value).sort()).toEqual(['n1', 'n2', 'nightly', 'same']);
    expect(offers.find(({ value }) => value === 'nightly')!.description).toBe('n2, 0 of 1 passed');
    const refs = join(many.repo.commonDir, 'refs', 'amp', 'batches');
    for (let n = 0; n < 18; n++) cpSync(join(refs, 'n1'), join(refs, `more-${n}`), { recursive: true });
    const all = await offerBatches(many.repo.root);
    expect([all.length, all.some(({ description }) => description !== undefined)]).toEqual([21, false]);
  });
});
