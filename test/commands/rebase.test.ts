import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { cli, cliJson } from '../support/cli.ts';
import { git, makeRepo, tempDir } from '../support/repo.ts';

const SCRIPT = `
after: repeat
iterations:
  - - edit: { path: a.txt, content: "one\\nTWO by the agent\\nthree\\n" }
    - message: Changed the second line.
  - - edit: { path: a.txt, content: "one\\nTWO of both\\nthree\\n" }
    - message: I kept both sides.
`;

let dir = '';
let id = '';
let worktree = '';
let branch = '';

/** A session and main have both changed the second line. */
beforeEach(async () => {
  dir = await makeRepo();
  const agent = join(tempDir('amp-script-'), 'agent.yaml');
  writeFileSync(agent, SCRIPT);
  const create = [
    'new',
    '--name',
    'login',
    '--prompt',
    'Change the second line',
    '--test',
    'grep -q TWO a.txt || exit 0',
  ];
  ({ id, worktree, branch } = (await cliJson(dir, [...create, '-a', `scripted:${agent}`])).json);
  expect((await cli(dir, ['iterate', 'login', '-q'])).exitCode).toBe(0);
  writeFileSync(join(dir, 'a.txt'), 'one\nTWO upstream\nthree\n');
  await git(dir, 'commit', '-qam', 'Upstream: the second line');
});

/** What differs from run to run is named. */
const plain = (text: string): string =>
  text
    .replaceAll(worktree, '<worktree>')
    .replaceAll(branch, '<branch>')
    .replaceAll(id, '<id>')
    .replaceAll(/\b[0-9a-f]{40}\b|\b[0-9a-f]{8}\b/g, '<commit>')
    .replaceAll(/ \(\d+\.\ds\)/g, '');

/** A command as it looks in a terminal's scrollback, both streams, with its exit status. */
const session = async (...commands: string[]): Promise<string> => {
  const shown: string[] = [];
  for (const command of commands) {
    const { stdout, stderr, exitCode } = await cli(dir, command.split(' '));
    const talk = stderr.split('\n').filter((line) => !/^ {2}apply_patch|^$/.test(line));
    shown.push(`$ amp-sessions ${command}`, ...talk, stdout.trimEnd(), `[${exitCode}]`);
  }
  return plain(shown.filter((line) => line !== '').join('\n'));
};

const WAITS = `$ amp-sessions rebase login --onto main
… worktree
✓ worktree
… onto main
✗ onto main
✗ Commit <commit> of login is in conflict with main in a.txt.
  → Edit the files in <worktree>, then \`amp-sessions rebase <id> --continue\`; or --skip the commit, --abort, or --resolve agent.
● login waits on its way onto main <commit>: <commit> amp: Changed the second line.
  ✗ a.txt  content  lines 2-6
  in <worktree>; the branch is where it was
[3]`;

