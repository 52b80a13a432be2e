import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bringWorktree, isClean, obstacles, switchWorktree } from '../../src/git/bring-worktree.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { headOf } from '../../src/git/refs.ts';
import type { Worktree } from '../../src/git/repository.ts';
import { addWorktree } from '../../src/git/worktrees.ts';
import { rarely } from '../support/rarely.ts';
import { git, sh } from '../support/repo.ts';
import { contents, type Files, type Lab, makeLab, ODD_NAMES, put } from './merge-support.ts';
import { startsOf, write } from './support.ts';

interface Scene {
  lab: Lab;
  wt: Worktree;
  from: string;
  to: string;
}

/** A checkout at `from`, by default a linked worktree, on a branch; `main` stands for the main checkout. */
const scene = async (
  from: Files,
  to: Files,
  { main = false, objectFormat = 'sha1' }: { main?: boolean; objectFormat?: 'sha1' | 'sha256' } = {},
): Promise<Scene> => {
  const lab = await makeLab(from, { objectFormat });
  const end = await lab.on(lab.base, to, 'to');
  await lab.git('checkout', '-q', 'main');
  if (main) return { lab, wt: lab.repo.here!, from: lab.base, to: end };
  const wt = await addWorktree(lab.repo, {
    path: join(lab.dir, '.worktrees/s1'),
    branch: 'amp/x',
    commit: lab.base,
  });
  return { lab, wt, from: lab.base, to: end };
};

const bring = ({ lab, wt, from, to }: Scene): Promise<void> => bringWorktree(lab.repo, wt, { from, to });
const inTheWay = ({ lab, wt, from, to }: Scene): Promise<string[]> => obstacles(lab.repo, wt, { from, to });

/** What a fresh checkout of a commit has in its files. */
const fresh = async ({ lab }: Scene, commit: string): Promise<Record<string, string>> => {
  const path = join(lab.dir, `.worktrees/fresh-${commit.slice(0, 8)}`);
  if (!existsSync(path)) await lab.git('worktree', 'add', '-q', '--detach', path, commit);
  return contents(path);
};

const isAt = async (at: Scene, commit: string): Promise<void> => {
  expect(contents(at.wt.path)).toEqual(await fresh(at, commit));
  expect(await git(at.wt.path, 'diff-index', '--cached', '--name-only', commit)).toBe('');
  expect(await git(at.wt.path, 'diff-files', '--name-only')).toBe('');
};

const LINES = 'one\ntwo\nthree\n';

