import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { withThrowaway } from '../../src/workflows/landing/throwaway.ts';
import { cli, cliJson, PROGRAM } from '../support/cli.ts';
import { makeBrood } from '../support/descendants.ts';
import { git, tempDir } from '../support/repo.ts';
import { contextIn } from '../support/sessions.ts';
import { makeField } from '../workflows/landing/preflight-world.ts';

/** What differs from run to run, in words. */
const settled = (text: string, names: Record<string, string>): string =>
  Object.entries(names)
    .reduce((all, [from, to]) => all.replaceAll(from, to), text)
    .replaceAll(/\d+\.\d ?s\b/g, '<time>');

const setUp = async (over: Parameters<Awaited<ReturnType<typeof makeField>>['session']>[0] = {}) => {
  const field = await makeField();
  const s = await field.session({ name: 'login', ...over });
  await s.line(5, 'changed');
  await field.ctx.store.close();
  return { ...field, s, names: { [s.id]: '<id>', [field.dir]: '<dir>' } };
};

describe('preflight', () => {
  it('shows gate by gate what a merge would meet', async () => {
    const { dir, s, names } = await setUp({ test: 'grep -q changed ten.txt' });
    const ran = await cli(dir, ['preflight', 'login']);
    expect(ran.exitCode).toBe(0);
    expect(settled(ran.stdout, names)).toBe(`login <id> → main  1 ahead, 0 behind

✓ worktree    clean
✓ repository  nothing beside the worktree waits to be looked at
✓ target      main is where the session left it; checked out in <dir>
✓ conflicts   none
✓ tests       \`grep -q changed ten.txt\` passed on the merged result (<time>)
✓ code        no changed file runs code by itself
✓ secrets     none among the added lines
✓ sessions    no other session changes the same files

It can be merged: amp-sessions merge <id>
`);
    expect(ran.stderr).toContain('✓ tests on the merged result: grep -q changed ten.txt');
    expect((await cli(s.worktree, ['preflight', '--skip-tests'])).stdout).toContain('– tests       not run, as asked');
    expect(await git(dir, 'worktree', 'list', '--porcelain')).not.toContain('merged');
  });

  it('ends with 4 when a gate fails, says what to do, and the document has it all', async () => {
    const { dir, s, names } = await setUp({ test: 'echo one; echo two; false' });
    s.write('Makefile', 'all:\n');
    s.write('x.env', `T=ghp_${'a1B2'.repeat(9)}\n`);
    await s.commit();
    writeFileSync(join(dir, 'a.txt'), 'dirty\n');
    const ran = await cli(dir, ['preflight', s.id]);
    expect(ran.exitCode).toBe(4);
    expect(settled(ran.stdout, names)).toBe(`login <id> → main  2 ahead, 0 behind

✓ worktree    clean
✓ repository  nothing beside the worktree waits to be looked at
✗ target      main is checked out in <dir> with uncommitted changes: a.txt
              a.txt  not committed
              → Commit or stash them there: a merge brings that checkout along.
✓ conflicts   none
✗ tests       \`echo one; echo two; false\` ended with exit code 1 on the merged result
              │ one
              │ two
              → Rebase the session onto the target, then let the agent mend it: \`amp-sessions rebase <id>\`, \`amp-sessions iterate <id> --until-pass\`.
! code        1 changed file may run code by itself
              Makefile  build steps
              → Read them before you let them in.
✗ secrets     1 added line looks like a secret
              x.env:1  github
              → Take them out of the files, squash, and change the secret: whoever has the branch has read it. A false alarm: merge with --allow secrets.
✓ sessions    no other session changes the same files
`);
    expect(ran.stderr).toContain('✗ login cannot be merged into main as it is: target, tests, secrets.');
    const { exitCode, json } = await cliJson(dir, ['preflight', s.id]);
    expect(exitCode).toBe(4);
    expect(json).toMatchObject({
      schema: 'amp-sessions/preflight/v1',
      error: { code: 'gate.failed', hint: expect.any(String) },
      session: s.id,
      target: 'main',
      ahead: 2,
      behind: 0,
      ok: false,
    });
    expect(json.gates.map(({ name }: { name: string }) => name)).toHaveLength(8);
    expect(json.gates.find(({ name }: { name: string }) => name === 'tests').output).toBe('one\ntwo\n');
    expect(JSON.stringify(json)).not.toContain('ghp_');
  });

  it('as one document, into another branch, without tests', async () => {
    const { dir, s } = await setUp({ test: 'false' });
    await git(dir, 'branch', 'release');
    const { exitCode, json, stderr } = await cliJson(dir, ['preflight', 'login', '--into', 'release', '--skip-tests']);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(json).toMatchObject({ session: s.id, target: 'release', ahead: 1, behind: 0, ok: true });
    expect(json.result).toMatch(/^[0-9a-f]{40}$/);
    expect((await cli(dir, ['preflight', 'login', '-q', '--skip-tests'])).stdout).toBe('');
  });

  it('says that there is nothing to merge, and what is wrong with the wish', async () => {
    const field = await makeField();
    await field.session({ name: 'idle' });
    const idle = await cli(field.dir, ['preflight', 'idle']);
    expect([idle.exitCode, idle.stdout.trim().split('\n').at(-1)]).toEqual([
      0,
      'Nothing to merge: main has all of it.',
    ]);
    for (const [args, code, status, next] of [
      [['idle', '--into', 'nope'], 'ref.missing', 1, '--into'],
      [['nobody'], 'session.missing', 1, 'amp-sessions list'],
      [[], 'session.missing', 1, 'amp-sessions list'],
      [['--all', '--skip-tests'], 'usage.invalid', 2, '--help'],
      [['idle', '--all'], 'usage.invalid', 2, 'Leave out one'],
    ] as [string[], string, number, string][]) {
      const { json, exitCode } = await cliJson(field.dir, ['preflight', ...args]);
      expect([args, json.error.code, exitCode]).toEqual([args, code, status]);
      expect(json.error.hint).toContain(next);
    }
  });

  it('is inert: no name of a file steers the terminal', async () => {
    const { dir, s } = await setUp();
    s.write('\u001b[31mred\u202e.env', `T=ghp_${'a1B2'.repeat(9)}\n`);
    await s.commit();
    const ran = await cli(dir, ['preflight', 'login']);
    expect(ran.stdout).toContain('red.env:1');
    expect(ran.stdout).not.toMatch(/[\u001b\u202e]/);
  });
});

