import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { markerLines, parseHunks } from '../../src/git/conflict-markers.ts';
import {
  abandonConflict,
  closeConflict,
  conflictHunks,
  layOutConflict,
  openConflicts,
  resolvedTree,
} from '../../src/git/conflict-worktree.ts';
import { dirtyPaths } from '../../src/git/dirty.ts';
import { type MergedTree, mergeTrees } from '../../src/git/merge-tree.ts';
import { headOf } from '../../src/git/refs.ts';
import type { Worktree } from '../../src/git/repository.ts';
import { addWorktree } from '../../src/git/worktrees.ts';
import { git, sh } from '../support/repo.ts';
import { contents, type Files, type Lab, makeLab, ODD_NAMES, put } from './merge-support.ts';

const LINES = 'one\ntwo\nthree\nfour\nfive\nsix\nseven\n';

interface Scene {
  lab: Lab;
  wt: Worktree;
  /** What the branch had. */
  from: string;
  /** What it is put upon. */
  head: string;
  merged: MergedTree;
}

/** A worktree at `theirs`, which is to be put on top of `ours`. */
const scene = async (
  base: Files,
  ours: Files,
  theirs: Files,
  objectFormat: 'sha1' | 'sha256' = 'sha1',
): Promise<Scene> => {
  const lab = await makeLab({ other: 'o\n', ...base }, { objectFormat });
  const head = await lab.on(lab.base, ours);
  const from = await lab.on(lab.base, theirs);
  await lab.git('checkout', '-q', 'main');
  const wt = await addWorktree(lab.repo, { path: join(lab.dir, '.worktrees/s1'), branch: 'amp/x', commit: from });
  const merged = await mergeTrees(lab.repo, { ours: head, theirs: from, labels: { ours: 'main', theirs: 'work' } });
  return { lab, wt, from, head, merged };
};

const shown = async (...given: Parameters<typeof scene>): Promise<Scene> => {
  const at = await scene(...given);
  await layOutConflict(at.lab.repo, at.wt, at);
  return at;
};

const open = ({ lab, wt, merged }: Scene) => openConflicts(lab.repo, wt, merged.conflicts);
const status = ({ wt }: Scene): Promise<string> => git(wt.path, 'status', '--porcelain');
const treeFiles = ({ lab }: Scene, tree: string): Promise<string> => lab.git('ls-tree', '-r', '--name-only', tree);

const simple = (): Promise<Scene> =>
  shown(
    { a: LINES, b: 'b\n' },
    { a: LINES.replace('one', 'ours'), b: 'main\n' },
    { a: LINES.replace('one', 'theirs'), new: 'n\n' },
  );

describe('layOutConflict', () => {
  it('shows it to git: HEAD, files with markers, stages', async () => {
    const at = await simple();
    expect(await headOf(at.lab.repo, at.wt)).toEqual({ commit: at.head, branch: null });
    expect(await status(at)).toBe('UU a\nA  new');
    expect(contents(at.wt.path)).toMatchObject({ b: 'main\n', new: 'n\n', other: 'o\n' });
    expect(readFileSync(join(at.wt.path, 'a'), 'utf8')).toMatch(
      /^<<<<<<< main\nours\n=======\ntheirs\n>>>>>>> work\ntwo\n/,
    );
    expect(
      (await sh(at.wt.path, 'git diff --name-only --diff-filter=U; git checkout --theirs a; head -1 a')).stdout,
    ).toBe('a\ntheirs\n');
    expect(await git(at.lab.dir, 'rev-parse', 'amp/x')).toBe(at.from);
  });

  it('keeps uncommitted changes of other files, and a second time changes nothing', async () => {
    const at = await scene({ a: 'a\n' }, { a: 'o\n' }, { a: 't\n' });
    await put(at.wt.path, { other: 'mine\n', untracked: 'u\n' });
    await layOutConflict(at.lab.repo, at.wt, at);
    await put(at.wt.path, { a: 'resolved\n' });
    await layOutConflict(at.lab.repo, at.wt, at);
    expect(contents(at.wt.path)).toEqual({ a: 'resolved\n', other: 'mine\n', untracked: 'u\n' });
    expect(await status(at)).toBe('UU a\n M other\n?? untracked');
  });

  it('refuses where somebody’s change is in the way, and changes nothing', async () => {
    const at = await scene({ a: 'a\n' }, { a: 'o\n' }, { a: 't\n' });
    await put(at.wt.path, { a: 'mine\n' });
    await expect(layOutConflict(at.lab.repo, at.wt, at)).rejects.toMatchObject({
      code: 'worktree.blocked',
      details: { paths: ['a'] },
    });
    expect(contents(at.wt.path)).toMatchObject({ a: 'mine\n' });
    expect(await headOf(at.lab.repo, at.wt)).toEqual({ commit: at.from, branch: 'amp/x' });
  });

  it.each(['sha1', 'sha256'] as const)('names of any kind, in a repository of %s', async (objectFormat) => {
    const files = (text: string): Files => Object.fromEntries(ODD_NAMES.map((name) => [name, text]));
    const at = await shown(files('b\n'), files('o\n'), files('t\n'), objectFormat);
    const listed = await git(at.wt.path, 'ls-files', '-u', '-z');
    expect(listed.split('\0').filter(Boolean)).toHaveLength(3 * ODD_NAMES.length);
    expect((await open(at)).map(({ path, line }) => `${line} ${path}`).sort()).toEqual(
      ODD_NAMES.map((name) => `1 ${name}`).sort(),
    );
    await put(at.wt.path, files('done\n'));
    expect(await open(at)).toEqual([]);
    const tree = await resolvedTree(at.lab.repo, at.wt, { leaveOut: [] });
    for (const name of ODD_NAMES) expect(await at.lab.git('show', `${tree}:${name}`)).toBe('done');
  });
});