describe('bringWorktree', () => {
  it.each([
    ['a linked worktree', false],
    ['the main checkout', true],
  ])('takes %s from one commit to another and back', async (_name, main) => {
    const at = await scene(
      { 'a.txt': LINES, gone: 'x\n', 'd/e/f': 'f\n', tool: 'x\n', link: 'link:a.txt' },
      { 'a.txt': 'new\n', gone: null, 'd/e/f': null, fresh: 'y\n', 'n/e/w': 'w\n', tool: 'exec:x\n', link: 'link:n' },
      { main },
    );
    const head = readFileSync(join(at.wt.gitDir, 'HEAD'), 'utf8');
    await bring(at);
    await isAt(at, at.to);
    expect(existsSync(join(at.wt.path, 'd'))).toBe(false);
    expect(readFileSync(join(at.wt.gitDir, 'HEAD'), 'utf8')).toBe(head);
    await bring({ ...at, from: at.to, to: at.from });
    await isAt(at, at.from);
  });

  it('needs three processes, one when nothing differs', async () => {
    const at = await scene({ a: 'a\n' }, { a: 'b\n' });
    expect(await startsOf(() => bring(at))).toEqual(['diff-tree', 'status', 'read-tree']);
    expect(await startsOf(() => bring({ ...at, from: at.to }))).toEqual(['diff-tree']);
  });

  rarely('is done already, and done again: nothing happens', async () => {
    const at = await scene({ a: 'a\n', gone: 'x\n' }, { a: 'b\n', gone: null, 'n/x': 'x\n' });
    await bring(at);
    await bring(at);
    await isAt(at, at.to);
  });

  it('a file becomes a folder, a folder a file, a link a folder, and the other way round', async () => {
    const at = await scene(
      { a: 'a\n', 'b/x': 'x\n', 'b/y/z': 'z\n', c: 'link:b', 'd/x': 'd\n' },
      { a: null, 'a/x': 'x\n', 'a/y/z': 'z\n', b: 'b\n', c: null, 'c/x': 'c\n', d: 'link:b' },
    );
    await bring(at);
    await isAt(at, at.to);
    await bring({ ...at, from: at.to, to: at.from });
    await isAt(at, at.from);
  });

  rarely('names of any kind, also as untracked files in the way', async () => {
    const files = (text: string): Files => Object.fromEntries(ODD_NAMES.map((name) => [name, text]));
    const at = await scene({ keep: 'k\n' }, files('x\n'));
    await put(at.wt.path, files('mine\n'));
    expect((await inTheWay(at)).sort()).toEqual([...ODD_NAMES].sort());
    await put(at.wt.path, Object.fromEntries(ODD_NAMES.map((name) => [name, null])));
    await bring(at);
    await isAt(at, at.to);
    await put(at.wt.path, files('mine\n'));
    expect((await inTheWay({ ...at, from: at.to, to: at.from })).sort()).toEqual([...ODD_NAMES].sort());
  });

  it('a name that is no UTF-8', async () => {
    const at = await scene({ keep: 'k\n' }, { x: 'x\n' });
    await sh(at.wt.path, "printf 'mine' > \"$(printf 'caf\\351')\"");
    const { stdout } = await sh(
      at.lab.dir,
      'f=$(printf \'caf\\351\'); git checkout -q --detach; echo new > "$f"; git add -A; git commit -qm odd; git rev-parse HEAD; git checkout -q main',
    );
    const to = stdout.trim();
    await expect(bring({ ...at, to })).rejects.toMatchObject({ details: { paths: ['caf\udce9'] } });
    await sh(at.wt.path, 'rm "$(printf \'caf\\351\')"');
    await bring({ ...at, to });
    expect((await sh(at.wt.path, 'cat caf*')).stdout).toBe('new\n');
  });

  rarely('line ends and attributes that come with the move', async () => {
    const at = await scene(
      { '.gitattributes': '* text=auto\n', 'a.txt': LINES, 'b.txt': LINES, '-x.txt': LINES },
      { '.gitattributes': '* text=auto eol=crlf\n', 'a.txt': 'new\n', '-x.txt': 'new\n' },
    );
    await bring(at);
    expect(readFileSync(join(at.wt.path, 'a.txt'), 'utf8')).toBe('new\r\n');
    expect(readFileSync(join(at.wt.path, '-x.txt'), 'utf8')).toBe('new\r\n');
    expect(await git(at.wt.path, 'status', '--porcelain', '-uno')).not.toContain(' M a.txt');
  });

  it.each(['sha1', 'sha256'] as const)(
    'a submodule of %s moves in the index, its own files stay',
    async (objectFormat) => {
      const at = await scene({ a: 'a\n' }, { a: 'b\n' }, { objectFormat });
      await git(at.wt.path, 'init', '-q', '-b', 'main', `--object-format=${objectFormat}`, 'sub');
      const inside = (...args: string[]): Promise<string> =>
        git(join(at.wt.path, 'sub'), '-c', 'user.name=n', '-c', 'user.email=n@n', ...args);
      await inside('commit', '-q', '--allow-empty', '-m', 'one');
      const one = await inside('rev-parse', 'HEAD');
      await inside('commit', '-q', '--allow-empty', '-m', 'two');
      const two = await inside('rev-parse', 'HEAD');
      write(join(at.wt.path, 'sub'), { mine: 'mine\n' });
      const withSub = async (id: string): Promise<string> => {
        await at.lab.git('checkout', '-q', '--detach', at.to);
        await at.lab.git('update-index', '--add', '--cacheinfo', `160000,${id},sub`);
        await at.lab.git('commit', '-q', '-m', 'sub');
        return at.lab.git('rev-parse', 'HEAD');
      };
      const [first, second] = [await withSub(one), await withSub(two)];
      await bring({ ...at, to: first });
      expect(await git(at.wt.path, 'ls-files', '-s', 'sub')).toContain(one);
      await bring({ ...at, from: first, to: second });
      expect(await git(at.wt.path, 'ls-files', '-s', 'sub')).toContain(two);
      expect(await inside('rev-parse', 'HEAD')).toBe(two);
      expect(readFileSync(join(at.wt.path, 'sub/mine'), 'utf8')).toBe('mine\n');
      await bring({ ...at, from: second, to: at.to });
      expect(readFileSync(join(at.wt.path, 'sub/mine'), 'utf8')).toBe('mine\n');
    },
  );
});