describe.skipIf(process.platform === 'win32')('preflight that is killed', () => {
  it('leaves a folder and no process; the next one sweeps it', async () => {
    const brood = makeBrood(['background']);
    const { dir, s } = await setUp({ test: `test -e '${tempDir()}/none' || { ${brood.command('sleep 60')}; }` });
    const child = spawn(process.execPath, [PROGRAM, 'preflight', 'login'], { cwd: dir, stdio: 'ignore' });
    await brood.started();
    const gone = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    for (let n = 0; n < 100 && (await brood.alive()).length > 0; n++) await sleep(50);
    expect(await brood.alive()).toEqual([]);
    const left = () => readdirSync(dirname(s.worktree)).filter((name) => name.includes('.merged-'));
    expect(left()).toHaveLength(1);
    const ctx = await contextIn(dir);
    await withThrowaway(
      ctx,
      { session: { id: s.id, worktree: s.worktree }, commit: await git(dir, 'rev-parse', 'main') },
      async () => {},
    );
    expect(left()).toEqual([]);
    expect(await git(dir, 'worktree', 'list', '--porcelain')).not.toContain('merged');
  });

  it('gently, ends the tests and takes the folder along', async () => {
    const { dir, s } = await setUp({ test: 'echo started; sleep 60' });
    const child = spawn(process.execPath, [PROGRAM, 'preflight', 'login'], {
      cwd: dir,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const code = new Promise((resolve) => child.on('exit', resolve));
    let said = '';
    for await (const chunk of child.stderr) {
      said += chunk;
      if (!child.killed && said.includes('tests on the merged result')) child.kill('SIGINT');
    }
    expect(await code).toBe(130);
    expect(said).toContain('The tests of the merged result were interrupted.');
    expect(readdirSync(dirname(s.worktree))).toEqual([s.id]);
  });
});

describe('preflight --all', () => {
  it('shows the order in which the sessions land best, and who is in whose way', async () => {
    const field = await makeField();
    const made = [];
    for (const [name, line] of [
      ['alpha', 2],
      ['beta', 5],
      ['gamma', 5],
      ['delta', 9],
    ] as const) {
      const s = await field.session({ name });
      await s.line(line, `by ${name}`);
      made.push(s);
    }
    await field.session({ name: 'idle' });
    await field.upstream('ten.txt', 'all new\n');
    await git(field.dir, 'revert', '--no-edit', '-q', 'HEAD').catch(() =>
      git(field.dir, 'revert', '--no-edit', 'HEAD'),
    );
    await field.ctx.store.close();
    const names = Object.fromEntries(made.map(({ id, name }) => [id, `<${name.padEnd(8)}>`]));
    const ran = await cli(field.dir, ['preflight', '--all']);
    expect(ran.exitCode).toBe(0);
    expect(settled(ran.stdout, names)).toBe(`   ID          NAME   INTO  CHANGE        LANDS
1  <alpha   >  alpha  main  1 file +1 -1  cleanly
2  <delta   >  delta  main  1 file +1 -1  cleanly
3  <beta    >  beta   main  1 file +1 -1  cleanly
4  <gamma   >  gamma  main  1 file +1 -1  conflict with beta

✗ beta and gamma: ten.txt:5

In this order 3 of 4 land cleanly; 1 session has to be rebased with a conflict.
5 pairs share files that git can merge.
1 session has nothing to merge.
→ amp-sessions merge <alpha   >
`);
    expect(ran.stdout.split('\n').every((line) => line.length <= 80)).toBe(true);
    const { json, exitCode } = await cliJson(field.dir, ['preflight', '--all']);
    expect([exitCode, json.ok, json.order.length, json.pairs.length, json.empty.length]).toEqual([0, false, 4, 6, 1]);
    const quiet = await cli(field.dir, ['preflight', '--all', '-q']);
    expect(quiet.stdout.trim().split('\n')).toEqual(json.order.map(({ session }: { session: string }) => session));
  });

  it('of nothing', async () => {
    const field = await makeField();
    expect((await cli(field.dir, ['preflight', '--all'])).stdout).toBe('No session has anything to merge.\n');
  });
});