describe('openConflicts', () => {
  it('names every place, until the markers are gone or git add says so', async () => {
    const change = (text: string): string => LINES.replace('one', text).replace('seven', text);
    const at = await shown({ a: LINES, b: 'b\n' }, { a: change('o'), b: 'o\n' }, { a: change('t'), b: 't\n' });
    expect(await open(at)).toEqual([
      { path: 'a', line: 1, reason: 'marker' },
      { path: 'a', line: 11, reason: 'marker' },
      { path: 'b', line: 1, reason: 'marker' },
    ]);
    await git(at.wt.path, 'add', 'b');
    const text = readFileSync(join(at.wt.path, 'a'), 'utf8');
    writeFileSync(join(at.wt.path, 'a'), text.replace(/<<<<<<<[^>]*>>>>>>> work\n/, 'o\n'));
    expect(await open(at)).toEqual([{ path: 'a', line: 7, reason: 'marker' }]);
    writeFileSync(join(at.wt.path, 'a'), `${LINES}>>>>>>> work\n`);
    expect(await open(at)).toEqual([{ path: 'a', line: 8, reason: 'marker' }]);
    writeFileSync(join(at.wt.path, 'a'), change('o'));
    expect(await open(at)).toEqual([]);
  });

  it('a line that looks like a marker and was in a side is none', async () => {
    const text = (word: string): string => `Title\n=======\n${word}\n<<<<<<< as in the manual\n>>>>>>> \n`;
    const at = await shown({ a: text('b') }, { a: text('o') }, { a: text('t') });
    expect(await open(at)).toEqual([{ path: 'a', line: 3, reason: 'marker' }]);
    await put(at.wt.path, { a: text('both') });
    expect(await open(at)).toEqual([]);
  });

  it('CRLF', async () => {
    const crlf = (word: string): string => `${word}\r\ntwo\r\n`;
    const at = await shown({ a: crlf('b') }, { a: crlf('o') }, { a: crlf('t') });
    expect(await open(at)).toEqual([{ path: 'a', line: 1, reason: 'marker' }]);
    expect(await conflictHunks(at.lab.repo, at.wt, 'a')).toEqual([
      { startLine: 1, endLine: 5, ours: 'o', theirs: 't' },
    ]);
  });

  it.each<[string, [Files, Files, Files], string, Files]>([
    ['binary', [{ x: 'b\0' }, { x: 'o\0' }, { x: 't\0' }], 'x', { x: 't\0' }],
    ['changed here, removed there', [{ x: 'b\n' }, { x: 'o\n' }, { x: null }], 'x', { x: null }],
    ['removed here, changed there', [{ x: 'b\n' }, { x: null }, { x: 't\n' }], 'x', { x: 'edited\n' }],
    ['links', [{ x: 'link:b' }, { x: 'link:o' }, { x: 'link:t' }], 'x', { x: 'link:t' }],
    ['renamed here, removed there', [{ x: LINES }, { x: null, y: LINES }, { x: null }], 'y', { y: null }],
  ])('%s: undecided until another content or git add tells', async (_name, [base, ours, theirs], path, decision) => {
    for (const how of ['file', 'git'] as const) {
      const at = await shown(base, ours, theirs);
      expect(await open(at)).toEqual([{ path, reason: 'undecided' }]);
      if (how === 'file') await put(at.wt.path, decision);
      else await git(at.wt.path, 'add', '-A', path);
      expect(await open(at)).toEqual([]);
    }
  });

  it('renamed to two names: each is asked for', async () => {
    const at = await shown({ x: LINES }, { x: null, y: LINES }, { x: null, z: LINES });
    expect((await open(at)).map(({ path, reason }) => `${path} ${reason}`)).toEqual(['y undecided', 'z undecided']);
    await git(at.wt.path, 'rm', '-q', '--cached', 'x', 'z');
    await sh(at.wt.path, 'rm z; git add y');
    expect(await open(at)).toEqual([]);
    expect(await treeFiles(at, await resolvedTree(at.lab.repo, at.wt, { leaveOut: [] }))).toBe('other\ny');
  });

  it('a file where a folder is', async () => {
    const at = await shown({ d: 'd\n' }, { d: 'changed\n' }, { d: null, 'd/x': 'x\n' });
    expect(await open(at)).toEqual([{ path: 'd~main', reason: 'undecided' }]);
    expect(contents(at.wt.path)).toEqual({ 'd/x': 'x\n', 'd~main': 'changed\n', other: 'o\n' });
    await put(at.wt.path, { 'd~main': null });
    expect(await open(at)).toEqual([]);
  });

  it('changes nothing, and starts nothing when all is staged', async () => {
    const at = await simple();
    const index = readFileSync(join(at.wt.gitDir, 'index'));
    await open(at);
    expect(readFileSync(join(at.wt.gitDir, 'index')).equals(index)).toBe(true);
  });
});