describe('what stays', () => {
  it('uncommitted changes of other files: edited, staged, added, removed, untracked, ignored', async () => {
    const at = await scene(
      { a: 'a\n', edited: 'e\n', staged: 's\n', removed: 'r\n', '.gitignore': 'ignored\n', same: 's\n' },
      { a: 'b\n', new: 'n\n' },
      { main: true },
    );
    await put(at.wt.path, {
      edited: 'mine\n',
      staged: 'mine\n',
      removed: null,
      ignored: 'i\n',
      'un/tracked': 'u\n',
      added: 'a\n',
    });
    await git(at.wt.path, 'add', 'staged', 'added');
    const before = await git(at.wt.path, 'status', '--porcelain', '--ignored', '-uall');
    expect(await inTheWay(at)).toEqual([]);
    await bring(at);
    await switchWorktree(at.lab.repo, at.wt, { detached: at.to });
    expect(await git(at.wt.path, 'status', '--porcelain', '--ignored', '-uall')).toBe(before);
    expect(contents(at.wt.path)).toMatchObject({ a: 'b\n', new: 'n\n', edited: 'mine\n', 'un/tracked': 'u\n' });
  });

  rarely('a change that is staged just as the move would make it is none', async () => {
    const at = await scene({ a: 'a\n', b: 'b\n' }, { a: 'new\n', b: 'new\n' });
    await put(at.wt.path, { a: 'new\n' });
    await git(at.wt.path, 'add', 'a');
    expect(await inTheWay(at)).toEqual([]);
    await bring(at);
    await isAt(at, at.to);
  });

  it('a file that was only touched is not a change', async () => {
    const at = await scene({ a: 'a\n' }, { a: 'b\n' });
    utimesSync(join(at.wt.path, 'a'), 1, 1);
    expect(await inTheWay(at)).toEqual([]);
    await bring(at);
    await isAt(at, at.to);
  });

  rarely('an operation that somebody has in progress', async () => {
    const at = await scene({ a: 'a\n' }, { a: 'b\n' }, { main: true });
    write(at.wt.gitDir, { CHERRY_PICK_HEAD: `${at.to}\n`, MERGE_MSG: 'm\n' });
    await bring(at);
    expect(readFileSync(join(at.wt.gitDir, 'CHERRY_PICK_HEAD'), 'utf8')).toBe(`${at.to}\n`);
    expect(existsSync(join(at.wt.gitDir, 'MERGE_MSG'))).toBe(true);
  });
});

type Change = (path: string) => Promise<unknown> | unknown;

