import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, cliJson } from '../support/cli.ts';
import { git, makeRepo } from '../support/repo.ts';
import { contextIn, make, runOnce } from '../support/sessions.ts';

const LONG = `Read all of this: ${'lorem ipsum dolor '.repeat(12_000)}end.`;

describe('a prompt and a message of over 64 KiB', () => {
  it('reach the agent whole, and are on record as a payload with a preview', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const agent = { name: 'command', mode: null, command: 'tee got.txt' };
    const { session, worktree } = await make(ctx, { name: 'long', prompt: LONG, agent });
    const run = await runOnce(ctx, session.id);
    expect(run.iteration).toMatchObject({ outcome: 'completed', files: 1 });
    expect(readFileSync(join(worktree, 'got.txt'), 'utf8')).toBe(LONG);
    const started = run.events.find(({ type }) => type === 'iteration.started')!.data as {
      prompt: { preview: string };
    };
    expect(started.prompt).toMatchObject({ payload: { bytes: LONG.length }, preview: LONG.slice(0, 1000) });
    expect(run.iteration.prompt).toContain(`${LONG.length} bytes in all`);
    expect(await git(dir, 'log', '-1', '--format=%s', session.branch)).toMatch(/^amp: Read all of this: lorem .*…$/);
    await ctx.store.close();
    const status = await cliJson(dir, ['status', 'long']);
    expect(status.json.prompt).toContain('bytes in all');
    for (const args of [
      ['timeline', 'long'],
      ['logs', 'long'],
      ['status', 'long'],
    ]) {
      const shown = await cli(dir, args);
      expect(shown.exitCode).toBe(0);
      expect(shown.stdout).toContain('Read all of this');
      expect(shown.stdout).not.toMatch(/object Object|unreadable/);
    }
  });
});

describe('a secret in a prompt that is given to iterate', () => {
  it('reaches the agent, and not the record', async () => {
    const secret = `ghp_${'Ab1'.repeat(12)}`;
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const { session, worktree } = await make(ctx, { agent: { name: 'command', mode: null, command: 'cat > got.txt' } });
    const run = await runOnce(ctx, session.id, { prompt: `Use ${secret} to log in` });
    expect(readFileSync(join(worktree, 'got.txt'), 'utf8')).toBe(`Use ${secret} to log in`);
    expect(run.iteration.prompt).toMatch(/^Use \[REDACTED:[^\]]+\] to log in$/);
  });
});
