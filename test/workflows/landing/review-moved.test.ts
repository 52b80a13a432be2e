import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { doctor } from '../../../src/workflows/doctor.ts';
import { findSession } from '../../../src/workflows/find-session.ts';
import { rebaseSession } from '../../../src/workflows/landing/rebase.ts';
import { abortRebase } from '../../../src/workflows/landing/rebase-conflict.ts';
import { tempDir } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { makeWorld } from './world.ts';

it('a repository that was moved while a conflict waits: the way on is said, and works', async () => {
  const w = await makeWorld();
  await w.byHand('new.txt', 'ours\n');
  await w.upstream('new.txt', 'theirs\n');
  await rebaseSession(w.ctx, w.which, { onto: 'main', fetch: false });
  expect((await w.session()).conflict).not.toBeNull();
  const dir = join(tempDir(), 'moved');
  renameSync(w.dir, dir);
  const ctx = await contextIn(dir);
  const which = await findSession(ctx, w.id, dir);
  const refused = await abortRebase(ctx, which).catch((error) => error);
  expect(refused).toMatchObject({ code: 'worktree.blocked', message: expect.stringContaining('leads nowhere') });
  expect(refused.hint).toContain('`amp-sessions doctor --fix`');
  expect((await doctor({ dir, fix: true })).fixed.join()).toContain('linked the worktree of');
  expect((await abortRebase(ctx, which)).answer).toMatchObject({ state: 'aborted' });
});