const IN_THE_WAY: [string, Files, Files, Change, string[]][] = [
  ['an edited file', { a: 'a\n' }, { a: 'b\n' }, (wt) => put(wt, { a: 'mine\n' }), ['a']],
  ['an edited file that goes', { a: 'a\n', k: '' }, { a: null }, (wt) => put(wt, { a: 'mine\n' }), ['a']],
  ['a staged file', { a: 'a\n' }, { a: 'b\n' }, (wt) => sh(wt, 'echo mine > a && git add a && echo a > a'), ['a']],
  ['a file made executable', { a: 'a\n' }, { a: 'b\n' }, (wt) => chmodSync(join(wt, 'a'), 0o755), ['a']],
  [
    'a link instead of a file',
    { a: 'a\n' },
    { a: 'b\n' },
    (wt) => {
      rmSync(join(wt, 'a'));
      symlinkSync('b', join(wt, 'a'));
    },
    ['a'],
  ],
  ['an untracked file', { k: '' }, { n: 'n\n' }, (wt) => put(wt, { n: 'mine\n' }), ['n']],
  ['an ignored file', { '.gitignore': 'n\n' }, { n: 'n\n' }, (wt) => put(wt, { n: 'mine\n' }), ['n']],
  [
    'an ignored file where a folder comes',
    { '.gitignore': 'n\n' },
    { 'n/x': 'x\n', 'n/y': 'y\n' },
    (wt) => put(wt, { n: 'mine\n' }),
    ['n'],
  ],
  [
    'an ignored file in a folder where a file comes',
    { '.gitignore': '*.o\n', 'd/x': 'x\n' },
    { 'd/x': null, d: 'd\n' },
    (wt) => put(wt, { 'd/y.o': 'mine\n' }),
    ['d/y.o'],
  ],
  [
    'a folder of one’s own where a file comes',
    { k: '' },
    { n: 'n\n' },
    (wt) => put(wt, { 'n/deep/x': 'mine\n' }),
    ['n/deep/x'],
  ],
  [
    'a link instead of a folder',
    { 'd/x': 'x\n', 'e/x': 'x\n' },
    { 'd/x': 'new\n' },
    (wt) => {
      rmSync(join(wt, 'd'), { recursive: true });
      symlinkSync('e', join(wt, 'd'));
    },
    ['d'],
  ],
  [
    'a change that is hidden from git status',
    { a: 'a\n', b: 'b\n' },
    { a: 'b\n' },
    (wt) => sh(wt, 'git update-index --assume-unchanged a && echo mine > a'),
    ['a'],
  ],
  [
    'an open conflict elsewhere',
    { a: 'a\n', b: 'b\n' },
    { a: 'b\n' },
    (wt) =>
      sh(
        wt,
        'id=$(git rev-parse :b); printf "0 $id\\tb\\n100644 $id 1\\tb\\n100644 $id 2\\tb\\n" | git update-index --index-info',
      ),
    ['b'],
  ],
];

describe('what is in the way', () => {
  it.each(IN_THE_WAY)('%s: refused, and nothing changes', async (_name, from, to, change, paths) => {
    const at = await scene({ ...from, other: 'o\n' }, { ...to, other: 'changed\n' });
    await change(at.wt.path);
    const before = contents(at.wt.path);
    const index = readFileSync(join(at.wt.gitDir, 'index'));
    expect(await inTheWay(at)).toEqual(paths);
    await expect(bring(at)).rejects.toMatchObject({ code: 'worktree.blocked', details: { paths } });
    expect(contents(at.wt.path)).toEqual(before);
    expect(readFileSync(join(at.wt.gitDir, 'index')).equals(index)).toBe(true);
  });

  it('a file that somebody removed is not: it comes back with the new content', async () => {
    const at = await scene({ a: 'a\n', b: 'b\n' }, { a: 'new\n', b: null });
    rmSync(join(at.wt.path, 'a'));
    rmSync(join(at.wt.path, 'b'));
    expect(await inTheWay(at)).toEqual([]);
    await bring(at);
    await isAt(at, at.to);
  });

  rarely('a lock whose owner is dead goes; the one of a living git is waited for', async () => {
    const at = await scene({ a: 'a\n' }, { a: 'b\n' }, { main: true });
    write(at.wt.gitDir, { 'index.lock': '' });
    await bring(at);
    await isAt(at, at.to);
  });
});

