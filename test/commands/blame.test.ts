import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, cliJson } from '../support/cli.ts';
import { git, makeRepo } from '../support/repo.ts';
import { script } from '../support/sessions.ts';

const yaml = script(
  'after: repeat\niterations:\n  - - run: echo "by the agent" >> a.txt\n    - message: Added a line.\n',
);

const session = async () => {
  const dir = await makeRepo();
  const made = ['new', '--name', 'login', '--prompt', 'Add a line to it', '--agent', `scripted:${yaml}`, '--iterate'];
  const { json } = await cliJson(dir, made);
  return { dir, id: json['id'] as string, worktree: json['worktree'] as string };
};

describe('amp-sessions blame', () => {
  it('shows a day: agent, person, not committed; as lines, ids and JSON', async () => {
    const { dir, id, worktree } = await session();
    writeFileSync(join(worktree, 'a.txt'), `${readFileSync(join(worktree, 'a.txt'), 'utf8')}mine\n`);
    await git(worktree, 'commit', '-q', '-am', 'My own words');
    writeFileSync(join(worktree, 'a.txt'), `${readFileSync(join(worktree, 'a.txt'), 'utf8')}fresh\n`);
    const first = (await git(dir, 'rev-parse', 'main')).slice(0, 8);
    const shown = await cli(worktree, ['blame', 'a.txt']);
    const day = /\d{4}-\d\d-\d\d/g;
    expect(shown.stdout.replaceAll(day, '2026-01-01').split('\n')).toEqual([
      `${first}     Test User           2026-01-01  first             1 | one`,
      `${first}     Test User           2026-01-01  first             2 | two`,
      `${first}     Test User           2026-01-01  first             3 | three`,
      'login     1  scripted            2026-01-01  Add a line to it  4 | by the agent',
      'login        Test User, by hand  2026-01-01  My own words      5 | mine',
      '             not committed yet                                 6 | fresh',
      '',
    ]);
    expect([shown.exitCode, shown.stderr]).toEqual([0, '']);
    expect((await cli(worktree, ['blame', 'a.txt', '-q'])).stdout).toBe(`${id}\n`);
    const { json } = await cliJson(dir, ['blame', 'a.txt', '--session', 'login', '-L', '4,']);
    expect(json).toMatchObject({
      schema: 'amp-sessions/blame/v1',
      path: 'a.txt',
      commit: await git(worktree, 'rev-parse', 'HEAD'),
    });
    expect(json.lines).toMatchObject([
      {
        line: 4,
        text: 'by the agent',
        kind: 'agent',
        session: id,
        name: 'login',
        iteration: 1,
        agent: 'scripted',
        mode: null,
      },
      { line: 5, text: 'mine', kind: 'manual', session: id, author: { name: 'Test User' }, subject: 'My own words' },
    ]);
    expect(json.summary).toMatchObject([
      { kind: 'agent', iteration: 1, prompt: 'Add a line to it', lines: 1 },
      { kind: 'manual', lines: 1 },
    ]);
    const head = await cliJson(join(dir, 'src'), ['blame', '--at', 'main', '-C', dir, 'a.txt']);
    expect(head.json.lines.map(({ kind }: { kind: string }) => kind)).toEqual(['other', 'other', 'other']);
  });

  it('says what is wrong, with the next step', async () => {
    const dir = await makeRepo();
    writeFileSync(join(dir, 'empty.txt'), '');
    await git(dir, 'add', '-A');
    await git(dir, 'commit', '-q', '-m', 'empty');
    const missing = await cliJson(dir, ['blame', 'nope.txt']);
    expect([missing.exitCode, missing.json['error'].code]).toEqual([2, 'file.missing']);
    expect(missing.json['error'].hint).toMatch(/--at, a session with --session\.$/);
    expect(await cli(dir, ['blame', 'src'])).toMatchObject({
      exitCode: 2,
      stderr: '✗ src is a folder.\n  → Name a file in it.\n',
    });
    expect(await cli(dir, ['blame', 'a.txt', '-L', 'x'])).toMatchObject({ exitCode: 2, stdout: '' });
    expect((await cli(dir, ['blame', 'a.txt', '--at', 'main', '--session', 'x'])).exitCode).toBe(2);
    expect((await cli(dir, ['blame'])).exitCode).toBe(2);
    expect(await cli(dir, ['blame', 'empty.txt'])).toMatchObject({
      stdout: '',
      stderr: 'empty.txt is empty.\n',
      exitCode: 0,
    });
    writeFileSync(join(dir, '-x'), 'dash\n');
    await git(dir, 'add', '-A');
    expect((await cli(dir, ['blame', '--', '-x'])).stdout).toBe('not committed yet  1 | dash\n');
  });
});
