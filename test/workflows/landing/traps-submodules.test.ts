import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trustSessionAsItIs } from '../../../src/workflows/trust-session.ts';
import { rarely } from '../../support/rarely.ts';
import { git, makeRepo, sh } from '../../support/repo.ts';
import { bytesOf, refused, type Sprung, spring, type Trap } from './trap.ts';

const GIT = 'git -c protocol.file.allow=always';

/** `git submodule add` writes into the configuration that the agent shares with the user, who looks at that first. */
const trusted = async (w: Sprung): Promise<void> => {
  const { changes } = await trustSessionAsItIs(w.ctx, w.id, { dryRun: false });
  expect(changes.map(({ item }) => item)).toEqual(['.git/config']);
};

/** A library with two commits, and lines that bring a submodule of it in. */
const library = async () => {
  const lib = await makeRepo();
  const first = await git(lib, 'rev-parse', 'HEAD');
  writeFileSync(join(lib, 'lib.txt'), 'second\n');
  await git(lib, 'add', '-A');
  await git(lib, 'commit', '-q', '-m', 'second');
  const second = await git(lib, 'rev-parse', 'HEAD');
  const add = `${GIT} submodule --quiet add ${lib} sub; git -C sub checkout -q ${first}`;
  return { lib, first, second, add };
};

const dirtyAt = (path: string) => ({
  code: 'target.dirty',
  message: expect.stringContaining(path),
  hint: expect.any(String),
});
const clean = async (w: Sprung) => [
  await git(w.dir, 'status', '--porcelain'),
  await git(w.worktree, 'status', '--porcelain'),
];
const gitlink = (w: Sprung, rev: string) => git(w.dir, 'ls-tree', rev, 'sub').then((line) => line.split(/\s/)[2]);

/** A session that moves the submodule from the first commit of its library to the second. */
const movingSub = async (over: Partial<Trap> = {}) => {
  const lib = await library();
  const w = await spring({
    before: lib.add,
    one: `${GIT} submodule --quiet update --init; git -C sub checkout -q ${lib.second}`,
    two: 'echo two > two.txt',
    upstream: 'echo up > up.txt',
    ...over,
  });
  return { ...lib, w };
};