/** What a killed call may leave: by hand, each alone. */
const HALF_DONE: [string, Change][] = [
  ['a file is new already', (wt) => put(wt, { a: 'new a\n' })],
  ['a file is half new', (wt) => put(wt, { a: 'new' })],
  ['a file is begun', (wt) => put(wt, { a: '' })],
  ['a file is gone', (wt) => put(wt, { a: null })],
  ['a file is there already', (wt) => put(wt, { 'n/x': 'x\n' })],
  ['a file is half there', (wt) => put(wt, { 'n/x': 'x' })],
  ['a file that goes is gone', (wt) => put(wt, { gone: null })],
  ['a folder is there already', (wt) => mkdirSync(join(wt, 'n'))],
  ['a file became a folder, empty yet', (wt) => put(wt, { f: null }).then(() => mkdirSync(join(wt, 'f')))],
  ['a file became a folder, half full', (wt) => put(wt, { f: null, 'f/x': 'f' })],
  ['a file became a folder', (wt) => put(wt, { f: null, 'f/x': 'fx\n' })],
  ['a folder is half empty', (wt) => put(wt, { 'd/x': null })],
  ['a folder is empty', (wt) => put(wt, { 'd/x': null, 'd/y': null })],
  ['a folder became a file', (wt) => put(wt, { d: 'd\n' })],
  ['a folder became half a file', (wt) => put(wt, { d: 'd' })],
  ['a link leads elsewhere already', (wt) => put(wt, { l: 'link:n' })],
  ['a file is executable already', (wt) => chmodSync(join(wt, 'tool'), 0o755)],
  ['the attributes are new already', (wt) => put(wt, { '.gitattributes': '*.c eol=crlf\n' })],
  [
    'the attributes are new, and so is a file',
    (wt) => put(wt, { '.gitattributes': '*.c eol=crlf\n', 'x.c': 'c\r\nd\r\n' }),
  ],
  ['a file is new, the attributes are not', (wt) => put(wt, { 'x.c': 'c\r\nd\r\n' })],
  ['a file is half new in its new line ends', (wt) => put(wt, { 'x.c': 'c\r' })],
  ['all is there but the index', (wt) => sh(wt, 'git --work-tree=. read-tree -m -u HEAD to && git read-tree HEAD')],
];

describe('what a killed call left', () => {
  const from: Files = {
    a: 'old a\n',
    gone: 'g\n',
    f: 'f\n',
    'd/x': 'x\n',
    'd/y': 'y\n',
    l: 'link:a',
    tool: 't\n',
    'x.c': 'b\n',
    '.gitattributes': '*.c text\n',
    other: 'o\n',
  };
  const to: Files = {
    a: 'new a\n',
    gone: null,
    f: null,
    'f/x': 'fx\n',
    'd/x': null,
    'd/y': null,
    d: 'd\n',
    l: 'link:n',
    tool: 'exec:t\n',
    'n/x': 'x\n',
    'x.c': 'c\nd\n',
    '.gitattributes': '*.c eol=crlf\n',
  };

  it.each(HALF_DONE)('%s: finished, and a change of somebody else stays', async (_name, change) => {
    const at = await scene(from, to);
    await at.lab.git('tag', 'to', at.to);
    await change(at.wt.path);
    await put(at.wt.path, { other: 'mine\n', untracked: 'mine\n' });
    expect(await inTheWay(at)).toEqual([]);
    await bring(at);
    expect(contents(at.wt.path)).toEqual({ ...(await fresh(at, at.to)), other: 'mine\n', untracked: 'mine\n' });
    expect(await git(at.wt.path, 'diff-index', '--cached', '--name-only', at.to)).toBe('');
    expect(await git(at.wt.path, 'diff-files', '--name-only')).toBe('other');
  });

  it.each(HALF_DONE)('%s, and then somebody wrote a file: that one is refused', async (_name, change) => {
    const at = await scene({ ...from, zz: 'z\n' }, { ...to, zz: 'new z\n' });
    await at.lab.git('tag', 'to', at.to);
    await change(at.wt.path);
    await put(at.wt.path, { zz: 'mine\n' });
    await expect(bring(at)).rejects.toMatchObject({ code: 'worktree.blocked', details: { paths: ['zz'] } });
    expect(readFileSync(join(at.wt.path, 'zz'), 'utf8')).toBe('mine\n');
    await put(at.wt.path, { zz: 'z\n' });
    await bring(at);
    await isAt(at, at.to);
  });
});