describe('resolvedTree', () => {
  it('is what the files are, but for what is to be left out, and leaves the index open', async () => {
    const at = await scene({ a: 'a\n' }, { a: 'o\n' }, { a: 't\n', add: 'x\n' });
    await put(at.wt.path, { other: 'mine\n', untracked: 'u\n' });
    const leaveOut = await dirtyPaths(at.lab.repo, at.wt);
    await layOutConflict(at.lab.repo, at.wt, at);
    await put(at.wt.path, { a: 'resolved\n', more: 'm\n' });
    const tree = await resolvedTree(at.lab.repo, at.wt, { leaveOut });
    expect(await treeFiles(at, tree)).toBe('a\nadd\nmore\nother');
    expect(await at.lab.git('show', `${tree}:a`)).toBe('resolved');
    expect(await at.lab.git('show', `${tree}:other`)).toBe('o');
    expect(await status(at)).toContain('UU a');
    const all = await resolvedTree(at.lab.repo, at.wt, { leaveOut: [] });
    expect(await treeFiles(at, all)).toBe('a\nadd\nmore\nother\nuntracked');
    expect(await at.lab.git('show', `${all}:other`)).toBe('mine');
  });

  it('also where the index is gone', async () => {
    const at = await simple();
    await put(at.wt.path, { a: 'resolved\n' });
    writeFileSync(join(at.wt.gitDir, 'index'), 'nonsense');
    await sh(at.wt.path, `rm '${join(at.wt.gitDir, 'index')}'`);
    expect(await treeFiles(at, await resolvedTree(at.lab.repo, at.wt, { leaveOut: [] }))).toBe('a\nb\nnew\nother');
  });
});

describe('closeConflict', () => {
  it('after it the index says what was made of it, and what was left out shows as a change', async () => {
    const at = await scene({ a: 'a\n' }, { a: 'o\n' }, { a: 't\n' });
    await put(at.wt.path, { other: 'mine\n' });
    const leaveOut = await dirtyPaths(at.lab.repo, at.wt);
    await layOutConflict(at.lab.repo, at.wt, at);
    await put(at.wt.path, { a: 'resolved\n' });
    const tree = await resolvedTree(at.lab.repo, at.wt, { leaveOut });
    await closeConflict(at.lab.repo, at.wt, tree);
    expect(await git(at.wt.path, 'ls-files', '-u')).toBe('');
    expect(await git(at.wt.path, 'diff-files', '--name-only')).toBe('other');
    expect(await git(at.wt.path, 'diff-index', '--cached', '--name-only', tree)).toBe('');
  });
});