describe('a conflict, as a person sees it', () => {
  it('resolved by hand', async () => {
    expect(await session('rebase login --onto main', 'rebase login --continue', 'iterate login')).toBe(`${WAITS}
$ amp-sessions rebase login --continue
… worktree
✗ worktree
✗ Conflict markers are left in a.txt:2.
  → Edit the files in <worktree>, then run it again.
[3]
$ amp-sessions iterate login
✗ A rebase of login onto main waits for you to resolve a conflict.
  → Go on with \`amp-sessions rebase <id> --continue\` (or --skip, --resolve agent), or give it up with --abort.
[3]`);
    const status = await cli(dir, ['status', 'login']);
    expect(plain(status.stdout)).toContain(`login  conflicted`);
    expect(plain(status.stdout)).toContain(`  A rebase onto main waits: commit <commit> is in conflict.
  ✗ a.txt content
  → Edit the files in <worktree>, then \`amp-sessions rebase <id> --continue\``);
    writeFileSync(join(worktree, 'a.txt'), 'one\nTWO of both\nthree\n');
    expect(
      await session('rebase login --continue', 'rebase login --onto main', 'undo login'),
    ).toBe(`$ amp-sessions rebase login --continue
… worktree
✓ worktree
✓ login rebased onto main <commit>: 1 commit made anew
  <branch>: <commit> → <commit>
  back: amp-sessions undo <id>
[0]
$ amp-sessions rebase login --onto main
… worktree
✓ worktree
✓ login stands on main <commit> already
[0]
$ amp-sessions undo login
✓ rebase of login taken back
  <branch>: <commit> → <commit>, with .worktrees/<id>
[0]`);
    expect(await git(dir, 'status', '--porcelain')).toBe('');
  });

  it('resolved by the agent', async () => {
    expect(await session('rebase login --onto main', 'rebase login --resolve agent')).toBe(`${WAITS}
$ amp-sessions rebase login --resolve agent
… worktree
✓ worktree
… iteration 2: scripted
  I kept both sides.
✓ iteration 2: scripted
… commit
✓ commit
… tests: grep -q TWO a.txt || exit 0
✓ tests: grep -q TWO a.txt || exit 0
✓ login rebased onto main <commit>: 1 commit made anew
  <branch>: <commit> → <commit>
  back: amp-sessions undo <id>
[0]`);
    const { stdout } = await cli(dir, ['timeline', 'login']);
    expect(plain(stdout)).toContain('✓ conflict of <commit> resolved by the agent in iteration 2');
  });

  it('begun and resolved by the agent in one go', async () => {
    const text = await session('rebase login --onto main --resolve agent');
    expect(text).toContain('✗ onto main');
    expect(text).toContain('✓ iteration 2: scripted');
    expect(text).toContain('✓ login rebased onto main <commit>: 1 commit made anew');
    expect(text).toMatch(/\[0\]$/);
  });

  it('given up', async () => {
    await session('rebase login --onto main');
    writeFileSync(join(worktree, 'a.txt'), 'one\nhalf-way\nthree\n');
    expect(await session('rebase login --abort')).toBe(`$ amp-sessions rebase login --abort
… worktree
✓ worktree
✓ rebase of login given up; it is as before
  what the worktree showed is kept in commit <commit>
[0]`);
    expect(await git(worktree, 'status', '--porcelain', '--branch')).toBe(`## ${branch}`);
  });

  it('left out', async () => {
    await session('rebase login --onto main');
    expect(await session('rebase login --skip', 'rebase login --skip')).toBe(`$ amp-sessions rebase login --skip
… worktree
✓ worktree
✓ login rebased onto main <commit>: nothing of its own is left, 1 commit there already or left out
  <branch>: <commit> → <commit>
  back: amp-sessions undo <id>
[0]
$ amp-sessions rebase login --skip
… worktree
✗ worktree
✗ No rebase of login waits to go on.
  → Start one with \`amp-sessions rebase <id> --onto <branch>\`.
[1]`);
  });
});

describe('--json', () => {
  it('tells of the conflict beside the error, and of the end', async () => {
    const tip = await git(dir, 'rev-parse', branch);
    const stopped = await cliJson(dir, ['rebase', 'login', '--onto', 'main']);
    expect(stopped.exitCode).toBe(3);
    expect(stopped.json).toMatchObject({
      schema: 'amp-sessions/rebase/v1',
      error: {
        code: 'landing.conflict',
        conflicts: [{ path: 'a.txt', kind: 'content', hunks: [{ startLine: 2, endLine: 6 }] }],
      },
      session: id,
      state: 'conflicted',
      commit: tip,
      worktree,
    });
    const status = (await cliJson(dir, ['status', 'login'])).json;
    expect(status).toMatchObject({ state: 'conflicted', conflict: { commit: tip, files: [{ path: 'a.txt' }] } });
    const ended = await cliJson(dir, ['rebase', 'login', '--skip']);
    const main = await git(dir, 'rev-parse', 'main');
    expect(ended.json).toMatchObject({ session: id, commit: main, rewritten: 0, dropped: [tip], state: 'rebased' });
    expect((await cli(dir, ['rebase', 'login', '-q'])).stdout).toBe(`${main}\n`);
  });

  it.each([
    ['--continue', '--abort'],
    ['--skip', '--onto=main'],
    ['--resolve=agent', '--skip'],
    ['--max-iterations=2', '--continue'],
  ])('%s with %s is wrong usage', async (...flags) => {
    const ran = await cliJson(dir, ['rebase', 'login', ...flags]);
    expect([ran.exitCode, ran.json.error.code]).toEqual([2, 'usage.invalid']);
  });
});