describe('isClean', () => {
  it('names tracked files that differ, staged or not, and a submodule only when its move is staged', async () => {
    const { lab, wt } = await scene({ a: 'a\n', b: 'b\n', c: 'c\n', d: 'd\n', e: 'e\n' }, {});
    expect(await isClean(lab.repo, wt)).toEqual({ dirty: [] });
    await put(wt.path, { a: 'mine\n', b: 'mine\n', c: null, untracked: 'u\n' });
    utimesSync(join(wt.path, 'd'), 1, 1);
    await sh(wt.path, 'git add b; git update-index --assume-unchanged e; echo mine > e');
    expect((await isClean(lab.repo, wt)).dirty.sort()).toEqual(['a', 'b', 'c', 'e']);
    await put(wt.path, { a: 'a\n', b: 'b\n', c: 'c\n', e: 'e\n' });
    await git(wt.path, 'reset', '-q', '--hard');
    const commit = 'git -c user.name=n -c user.email=n@n commit -q --allow-empty -m';
    await sh(wt.path, `git init -q sub && cd sub && ${commit} one`);
    await sh(wt.path, 'git add sub; git commit -qm sub');
    expect(await isClean(lab.repo, wt)).toEqual({ dirty: [] });
    write(join(wt.path, 'sub'), { untracked: 'u\n' });
    expect(await isClean(lab.repo, wt)).toEqual({ dirty: [] });
    await sh(join(wt.path, 'sub'), `${commit} two`);
    expect(await isClean(lab.repo, wt)).toEqual({ dirty: [] });
    await git(wt.path, 'add', 'sub');
    expect(await isClean(lab.repo, wt)).toEqual({ dirty: ['sub'] });
    await git(wt.path, 'reset', '-q');
    await git(wt.path, 'rm', '-q', '--cached', 'sub');
    expect(await isClean(lab.repo, wt)).toEqual({ dirty: ['sub'] });
  });
});

describe('switchWorktree', () => {
  it('moves HEAD and nothing else, in the main checkout and in a linked one', async () => {
    const { lab, wt, from, to } = await scene({ a: 'a\n' }, { a: 'b\n' });
    for (const checkout of [wt, (await locateRepository(lab.dir)).here!]) {
      const before = contents(checkout.path);
      const index = readFileSync(join(checkout.gitDir, 'index'));
      const { branch } = await headOf(lab.repo, checkout);
      await switchWorktree(lab.repo, checkout, { detached: to });
      expect(await headOf(lab.repo, checkout)).toEqual({ commit: to, branch: null });
      write(checkout.gitDir, { 'HEAD.lock': '' });
      await switchWorktree(lab.repo, checkout, { branch: branch! });
      expect(await headOf(lab.repo, checkout)).toEqual({ commit: from, branch });
      expect(contents(checkout.path)).toEqual(before);
      expect(readFileSync(join(checkout.gitDir, 'index')).equals(index)).toBe(true);
      expect(lstatSync(join(checkout.gitDir, 'HEAD')).isFile()).toBe(true);
      expect(await git(checkout.path, 'reflog', '-1', '--format=%gs')).toBe('amp-sessions: landing');
    }
    expect(await git(lab.dir, 'rev-parse', 'main')).toBe(from);
  });

  rarely('refuses what is neither branch nor commit', async () => {
    const { lab, wt } = await scene({ a: 'a\n' }, { a: 'b\n' });
    await expect(switchWorktree(lab.repo, wt, { branch: 'a..b' })).rejects.toMatchObject({ code: 'ref.missing' });
    await expect(switchWorktree(lab.repo, wt, { detached: 'main' })).rejects.toMatchObject({ code: 'ref.missing' });
    writeFileSync(join(wt.path, 'x'), '');
  });
});