describe('abandonConflict', () => {
  it('takes the worktree back, half-made resolutions go, other changes stay', async () => {
    const at = await scene(
      { a: LINES, bin: 'b\0', d: 'd\n', x: LINES, del: 'd\n' },
      { a: 'o\n', bin: 'o\0', d: 'changed\n', x: null, y: LINES, del: null, b: 'new in main\n' },
      { a: 't\n', bin: 't\0', d: null, 'd/x': 'x\n', x: null, z: LINES, del: 'changed\n' },
    );
    const before = contents(at.wt.path);
    await put(at.wt.path, { other: 'mine\n', untracked: 'u\n' });
    await layOutConflict(at.lab.repo, at.wt, at);
    await put(at.wt.path, { a: 'half\n', bin: 'x\0', 'd~main': null, z: 'edited\n', del: null });
    await git(at.wt.path, 'add', 'a');
    await abandonConflict(at.lab.repo, at.wt, { merged: at.merged, to: at.from });
    const wanted = { ...before, other: 'mine\n', untracked: 'u\n' };
    expect(contents(at.wt.path)).toEqual(wanted);
    expect(await git(at.wt.path, 'diff-index', '--cached', '--name-only', at.from)).toBe('');
    await put(at.wt.path, { a: 'later work\n' });
    await abandonConflict(at.lab.repo, at.wt, { merged: at.merged, to: at.from });
    expect(contents(at.wt.path)).toEqual({ ...wanted, a: 'later work\n' });
  });

  it('a file that is the same on both sides of the way comes back, too', async () => {
    const at = await shown({ bin: 'b\0' }, { bin: 'o\0' }, { bin: 't\0' });
    await put(at.wt.path, { bin: 'mine\0' });
    await abandonConflict(at.lab.repo, at.wt, { merged: at.merged, to: at.head });
    expect(contents(at.wt.path)).toEqual({ bin: 'o\0', other: 'o\n' });
  });

  it('refuses where a change of another file is in the way', async () => {
    const at = await simple();
    await put(at.wt.path, { b: 'mine\n' });
    await expect(abandonConflict(at.lab.repo, at.wt, { merged: at.merged, to: at.from })).rejects.toMatchObject({
      code: 'worktree.blocked',
      details: { paths: ['b'] },
    });
    expect(contents(at.wt.path)).toMatchObject({ b: 'mine\n' });
  });
});

describe('markers', () => {
  const diff3 = 'a\n<<<<<<< x\no1\no2\n||||||| base\nb\n=======\nt\n>>>>>>> y\nz\n';

  it('hunks of every style, with how they begin', () => {
    expect(parseHunks(diff3)).toEqual([{ startLine: 2, endLine: 9, ours: 'o1\no2', theirs: 't' }]);
    expect(parseHunks(diff3.replace(/\|{7}[^=]*/, '').repeat(2)).map(({ startLine }) => startLine)).toEqual([2, 10]);
    expect(parseHunks('<<<<<<<<<< x\no\n==========\n>>>>>>>>>> y\n')).toMatchObject([{ ours: 'o', theirs: '' }]);
    expect(parseHunks('<<<<<<< x\nno end\n')).toEqual([]);
    expect(parseHunks('>>>>>>> y\n=======\n')).toEqual([]);
    expect(parseHunks(`<<<<<<< x\n${'l\n'.repeat(9)}=======\n${'w'.repeat(999)}\n>>>>>>> y`)[0]).toMatchObject({
      ours: 'l\nl\nl',
      theirs: 'w'.repeat(200),
    });
  });

  it('lines of markers, whatever is left of them', () => {
    expect(markerLines(diff3)).toEqual([2, 5, 7, 9]);
    expect(markerLines(diff3, ['=======\n', '<<<<<<< other\n'])).toEqual([2, 5, 9]);
    expect(markerLines('<<<<<<\n>>>>>>>x\n======== \n a <<<<<<< b\n')).toEqual([]);
  });

  it('of a file that is not there, or a folder: none', async () => {
    const at = await simple();
    expect(await conflictHunks(at.lab.repo, at.wt, 'no/such')).toEqual([]);
    expect(await conflictHunks(at.lab.repo, at.wt, '.')).toEqual([]);
    expect(await conflictHunks(at.lab.repo, at.wt, 'a')).toHaveLength(1);
  });
});
