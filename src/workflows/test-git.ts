import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../errors.ts';
import { sessionLog } from '../events/envelope.ts';
import { commitWorktree } from '../git/commits.ts';
import { git, gitText } from '../git/git.ts';
import { initRepository } from '../git/init.ts';
import { gitVersion } from '../git/version.ts';
import { addWorktree, removeWorktree } from '../git/worktrees.ts';
import { attempt, type Check, ok } from './check.ts';
import { type Context, openContext } from './context.ts';

const HINT = 'Update git, or try another folder with --dir: this file system may not do what git needs.';

const makeFolder = async (parent: string): Promise<string> => {
  try {
    return await mkdtemp(join(parent, 'amp-sessions-test-git-'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new AppError('file.missing', `No folder can be made in ${parent} (${code}).`, {
      hint: 'Name a folder that exists and that you may write to with --dir.',
    });
  }
};

/**
 * Does with the installed git, on this file system, what a session does: a worktree, a commit, events as a pack, a
 * compare-and-swap, a note, and git's own check of it all; in a throw-away repository.
 */
export const testGit = async (options: { dir?: string; env: Record<string, string | undefined> }): Promise<Check[]> => {
  const dir = await makeFolder(options.dir ?? tmpdir());
  try {
    const checks = [
      await attempt('git', 'Install git 2.38 or newer.', async () => ok('git', (await gitVersion()).text)),
    ];
    await initRepository(dir, { files: { 'a.txt': 'one\n' }, message: 'first', branch: 'main' });
    const ctx = await openContext({ dir, env: options.env });
    try {
      for (const [name, work] of trials(ctx)) {
        const began = ctx.clock.elapsed();
        const check = await attempt(name, HINT, async () => ok(name, await work()));
        checks.push({ ...check, detail: `${check.detail} (${Math.round(ctx.clock.elapsed() - began)} ms)` });
      }
    } finally {
      await ctx.store.close();
    }
    return checks;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};

const trials = (ctx: Context): [string, () => Promise<string>][] => {
  const { repo, store } = ctx;
  const path = join(repo.root, '.worktrees', 'trial');
  const log = sessionLog('trial00000');
  let commit = '';
  return [
    [
      'worktree',
      async () => {
        const head = await gitText(repo, ['rev-parse', 'HEAD']);
        await addWorktree(repo, { path, branch: 'amp/trial/1', commit: head });
        return 'a linked worktree stands, with its files';
      },
    ],
    [
      'commit',
      async () => {
        const wt = await addWorktree(repo, {
          path,
          branch: 'amp/trial/1',
          commit: await gitText(repo, ['rev-parse', 'HEAD']),
        });
        await writeFile(join(path, 'b.txt'), 'two\n');
        const made = await commitWorktree(repo, wt, {
          branch: 'amp/trial/1',
          parent: await gitText(repo, ['rev-parse', 'HEAD']),
          message: 'amp: trial\n',
          leaveOut: [],
        });
        commit = made?.commit ?? '';
        return `a commit on the branch: ${commit.slice(0, 8)}`;
      },
    ],
    [
      'events',
      async () => {
        const events = await store.append(log, [
          { type: 'session.renamed', by: 'program', data: { name: 'b', previous: 'a' } },
        ]);
        await store.flush(log, { notes: new Map([[commit, events]]), code: [commit] });
        const { events: read } = await store.read(log);
        if (read.length !== 1) throw new Error(`1 event was written, ${read.length} came back`);
        return 'written as a pack, moved by compare-and-swap, read back';
      },
    ],
    [
      'note',
      async () => {
        const note = await gitText(repo, ['notes', '--ref=amp', 'show', commit]);
        if (!note.includes('session.renamed')) throw new Error('the note does not hold the event');
        return 'git log --notes=amp shows it';
      },
    ],
    [
      'fsck',
      async () => {
        await git(repo, ['fsck', '--full', '--strict']);
        return 'git finds nothing wrong';
      },
    ],
    [
      'clean up',
      async () => {
        await removeWorktree(repo, path);
        return 'the worktree is gone again';
      },
    ],
  ];
};
