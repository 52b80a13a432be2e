import { appendFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseMerged } from '../../src/git/merge-messages.ts';
import { type MergedTree, mergeTrees } from '../../src/git/merge-tree.ts';
import { sh, tempDir } from '../support/repo.ts';
import { type Files, type Lab, makeLab, ODD_NAMES } from './merge-support.ts';
import { program, startsOf } from './support.ts';

const LINES = 'one\ntwo\nthree\nfour\nfive\n';

interface Sides {
  base?: Files;
  ours: Files;
  theirs: Files;
}

const merged = async ({ base = {}, ours, theirs }: Sides, labels?: { ours: string; theirs: string }) => {
  const lab = await makeLab({ 'a.txt': LINES, ...base });
  const [o, t] = [await lab.on(lab.base, ours), await lab.on(lab.base, theirs)];
  return { lab, o, t, result: await mergeTrees(lab.repo, { ours: o, theirs: t, ...(labels && { labels }) }) };
};

const show = (lab: Lab, { tree }: MergedTree, path: string): Promise<string> => lab.git('show', `${tree}:${path}`);
const names = (lab: Lab, { tree }: MergedTree): Promise<string> => lab.git('ls-tree', '-r', '--name-only', tree);
const kinds = ({ conflicts }: MergedTree): Record<string, string> =>
  Object.fromEntries(conflicts.map(({ path, kind }) => [path, kind]));

