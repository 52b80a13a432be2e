import { existsSync } from 'node:fs';
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
  it('rests, longer each time, and is tried again without using up retries', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    // Away until somebody pays: the second attempt is another session, so the script asks the disk.
    const script = `iterations:\n - - run: test -e ${root}/paid || { touch ${root}/paid; exit 9; }\n`;
    const id = await create(ctx, [scripted(1, root, fails('agent.rejected')), scripted(2, root, script)]);
    const view = new Seen();
    const { states, items } = await run(ctx, id, { concurrency: 1, view, backOff: { firstMs: 40, mostMs: 80 } });
    expect(states).toEqual(['error', 'passed']);
    expect(items[0]!.attempts).toHaveLength(5);
    expect(items[0]!.cause?.code).toBe('agent.rejected');
    const pauses = view.events.filter(({ type }) => type === 'batch-agent.paused');
    expect(pauses.length).toBe(5);
    const rest = pauses.map(({ at, data }) => Date.parse((data as { until: string }).until) - Date.parse(at));
    // The append itself takes its time.
    expect(rest.every((ms) => ms <= 80)).toBe(true);
    expect(view.lines.filter((line) => line.startsWith('The agent scripted rests until'))).toHaveLength(5);
    expect(view.headers.some(({ pausedUntil }) => pausedUntil !== undefined)).toBe(true);
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
      view.lines.find((line) => line.startsWith('1 more items for the agent scripted are not tried')),
    ).toBeDefined();
  });
});

describe('what passes is merged, where that is wished', () => {
  it('one after the other; what does not fit is told, and has passed all the same', async () => {
    const root = await makeRepo();
    const ctx = await contextIn(root, homeEnv());
    const id = await create(ctx, [
      shell(1, root, 'echo one > one.txt', { mergeOnPass: true }),
      shell(2, root, 'echo two > two.txt', { mergeOnPass: true }),
      shell(3, root, 'echo mine > a.txt', { mergeOnPass: true }),
      shell(4, root, 'echo yours > a.txt', { mergeOnPass: true }),
      shell(5, root, 'true', { mergeOnPass: true }),
    ]);
    const { states, items, result, view } = await run(ctx, id, { concurrency: 5 });
    expect(states).toEqual(['passed', 'passed', 'passed', 'passed', 'passed']);
    expect(result.merges).toEqual({ done: 3, refused: 2 });
    expect(await git(root, 'show', 'main:one.txt', 'main:two.txt')).toBe('one\ntwo');
    expect(items[4]!.mergeRefused?.code).toBe('session.refused');
    const conflicts = [items[2]!, items[3]!].flatMap(({ mergeRefused }) => mergeRefused?.code ?? []);
    expect(conflicts).toEqual(['landing.conflict']);
    expect(view.lines.filter((line) => line.includes('not merged'))).toHaveLength(2);
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
