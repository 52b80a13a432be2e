import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Chalk } from 'chalk';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventText } from '../../src/cli/event-text.ts';
import { statusText } from '../../src/cli/status-text.ts';
import type { EventData, LogEvent } from '../../src/events/catalogue.ts';
import { describeSession } from '../../src/workflows/describe.ts';
import { readSession } from '../../src/workflows/summaries.ts';
import { git, makeRepo, sh } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const yaml = `
iterations:
  - - edit: { path: one.txt, content: "1\\n" }
    - run: truncate -s 5G huge.bin; mkfifo pipe; git init -q inner; touch inner/x
    - message: One.
  - - message: Nothing.
  - - run: rm -r huge.bin pipe inner
    - edit: { path: two.txt, content: "2\\n" }
    - message: Two.
`;

describe('what a commit at the end of an iteration cannot take in', () => {
  const color = new Chalk({ level: 0 });
  let world: { dir: string; id: string; worktree: string };
  beforeAll(async () => {
    const dir = await makeRepo();
    writeFileSync(join(dir, '.amp-sessions.yaml'), 'commit:\n  maxFileMb: 1\n');
    const ctx = await contextIn(dir);
    const { session, worktree } = await make(ctx, {
      agent: { name: 'scripted', mode: null, command: script(yaml) },
    });
    world = { dir, id: session.id, worktree };
  });
  const run = async () => {
    const ctx = await contextIn(world.dir);
    const { events, iteration } = await runOnce(ctx, world.id);
    const finished = events.find(({ type }) => type === 'iteration.finished') as LogEvent;
    return { ctx, iteration, finished, data: finished.data as EventData<'iteration.finished'> };
  };
  const all = [
    { path: 'huge.bin', why: 'large' },
    { path: 'inner', why: 'nested' },
    { path: 'pipe', why: 'special' },
  ];

  it('is on record, told at once, and shown by timeline and status', async () => {
    const { ctx, finished, data, iteration } = await run();
    expect([data.skipped, iteration.skipped]).toEqual([all, all]);
    expect(await git(world.dir, 'ls-tree', '-r', '--name-only', data.commit!)).not.toMatch(/huge|inner|pipe/);
    const named = 'huge.bin (too large), inner (a repository of its own), pipe (no file)';
    expect(ctx.warnings.join('\n')).toContain(`leaves out ${named}. The setting \`commit.maxFileMb\` is the limit`);
    expect(eventText(finished, color)).toContain(`; not committed: ${named}`);
    const status = describeSession(ctx, await readSession(ctx, world.id));
    expect(statusText(status as never, color, ctx.clock.now())).toContain(`not committed: ${named}`);
  });

  it('is told again while it lies there, though nothing is committed', async () => {
    const { data } = await run();
    expect([data.commit, data.skipped]).toEqual([undefined, all]);
  });

  it('is nothing once it is gone', async () => {
    const { ctx, data, finished } = await run();
    expect('skipped' in data).toBe(false);
    expect(ctx.warnings.join()).not.toContain('leaves out');
    expect(eventText(finished, color)).not.toContain('not committed');
    await sh(world.worktree, 'test ! -e huge.bin');
  });
});