describe('mergeTrees', () => {
  it('merges what does not conflict, and touches neither worktree, index nor refs', async () => {
    const { lab, o, t, result } = await merged({
      ours: { 'a.txt': LINES.replace('one', 'ONE'), 'ours.txt': 'o\n' },
      theirs: { 'a.txt': LINES.replace('five', 'FIVE'), 'theirs.txt': 't\n' },
    });
    expect(result.conflicts).toEqual([]);
    expect(await show(lab, result, 'a.txt')).toBe('ONE\ntwo\nthree\nfour\nFIVE');
    expect(await names(lab, result)).toBe('a.txt\nours.txt\ntheirs.txt');
    expect(await lab.git('status', '--porcelain')).toBe('');
    expect(await lab.git('rev-parse', 'HEAD')).toBe(t);
    expect(await mergeTrees(lab.repo, { ours: o, theirs: lab.base })).toEqual({
      tree: await lab.git('rev-parse', `${o}^{tree}`),
      conflicts: [],
    });
  });

  it('says what conflicts, with its stages and git’s own words', async () => {
    const labels = { ours: 'main', theirs: 'feature/x (über)' };
    const { lab, result } = await merged(
      { ours: { 'a.txt': LINES.replace('two', 'ours') }, theirs: { 'a.txt': LINES.replace('two', 'theirs') } },
      labels,
    );
    expect(result.conflicts).toHaveLength(1);
    const [conflict] = result.conflicts;
    expect(conflict).toMatchObject({
      path: 'a.txt',
      kind: 'content',
      message: 'CONFLICT (content): Merge conflict in a.txt',
    });
    const texts = await Promise.all(conflict!.stages.map(({ object }) => lab.git('cat-file', 'blob', object)));
    expect(conflict!.stages.map(({ stage, mode }) => `${stage} ${mode}`)).toEqual(['1 100644', '2 100644', '3 100644']);
    expect(texts.map((text) => text.split('\n')[1])).toEqual(['two', 'ours', 'theirs']);
    expect(await show(lab, result, 'a.txt')).toBe(
      'one\n<<<<<<< main\nours\n=======\ntheirs\n>>>>>>> feature/x (über)\nthree\nfour\nfive',
    );
  });

  it('without labels the sides are called by their ids, by two processes', async () => {
    const { lab, o, t } = await merged({ ours: { 'a.txt': 'o\n' }, theirs: { 'a.txt': 't\n' } });
    let result: MergedTree | undefined;
    const starts = await startsOf(async () => {
      result = await mergeTrees(lab.repo, { ours: o, theirs: t });
    });
    expect(starts).toEqual(['merge-tree', 'ls-tree']);
    expect(await show(lab, result!, 'a.txt')).toBe(`<<<<<<< ${o}\no\n=======\nt\n>>>>>>> ${t}`);
  });

  it.each<[string, string, Sides, Record<string, string>]>([
    ['a file added twice', 'new', { ours: { new: 'o\n' }, theirs: { new: 't\n' } }, { new: 'add/add' }],
    [
      'changed here, removed there',
      'a.txt',
      { ours: { 'a.txt': 'o\n' }, theirs: { 'a.txt': null } },
      { 'a.txt': 'modify/delete' },
    ],
    [
      'renamed to two names',
      'x',
      { ours: { 'a.txt': null, x: LINES }, theirs: { 'a.txt': null, y: LINES } },
      { 'a.txt': 'rename/rename', x: 'rename/rename', y: 'rename/rename' },
    ],
    [
      'renamed here, removed there',
      'x',
      { ours: { 'a.txt': null, x: LINES }, theirs: { 'a.txt': null } },
      { x: 'rename/delete' },
    ],
    [
      'a binary file',
      'bin',
      { base: { bin: 'a\0b' }, ours: { bin: 'o\0b' }, theirs: { bin: 't\0b' } },
      { bin: 'binary' },
    ],
    [
      'links that lead elsewhere',
      'link',
      { base: { link: 'link:a.txt' }, ours: { link: 'link:b' }, theirs: { link: 'link:c' } },
      { link: 'content' },
    ],
  ])('%s', async (_name, path, sides, expected) => {
    const { lab, result } = await merged(sides, { ours: 'ours', theirs: 'theirs' });
    expect(kinds(result)).toEqual(expected);
    expect((await names(lab, result)).split('\n')).toContain(path);
    for (const { message } of result.conflicts) expect(message).not.toMatch(/[0-9a-f]{40}|\n/);
  });

  it('a file where a folder is now: moved aside under the name of its side', async () => {
    const { lab, result } = await merged(
      { base: { d: 'd\n' }, ours: { d: 'changed\n' }, theirs: { d: null, 'd/x': 'x\n', 'd~my_branch': 'taken\n' } },
      { ours: 'my/branch', theirs: 'theirs' },
    );
    expect(kinds(result)).toEqual({ 'd~my_branch_1': 'file/directory' });
    expect((await names(lab, result)).split('\n')).toEqual(['a.txt', 'd/x', 'd~my_branch', 'd~my_branch_1']);
    expect(await show(lab, result, 'd~my_branch_1')).toBe('changed');
    expect(result.conflicts[0]!.stages.map(({ stage }) => stage)).toEqual([1, 2]);
    expect(result.conflicts[0]!.message).not.toMatch(/[0-9a-f]{40}/);
  });

  it('a change in a file that was renamed goes along; executable bits are merged', async () => {
    const { lab, result } = await merged({
      ours: { 'a.txt': null, 'moved.txt': LINES },
      theirs: { 'a.txt': `exec:${LINES.replace('one', 'ONE')}` },
    });
    expect(result.conflicts).toEqual([]);
    expect(await lab.git('ls-tree', result.tree)).toMatch(/^100755 blob .*\tmoved\.txt$/);
    expect(await show(lab, result, 'moved.txt')).toContain('ONE');
  });

  it('a submodule that moved on both sides', async () => {
    const lab = await makeLab({ 'a.txt': LINES });
    const at = async (parent: string, id: string): Promise<string> => {
      await lab.git('checkout', '-q', '--detach', parent);
      await lab.git('update-index', '--add', '--cacheinfo', `160000,${id},sub`);
      await lab.git('commit', '-q', '-m', 'sub');
      return lab.git('rev-parse', 'HEAD');
    };
    const base = await at(lab.base, '1'.repeat(40));
    const [o, t] = [await at(base, '2'.repeat(40)), await at(base, '3'.repeat(40))];
    const result = await mergeTrees(lab.repo, { ours: o, theirs: t, labels: { ours: 'o', theirs: 't' } });
    expect(kinds(result)).toEqual({ sub: 'submodule' });
    expect(await lab.git('ls-tree', result.tree, 'sub')).toContain(`160000 commit ${'2'.repeat(40)}`);
  });

  it('modes alone', async () => {
    const lab = await makeLab({ 'a.txt': LINES });
    const withMode = async (mode: string, parent: string, path: string): Promise<string> => {
      const id = await lab.git('rev-parse', `${lab.base}:a.txt`);
      await lab.git('checkout', '-q', '--detach', parent);
      await lab.git('update-index', '--add', '--cacheinfo', `${mode},${id},${path}`);
      await lab.git('commit', '-q', '-m', 'mode');
      return lab.git('rev-parse', 'HEAD');
    };
    const [o, t] = [await withMode('100755', lab.base, 'tool'), await withMode('100644', lab.base, 'tool')];
    const result = await mergeTrees(lab.repo, { ours: o, theirs: t });
    expect(kinds(result)).toEqual({ tool: 'mode' });
  });

  it('names of any kind', async () => {
    const files = (text: string): Files => Object.fromEntries(ODD_NAMES.map((name) => [name, text]));
    const { lab, result } = await merged(
      { base: files(LINES), ours: files('o\n'), theirs: files('t\n') },
      { ours: 'o', theirs: 't' },
    );
    expect(Object.keys(kinds(result)).sort()).toEqual([...ODD_NAMES].sort());
    expect(Object.values(kinds(result)).every((kind) => kind === 'content')).toBe(true);
    for (const name of ODD_NAMES) expect(await show(lab, result, name)).toBe('<<<<<<< o\no\n=======\nt\n>>>>>>> t');
  });

  it('keeps bytes that are no UTF-8, and line ends, around the markers', async () => {
    const { lab, result } = await merged(
      {
        base: { 'a.txt': 'base\r\n' },
        ours: { 'a.txt': Buffer.from('\xe9 ours\r\n', 'latin1') },
        theirs: { 'a.txt': Buffer.from('\xe8 theirs\r\n', 'latin1') },
      },
      { ours: 'ö', theirs: 't' },
    );
    const { stdout } = await sh(lab.dir, `git show ${result.tree}:a.txt | od -An -c | tr -d ' \\n'`);
    expect(stdout).toBe('<<<<<<<303266\\r\\n351ours\\r\\n=======\\r\\n350theirs\\r\\n>>>>>>>t\\r\\n');
  });

  it('reads attributes from what is merged: union, binary, line ends', async () => {
    const attributes = '*.log merge=union\n*.dat -merge\n*.txt text=auto eol=crlf\n';
    const { lab, result } = await merged({
      base: { '.gitattributes': attributes, 'x.log': 'a\n', 'x.dat': 'a\n' },
      ours: { 'x.log': 'a\no\n', 'x.dat': 'o\n', 'a.txt': LINES.replace('one', 'ONE').replaceAll('\n', '\r\n') },
      theirs: { 'x.log': 'a\nt\n', 'x.dat': 't\n', 'a.txt': LINES.replace('five', 'FIVE') },
    });
    expect(kinds(result)).toEqual({ 'x.dat': 'binary' });
    expect(await show(lab, result, 'x.log')).toBe('a\no\nt');
    expect(await show(lab, result, 'a.txt')).toBe('ONE\ntwo\nthree\nfour\nFIVE');
  });

  it('LFS pointers conflict as the text they are, and no filter runs', async () => {
    const pointer = (oid: string): string =>
      `version https://git-lfs.github.com/spec/v1\noid sha256:${oid.repeat(64)}\nsize 12\n`;
    const lab = await makeLab({ '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n' });
    const add = async (text: string, parent: string): Promise<string> => {
      await lab.git('checkout', '-q', '--detach', parent);
      const { stdout } = await sh(lab.dir, `printf '%s' '${text}' | git hash-object -w --stdin`);
      await lab.git('update-index', '--add', '--cacheinfo', `100644,${stdout.trim()},x.bin`);
      await lab.git('commit', '-q', '-m', 'pointer');
      return lab.git('rev-parse', 'HEAD');
    };
    const base = await add(pointer('a'), lab.base);
    const [o, t] = [await add(pointer('b'), base), await add(pointer('c'), base)];
    const hit = join(tempDir(), 'hit');
    appendFileSync(
      join(lab.repo.commonDir, 'config'),
      `[filter "lfs"]\n\tsmudge = touch ${hit}\n\tclean = touch ${hit}\n[merge "lfs"]\n\tdriver = touch ${hit}\n`,
    );
    const result = await mergeTrees(lab.repo, { ours: o, theirs: t, labels: { ours: 'o', theirs: 't' } });
    expect(kinds(result)).toEqual({ 'x.bin': 'content' });
    expect(await show(lab, result, 'x.bin')).toContain('oid sha256:bbbb');
    expect(existsSync(hit)).toBe(false);
  });
});

