import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git, sh, tempDir } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { makeHostile } from './support.ts';

const elsewhere = tempDir('amp-home-');
mkdirSync(join(elsewhere, '.ssh'));
writeFileSync(join(elsewhere, '.ssh/id'), 'private');

/** What an agent does to the links of its worktree, and what of it is put right before its work is committed. */
const MENDED: [name: string, line: string, items: string[]][] = [
  ['.git leads elsewhere', 'echo "gitdir: /tmp" > .git', ['/.git']],
  ['.git is gone', 'rm .git', ['/.git']],
  ['.git is a link', `rm .git; ln -s "${elsewhere}" .git`, ['/.git']],
  ['its links lead elsewhere', 'echo /tmp > "$A/commondir"; echo /tmp/.git > "$A/gitdir"', ['/commondir', '/gitdir']],
  ['its links are gone', 'rm "$A/commondir" "$A/gitdir"', ['/commondir', '/gitdir']],
  ['its folder in .git is gone', 'rm -r "$A"', ['/commondir', '/gitdir']],
  ['it is all pruned', 'rm .git; git -C "$R" worktree prune', ['/.git', '/commondir', '/gitdir']],
];

describe('the links of a worktree', () => {
  it('are put back, whatever became of them, and nothing outside is read or staged', async () => {
    const world = await makeHostile(() =>
      MENDED.map(([, line], at) => ['A=$(git rev-parse --absolute-git-dir)', `echo ${at} > ${at}.txt`, line]),
    );
    for (const [at, [name, , items]] of MENDED.entries()) {
      const { iteration, found, session } = await world.run();
      expect(iteration, name).toMatchObject({ outcome: 'completed', files: 1 });
      const links = found!.items!.filter(({ kind }) => kind === 'link');
      expect(links.map(({ item, restored }) => [item.slice(item.lastIndexOf('/')), restored]).sort(), name).toEqual(
        items.map((item) => [item, true]),
      );
      expect(session.openChanges, name).toEqual([]);
      expect((await sh(world.worktree, 'git status --short')).stdout, name).toBe('');
      expect(await git(world.dir, 'show', `${session.branch}:${at}.txt`), name).toBe(String(at));
    }
  });

  it('that a setting gives do not count, and wait to be looked at', async () => {
    const world = await makeHostile(() => [
      [
        'printf "[core]\\nworktree = /etc\\nbare = true\\n" > "$(git rev-parse --absolute-git-dir)/config.worktree"',
        'git config extensions.worktreeConfig true; echo 1 > one.txt',
      ],
    ]);
    const { iteration, session } = await world.run();
    expect(iteration).toMatchObject({ outcome: 'completed', files: 1 });
    expect(session.openChanges.map(({ kind }) => kind)).toEqual(['config', 'config']);
    expect((await git(world.dir, 'diff', '--name-only', 'main', session.branch)).split('\n')).toEqual(['one.txt']);
  });

  const BLOCKED: [string, string][] = [
    ['.git is a folder', 'rm .git; git init -q .'],
    ['its root is a link', `cd "$R"; W=$OLDPWD; mv "$W" "$W.aside"; ln -s "${elsewhere}" "$W"`],
  ];
  it.each(BLOCKED)('stop every command where %s, and nothing behind them is read', async (_, line) => {
    const { dir, session, run } = await makeHostile(() => [['echo 1 > one.txt', line]]);
    await run().catch(({ code }: { code: string }) => expect(code).toBe('worktree.blocked'));
    expect(await git(dir, 'ls-tree', '-r', '--name-only', session.branch)).not.toMatch(/ssh|id/);
    await expect(run(await contextIn(dir))).rejects.toMatchObject({ code: 'worktree.blocked' });
  });
});