describe.skipIf(process.platform !== 'linux')('submodules', { timeout: 240_000 }, () => {
  it('one that moves: the merge takes the commit over, the folder is left to the person, the undo works', async () => {
    const { w, first, second } = await movingSub();
    expect([await gitlink(w, 'main'), await gitlink(w, w.branch)]).toEqual([first, second]);
    const before = await w.all();
    await w.squash();
    await w.undo();
    await w.rewind(0);
    await w.undo();
    expect(await w.all()).toEqual(before);
    await w.merge();
    expect(await gitlink(w, 'main')).toBe(second);
    // As after `git merge`: what is in a submodule is its own affair.
    expect(await git(join(w.dir, 'sub'), 'rev-parse', 'HEAD')).toBe(first);
    await w.undo();
    expect(await w.all()).toEqual(before);
  });

  rarely('one that moves, updated by the person after the merge: the undo works, too', async () => {
    const { w, first, second } = await movingSub();
    await w.merge();
    await sh(w.dir, `${GIT} submodule --quiet update`);
    expect((await clean(w))[0]).toBe('');
    await w.undo();
    expect(await gitlink(w, 'main')).toBe(first);
    expect(await git(join(w.dir, 'sub'), 'rev-parse', 'HEAD')).toBe(second);
    expect(await git(w.dir, 'diff', '--cached', '--name-only')).toBe('');
  });

  it('another iteration and another merge after one that moved it', async () => {
    const { w, second } = await movingSub();
    await w.merge();
    await w.iterate();
    await w.merge();
    expect([await gitlink(w, 'main'), (await sh(w.dir, 'cat more.txt')).stdout]).toEqual([second, 'more\n']);
  });

  rarely(
    'a commit of the person’s own in it is as safe as with git: nobody touches it, and a staged one is refused',
    async () => {
      const { w, second } = await movingSub();
      const sub = join(w.dir, 'sub');
      await sh(sub, 'git -c user.name=n -c user.email=n@n commit -q --allow-empty -m mine; echo mine > mine');
      const mine = await git(sub, 'rev-parse', 'HEAD');
      const before = await w.all();
      await w.merge();
      expect([await git(sub, 'rev-parse', 'HEAD'), await gitlink(w, 'main')]).toEqual([mine, second]);
      await w.undo();
      expect(await w.all()).toEqual(before);
      await git(w.dir, 'add', 'sub');
      await refused(w, () => w.merge(), { code: 'target.dirty', message: expect.stringContaining('sub') });
    },
  );

  it('one that is added', async () => {
    const { add, first } = await library();
    const w = await spring({ one: add, two: 'echo two > two.txt', upstream: 'echo up > up.txt' });
    const before = await w.all();
    await w.squash();
    await w.undo();
    expect(await w.all()).toEqual(before);
    await refused(w, () => w.merge(), { code: 'gate.failed', hint: expect.stringContaining('config trust') });
    await trusted(w);
    await w.merge();
    expect([await gitlink(w, 'main'), (await clean(w))[0]]).toEqual([first, '']);
    expect(bytesOf(w.dir)).toMatchObject({ 'sub/': 'folder', 'two.txt': 'two\n' });
    await w.undo();
    expect((await clean(w))[0]).toBe('');
    expect(existsSync(join(w.dir, '.gitmodules'))).toBe(false);
    expect((await w.all()).refs).toEqual(before.refs);
  });

  rarely('one that is added, filled by the person, and taken back: nothing in it is lost', async () => {
    const { add } = await library();
    const w = await spring({ one: add, two: 'echo two > two.txt' });
    await trusted(w);
    await w.merge();
    await sh(w.dir, `${GIT} submodule --quiet update --init; echo mine > sub/mine`);
    const outcome = await w.undo().catch((error: unknown) => error);
    expect((await sh(w.dir, 'cat sub/mine')).stdout).toBe('mine\n');
    expect(outcome).toMatchObject({ undone: 'merge' });
  });

  it('one that is removed: what the person has in it stays', async () => {
    const { add } = await library();
    const w = await spring({ before: add, one: 'git rm -q sub', two: 'echo two > two.txt' });
    const before = await w.all();
    await w.merge();
    expect(await git(w.dir, 'ls-tree', 'main', 'sub')).toBe('');
    expect(existsSync(join(w.dir, 'sub/a.txt'))).toBe(true);
    await w.undo();
    expect(await w.all()).toEqual(before);
  });

  it.each([
    ['a folder', 'mkdir sub; echo plain > sub/plain'],
    ['a file', 'echo plain > sub'],
    ['a link', 'ln -s src sub'],
  ])('one that becomes %s, where the person has it filled: refused by name', async (_, line) => {
    const { add } = await library();
    const w = await spring({ before: add, one: `git rm -q sub; rm -rf sub; ${line}`, two: 'echo two > two.txt' });
    await refused(w, () => w.merge(), dirtyAt('sub'));
    await sh(w.dir, 'git submodule --quiet deinit -f sub; rm -rf sub');
    mkdirSync(join(w.dir, 'sub'));
    const before = await w.all();
    await w.merge();
    expect((await clean(w))[0]).toBe('');
    await w.undo();
    expect(await w.all()).toEqual(before);
  });

  rarely('submodules are never fetched, and nothing that .gitmodules names is started', async () => {
    const { w } = await movingSub({
      two: 'printf \'[submodule "x"]\\n path = x\\n url = ext::sh -c touch%%20/tmp/never\\n update = !touch /tmp/never\\n\' >> .gitmodules',
    });
    await sh(w.dir, 'git config submodule.recurse true');
    await w.merge();
    await w.undo();
    expect(existsSync('/tmp/never')).toBe(false);
  });
});
