import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSession } from '../../../src/workflows/summaries.ts';
import { git, makeRepo } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { create, homeEnv, locksIn, run, scripted, shell, typesOf } from './engine.ts';

describe('a batch over two repositories', () => {
  it('gives every item its state and cause, and leaves a log, sessions, and no lock', async () => {
    const [a, b] = [await makeRepo(), await makeRepo()];
    const ctx = await contextIn(a, homeEnv());
    const id = await create(ctx, [
      shell(1, a, 'echo one >> a.txt', { test: 'grep -q one a.txt' }),
      shell(2, b, 'echo two >> b.txt', { test: 'false' }),
      shell(3, b, 'echo sorry >&2; exit 3', { retries: 1 }),
      shell(4, a, 'sleep 30', { timeoutSec: 0.4 }),
      scripted(5, b, 'iterations:\n - - usage: { input: 5, output: 7, cacheWrite: 3 }\n   - cost: 0.25\n'),
      shell(6, join(a, 'nowhere'), 'true'),
    ]);
    const { result, items, states, view } = await run(ctx, id, { concurrency: 3 });
    expect(states).toEqual(['passed', 'failed', 'error', 'timeout', 'passed', 'error']);
    expect(items.map(({ cause }) => cause?.code ?? null)).toEqual([
      null,
      'tests.failed',
      'agent.failed',
      'agent.timeout',
      null,
      'repository.missing',
    ]);
    expect(items.map(({ attempts }) => attempts.length)).toEqual([1, 1, 2, 1, 1, 1]);
    expect(result).toMatchObject({
      outcome: 'finished',
      counts: { passed: 2, failed: 1, error: 2, timeout: 1, queued: 0, running: 0 },
      spent: { usd: 0.25, tokens: 15, isLowerBound: false },
    });
    const [attempt] = items[0]!.attempts;
    const session = await readSession(ctx, attempt!.session);
    expect([session.name, session.head, attempt!.end!.verdict]).toEqual(['item 1', attempt!.end!.commit, 'passed']);
    expect(await git(a, 'show', `${session.head}:a.txt`)).toContain('one');
    const types = await typesOf(ctx, id);
    expect([types.slice(0, 8).at(-1), types.at(-1)]).toEqual(['batch.started', 'batch.finished']);
    expect(locksIn(ctx)).toEqual([]);
    expect(view.lines).toHaveLength(7);
    expect(view.lines.find((line) => line.startsWith('! 003 item 3 error, to be tried again'))).toContain('sorry');
    expect(view.lines.find((line) => line.startsWith('✗ 003 item 3 (attempt 2) error ('))).toBeDefined();
    expect(view.headers.at(-1)).toMatchObject({ running: 0, spentUsd: 0.25, etaMs: 0 });
    expect(new Set(view.slots.map((line) => line[0]))).toEqual(new Set(['0', '1', '2']));
    expect(existsSync(join(b, '.git', 'refs', 'amp', 'batches'))).toBe(false);
  });
});
