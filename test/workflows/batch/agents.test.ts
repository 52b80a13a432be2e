import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Agent } from '../../../src/agents/agent.ts';
import { CommandAgent } from '../../../src/agents/command.ts';
import { readBatch } from '../../../src/workflows/batch/home.ts';
import { readSession } from '../../../src/workflows/summaries.ts';
import { git, makeRepo } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { create, homeEnv, run, Seen, scripted, shell, typesOf } from './engine.ts';

const fails = (code: string): string => `iterations:\n - - fail: { message: no, code: ${code} }\n`;

describe('an agent that is turned away by its provider', () => {
  it('rests, and is tried again without using up retries', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const item = scripted(1, root, fails('agent.rejected'));
    const id = await create(ctx, [item]);
    const view = new Seen();
    // Somebody has paid meanwhile.
    view.on(({ type }) => {
      if (type === 'batch-agent.paused') writeFileSync(item.agent.command!, 'iterations:\n - - message: hello\n');
    });
    const { states, items } = await run(ctx, id, { view, backOff: { firstMs: 40, mostMs: 80 } });
    expect(states).toEqual(['passed']);
    expect(items[0]!.attempts.map(({ end }) => end!.cause?.code ?? null)).toEqual(['agent.rejected', null]);
    const { at, data } = view.events.find(({ type }) => type === 'batch-agent.paused')!;
    expect(Date.parse((data as { until: string }).until) - Date.parse(at)).toBeLessThanOrEqual(40);
    expect(view.lines.filter((line) => line.startsWith('! The agent scripted rests until'))).toHaveLength(1);
  });
});

describe('an agent that cannot be started', () => {
  it('is not asked again: its other items end with the same cause, at once', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const id = await create(ctx, [
      scripted(1, root, fails('agent.login'), { retries: 2 }),
      scripted(2, root, 'iterations:\n - - message: hello\n'),
      shell(3, root, 'true'),
    ]);
    const { states, items, view } = await run(ctx, id, { concurrency: 1 });
    expect(states).toEqual(['error', 'error', 'passed']);
    expect([items[0]!.attempts.length, items[1]!.attempts.length, items[1]!.cause?.code]).toEqual([
      1,
      0,
      'agent.login',
    ]);
    expect(
      view.lines.filter((line) => line.startsWith('! 1 more item for the agent scripted will not be tried')),
    ).toHaveLength(1);
  });

  it('says nothing of the parts that other machines do: there it may well start', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const id = await create(
      ctx,
      [1, 2, 3, 4, 5, 6].map((n) => scripted(n, root, fails('agent.login'))),
    );
    const { states, result, view } = await run(ctx, id, { concurrency: 1, shard: { index: 2, of: 2 } });
    expect(states).toEqual(['queued', 'error', 'queued', 'error', 'queued', 'error']);
    expect(result.outcome).toBe('finished');
    expect(view.lines.filter((line) => line.startsWith('! 2 more items for the agent scripted'))).toHaveLength(1);
    const named = await run(ctx, id, { items: ['003'] });
    expect(named.states).toEqual(['queued', 'error', 'error', 'error', 'queued', 'error']);
  });
});

describe('what the disk has against an item', () => {
  it('ends the run where it is full, as it is for all; rights are those of one repository', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const id = await create(ctx, [shell(1, root, 'true'), shell(2, root, 'true')]);
    const refusing = (code: string) => ({
      open: () => Promise.reject(Object.assign(new Error(code), { code, syscall: 'mkdir', path: '/r/.worktrees' })),
    });
    await expect(run(ctx, id, { concurrency: 1, hooks: refusing('ENOSPC') })).rejects.toMatchObject({
      code: 'store.full',
      message: '/r/.worktrees is on a full disk.',
    });
    const { states, items } = await run(ctx, id, { hooks: refusing('EACCES') });
    expect(states).toEqual(['error', 'error']);
    expect(items[1]!.cause).toEqual({
      code: 'store.readonly',
      message: '/r/.worktrees may not be read or written (EACCES).',
    });
  });
});

describe('what passes is merged, where that is wished', () => {
  it('one after the other; what does not fit is told, and has passed all the same', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const id = await create(ctx, [
      shell(1, root, 'echo one > one.txt', { mergeOnPass: true }),
      shell(2, root, 'echo mine > a.txt', { mergeOnPass: true }),
      shell(3, root, 'echo yours > a.txt', { mergeOnPass: true }),
    ]);
    const { states, items, result, view } = await run(ctx, id, { concurrency: 3 });
    expect(states).toEqual(['passed', 'passed', 'passed']);
    expect(result.merges).toEqual({ done: 2, refused: 1 });
    expect(await git(root, 'show', 'main:one.txt')).toBe('one');
    const conflicts = [items[1]!, items[2]!].flatMap(({ mergeRefused }) => mergeRefused?.code ?? []);
    expect(conflicts).toEqual(['landing.conflict']);
    expect(view.lines.filter((line) => line.includes('not merged'))).toHaveLength(1);
    const merged = items[0]!.merged!;
    expect(await git(root, 'merge-base', '--is-ancestor', merged.commit, 'main')).toBe('');
  });
});

describe('what a benchmark does differently', () => {
  it('opens its own repository, brings its own agent and prompt, and judges before the end is on record', async () => {
    const [root, other] = [await makeRepo(), await makeRepo()];
    const env = homeEnv();
    const ctx = await contextIn(root, env);
    const elsewhere = await contextIn(other, env);
    const agent: Agent = new CommandAgent({ env: ctx.env, clock: ctx.clock, line: 'cat > told.txt' });
    const id = await create(ctx, [shell(1, '/nowhere', 'false', { agent: { name: 'gold', mode: null } })], {
      kind: 'bench',
    });
    const seen: string[] = [];
    const { states } = await run(ctx, id, {
      hooks: {
        open: async () => elsewhere,
        agent: () => agent,
        prompt: () => 'another prompt',
        after: async (item, attempt, { ctx: its, session, found, state, record }) => {
          seen.push(`${item.plan.item} ${attempt} ${state} ${found?.iterations.length} ${its.repo.root === other}`);
          await record([
            {
              type: 'batch-case.graded',
              by: 'program',
              data: {
                item: item.plan.item,
                attempt,
                session,
                resolved: true,
                failToPass: { passed: 1, total: 1 },
                passToPass: { passed: 2, total: 2 },
                reason: null,
                patchSha256: null,
                patchBytes: 0,
              },
            },
          ]);
        },
      },
    });
    expect([states, seen]).toEqual([['passed'], ['001 1 passed 1 true']]);
    const types = await typesOf(ctx, id);
    expect(types.indexOf('batch-case.graded')).toBeLessThan(types.indexOf('batch-attempt.finished'));
    const [item] = (await readBatch(ctx, id)).items;
    expect(item!.graded?.resolved).toBe(true);
    const { session, end } = item!.attempts[0]!;
    expect(await git(other, 'show', `${end!.commit}:told.txt`)).toBe('another prompt');
    expect((await readSession(elsewhere, session)).exists).toBe(true);
    expect(existsSync(join(root, '.worktrees'))).toBe(false);
  });

  it('that goes wrong itself is told, and takes nothing from the attempt', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const id = await create(ctx, [shell(1, root, 'true')]);
    const after = () => Promise.reject(new Error('no runner here'));
    const { states, view } = await run(ctx, id, { hooks: { after } });
    expect(states).toEqual(['passed']);
    expect(view.lines).toContain('001 item 1: no runner here');
  });
});
