import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { git } from '../../support/repo.ts';
import { makeHostile } from './support.ts';

/** What an agent leaves lying in its worktree that is no plain file, and what of it is committed. */
const STRANGE: [name: string, line: string, committed: string[]][] = [
  ['a link', 'ln -s /etc/passwd link', ['link']],
  ['a link to nowhere', 'ln -s nowhere lost', ['lost']],
  ['a link to itself', 'ln -s loop loop', ['loop']],
  ['a pipe', 'mkfifo pipe', []],
  ['a folder that nobody may read', 'mkdir closed; echo x > closed/x; chmod 000 closed', []],
  ['a file that nobody may read', 'echo x > secret; chmod 000 secret', []],
  ['very many files', 'mkdir many; cd many; seq 2000 | xargs touch; cd ..', ['many/1', 'many/2000']],
  [
    'a repository',
    'git init -q inner; git -C inner -c user.name=x -c user.email=x commit -q --allow-empty -m x',
    ['inner'],
  ],
  [
    'names that look like options',
    'touch -- --output=x -x "a b" "$(printf "new\\\\nline")"',
    ['--output=x', '-x', 'a b'],
  ],
  ['a name of other writing direction', 'touch "$(printf "\\\\342\\\\200\\\\256txt")"', []],
];

const isRoot = process.getuid?.() === 0;

it('takes in what can be committed of whatever an agent leaves, passes over the rest, and ends', async () => {
  const { dir, session, worktree, run } = await makeHostile(() => [
    [...STRANGE.map(([, line]) => line), 'echo plain > plain.txt'],
  ]);
  const { iteration } = await run();
  if (!isRoot) chmodSync(join(worktree, 'closed'), 0o755);
  expect(iteration.outcome).toBe('completed');
  const paths = (
    await git(dir, '-c', 'core.quotePath=false', 'ls-tree', '-r', '-z', '--name-only', session.branch)
  ).split('\0');
  expect(paths).toContain('plain.txt');
  for (const [name, , committed] of STRANGE) expect(paths, name).toEqual(expect.arrayContaining(committed));
  expect(paths).not.toContain('pipe');
  // A link is kept as what it says, a repository as the commit that it stands on: nothing behind them is.
  const modes = await git(dir, 'ls-tree', session.branch, 'link', 'inner');
  expect(modes.split('\n').map((line) => line.split(' ')[0])).toEqual(['160000', '120000']);
  expect(paths.filter((path) => path.startsWith('inner/'))).toEqual([]);
});
