import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { findSession } from '../../src/workflows/find-session.ts';
import { mergeSession } from '../../src/workflows/landing/merge.ts';
import { undoLast } from '../../src/workflows/landing/undo.ts';
import { resumeSession } from '../../src/workflows/resume.ts';
import { readSession } from '../../src/workflows/summaries.ts';
import { sync } from '../../src/workflows/sync/sync.ts';
import { verify } from '../../src/workflows/verify.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const yaml = `
iterations:
  - - edit: { path: one.txt, content: "1\\n" }
  - - edit: { path: two.txt, content: "2\\n" }
  - - edit: { path: three.txt, content: "3\\n" }
`;

/** The machine's name, as the file of the writer has it; the file stays the same one. */
const renameHost = (dir: string) => {
  const file = join(dir, '.git/amp/writer');
  writeFileSync(file, `${JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), host: 'before' })}\n`);
};

/** The same files in the same place, but other ones: as after a backup was put back, or a disk was changed. */
const bringBack = async (dir: string) => {
  renameSync(dir, `${dir}-away`);
  await sh(tempDir(), `cp -a '${dir}-away' '${dir}'`);
};

const bringBackElsewhere = async (dir: string) => {
  renameHost(dir);
  await bringBack(dir);
};

/**
 * On a machine of another name, a copy and the original cannot be told apart, and both may still be at work: it is a
 * clone of its own then, that goes on from the other.
 */
const WAYS: [string, (dir: string) => Promise<void> | void, boolean][] = [
  ['was brought back from a backup', bringBack, true],
  ['has another machine name now', renameHost, true],
  ['was brought back to a machine of another name', bringBackElsewhere, false],
];

describe.each(WAYS)('a repository that %s', (_, change, isOwn) => {
  let dir = '';
  let id = '';
  let worktree = '';
  const syncIn = async (at: string) => {
    const ctx = await contextIn(at);
    const answer = await sync(ctx, {
      push: true,
      pull: true,
      historyOnly: false,
      snapshots: false,
      dryRun: false,
      directory: at,
    } as never);
    expect([answer.refused, answer.held]).toEqual([[], []]);
    expect((await readSession(ctx, id)).lines).toEqual([]);
  };
  beforeAll(async () => {
    dir = await makeRepo();
    const up = tempDir('amp-up-');
    await sh(dir, `git init -q --bare '${up}' && git remote add origin '${up}' && git push -q -u origin main`);
    const ctx = await contextIn(dir);
    const agent = { name: 'scripted', mode: null, command: script(yaml) };
    const made = await make(ctx, { agent, test: 'true' });
    ({ worktree } = made);
    id = made.session.id;
    await runOnce(ctx, id);
    await syncIn(dir);
    await ctx.store.close();
    await change(dir);
  });
  const open = async () => {
    const ctx = await contextIn(dir);
    return { ctx, which: await findSession(ctx, id, dir) };
  };

  it('is sound, with its sessions and no line beside them', async () => {
    const { ctx } = await open();
    expect((await verify(ctx)).ok).toBe(true);
    expect(await readSession(ctx, id)).toMatchObject({ hasWorktree: true, lines: [] });
  });

  it('is resumed in its place, if there is anything to resume', async () => {
    const { ctx, which } = await open();
    const answer = await resumeSession(ctx, which, { newThread: false, dryRun: false });
    expect(answer).toMatchObject({ state: isOwn ? 'there' : 'resumed', worktree, untrusted: [] });
    expect(ctx.warnings).toEqual([]);
    expect(await git(worktree, 'status', '--porcelain')).toBe('');
  });

  it('goes on: iterate, merge, undo and sync, without a word of another clone', async () => {
    const { ctx, which } = await open();
    const { iteration, types } = await runOnce(ctx, id);
    expect([iteration.outcome, iteration.iteration]).toEqual(['completed', 2]);
    expect(types).not.toContain('session.resumed');
    const wish = { squash: true, noFf: false, skipTests: true, dryRun: false };
    expect(await mergeSession(ctx, which, wish)).toMatchObject({ name: 'task' });
    expect(await git(dir, 'show', 'main:two.txt')).toBe('2');
    expect(await undoLast(ctx, which, { dryRun: false })).toMatchObject({ undone: 'merge' });
    await syncIn(dir);
    expect((await verify(ctx)).ok).toBe(true);
    expect(ctx.warnings.join()).not.toMatch(/clone|diverged/);
  });
});