describe('mergeTrees with a driver in the configuration', () => {
  const withDriver = async (theirs: string) => {
    const lab = await makeLab({ '.gitattributes': '*.txt merge=mine\n', 'a.txt': LINES });
    const o = await lab.on(lab.base, { 'a.txt': LINES.replace('one', 'ONE') });
    return { lab, o, t: await lab.on(lab.base, { 'a.txt': theirs }) };
  };

  it('of the repository: text is merged as without one, and the driver never runs', async () => {
    const clean = await withDriver(LINES.replace('five', 'FIVE'));
    const conflicting = await withDriver(LINES.replace('one', 'EIN'));
    const hit = join(tempDir(), 'hit');
    for (const { lab } of [clean, conflicting])
      appendFileSync(join(lab.repo.commonDir, 'config'), `[merge "mine"]\n\tdriver = touch ${hit}; exit 0\n`);
    const one = await mergeTrees(clean.lab.repo, { ours: clean.o, theirs: clean.t });
    expect(one.conflicts).toEqual([]);
    expect(await show(clean.lab, one, 'a.txt')).toBe('ONE\ntwo\nthree\nfour\nFIVE');
    const two = await mergeTrees(conflicting.lab.repo, { ours: conflicting.o, theirs: conflicting.t });
    expect(kinds(two)).toEqual({ 'a.txt': 'content' });
    expect(await show(conflicting.lab, two, 'a.txt')).toMatch(/^<<<<<<< ours\nONE\n=======\nEIN\n>>>>>>> theirs\n/);
    expect(existsSync(hit)).toBe(false);
  });

  it('of the repository, and a binary file: a conflict', async () => {
    const lab = await makeLab({ '.gitattributes': '* merge=mine\n', bin: 'a\0' });
    const [o, t] = [await lab.on(lab.base, { bin: 'o\0' }), await lab.on(lab.base, { bin: 't\0' })];
    appendFileSync(join(lab.repo.commonDir, 'config'), '[merge "mine"]\n\tdriver = true\n');
    expect(Object.keys(kinds(await mergeTrees(lab.repo, { ours: o, theirs: t })))).toEqual(['bin']);
  });

  it('of the user: it decides', async () => {
    const { lab, o, t } = await withDriver(LINES.replace('one', 'EIN'));
    const driver = program(join(tempDir(), 'driver'), 'cat "$2" > "$1"');
    const config = join(process.env['HOME']!, '.gitconfig');
    appendFileSync(config, `[merge "mine"]\n\tdriver = ${driver} %A %B\n`);
    try {
      const result = await mergeTrees(lab.repo, { ours: o, theirs: t });
      expect(result.conflicts).toEqual([]);
      expect(await show(lab, result, 'a.txt')).toContain('EIN');
    } finally {
      await sh('/', `rm '${config}'`);
    }
  });
});

describe('mergeTrees with a base', () => {
  const scene = async () => {
    const lab = await makeLab({ 'a.txt': LINES });
    const o = await lab.on(lab.base, { 'a.txt': LINES.replace('one', 'ONE') });
    const t1 = await lab.on(lab.base, { 'a.txt': LINES.replace('one', 'EIN') });
    const t2 = await lab.on(t1, { 'a.txt': LINES.replace('one', 'EIN').replace('five', 'FIVE') });
    return { lab, o, t1, t2 };
  };

  it('takes only what changed since it', async () => {
    const { lab, o, t1, t2 } = await scene();
    const result = await mergeTrees(lab.repo, { ours: o, theirs: t2, base: t1 });
    expect(result.conflicts).toEqual([]);
    expect(await show(lab, result, 'a.txt')).toBe('ONE\ntwo\nthree\nfour\nFIVE');
    expect(await mergeTrees(lab.repo, { ours: o, theirs: t2, base: t1, isOnBase: true })).toEqual(result);
    expect(kinds(await mergeTrees(lab.repo, { ours: o, theirs: t2 }))).toEqual({ 'a.txt': 'content' });
  });

  it('calls the sides by what they are, not by what stood in for them, and leaves no stand-in', async () => {
    const { lab, o, t2 } = await scene();
    const before = await lab.git('count-objects', '-v');
    const result = await mergeTrees(lab.repo, { ours: o, theirs: t2, base: lab.base });
    expect(await show(lab, result, 'a.txt')).toMatch(`<<<<<<< ${o.slice(0, 12)}\n`);
    expect(await show(lab, result, 'a.txt')).toMatch(`>>>>>>> ${t2.slice(0, 12)}\n`);
    const made = Number(/count: (\d+)/.exec(await lab.git('count-objects', '-v'))![1]);
    // The tree and the blob, with ids and with labels.
    expect(made - Number(/count: (\d+)/.exec(before)![1])).toBe(4);
  });

  it('a history that is not shared needs one', async () => {
    const { lab, o } = await scene();
    await lab.git('checkout', '-q', '--orphan', 'other');
    await lab.git('commit', '-q', '-m', 'other');
    const other = await lab.git('rev-parse', 'HEAD');
    await expect(mergeTrees(lab.repo, { ours: o, theirs: other })).rejects.toMatchObject({ code: 'git.failed' });
    expect((await mergeTrees(lab.repo, { ours: o, theirs: other, base: lab.base })).conflicts).not.toEqual([]);
  });

  it('refuses what is no id', async () => {
    const { lab, o } = await scene();
    await expect(mergeTrees(lab.repo, { ours: o, theirs: 'main' })).rejects.toMatchObject({ code: 'ref.missing' });
    await expect(mergeTrees(lab.repo, { ours: o, theirs: o, base: '--x' })).rejects.toMatchObject({
      code: 'ref.missing',
    });
  });
});

describe('where it writes', () => {
  it('into a quarantine, and nothing into the repository', async () => {
    const { lab, o, t } = await merged({ ours: { 'a.txt': 'o\n' }, theirs: { 'a.txt': 't\n' } });
    const before = await lab.git('count-objects');
    const objectDir = tempDir();
    const labels = { ours: 'o', theirs: 't' };
    for (const base of [undefined, lab.base]) {
      const result = await mergeTrees(lab.repo, { ours: o, theirs: t, labels, objectDir, ...(base && { base }) });
      expect(kinds(result)).toEqual({ 'a.txt': 'content' });
      await expect(show(lab, result, 'a.txt')).rejects.toThrow();
    }
    expect(readdirSync(objectDir).length).toBeGreaterThan(0);
    expect(await lab.git('count-objects')).toBe(before);
    expect((await sh(lab.dir, 'git fsck --full --strict --no-dangling')).exitCode).toBe(0);
  });

  it.each(['sha1', 'sha256'] as const)('in a repository of %s, bare or not', async (objectFormat) => {
    const lab = await makeLab({ 'a.txt': LINES, d: 'x\n' }, { objectFormat });
    const o = await lab.on(lab.base, { 'a.txt': 'o\n', d: 'changed\n' });
    const t = await lab.on(lab.base, { 'a.txt': 't\n', d: null, 'd/e': 'e\n' });
    const result = await mergeTrees(lab.repo, { ours: o, theirs: t, labels: { ours: 'o', theirs: 't' } });
    expect(kinds(result)).toEqual({ 'a.txt': 'content', 'd~o': 'file/directory' });
    expect(await show(lab, result, 'a.txt')).toBe('<<<<<<< o\no\n=======\nt\n>>>>>>> t');
  });
});

describe('parseMerged', () => {
  const bytes = (...pieces: string[]): Buffer => Buffer.from(pieces.map((piece) => `${piece}\0`).join(''));

  it('a conflict that git only tells of still counts', () => {
    const tree = '1'.repeat(40);
    const text = 'CONFLICT (directory rename suggested): x added in a directory that was renamed\n';
    expect(
      parseMerged(bytes(tree, '', '1', 'x', 'CONFLICT (directory rename suggested)', text), false).conflicts,
    ).toEqual([{ path: 'x', kind: 'other', stages: [], message: text.trim() }]);
  });

  it('the kind that says most wins, whatever order git tells in', () => {
    const stages = [1, 2, 3].map((stage) => `100644 ${String(stage).repeat(40)} ${stage}\tx`);
    const content = ['1', 'x', 'CONFLICT (contents)', 'CONFLICT (content): Merge conflict in x\n'];
    const binary = ['1', 'x', 'CONFLICT (binary)', 'warning: Cannot merge binary files: x (a vs. b)\n'];
    for (const order of [
      [...content, ...binary],
      [...binary, ...content],
    ])
      expect(parseMerged(bytes('1'.repeat(40), ...stages, '', ...order), false).conflicts).toMatchObject([
        { path: 'x', kind: 'binary' },
      ]);
  });
});
