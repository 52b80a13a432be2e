import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blame } from '../../../src/workflows/blame/blame.ts';
import { git, makeRepo, sh, tempDir } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { blamed } from './support.ts';

const NAMES = [
  'with space.txt',
  '-leading.txt',
  'ümläut ✓.txt',
  'new\nline.txt',
  'quo\'te".txt',
  ':(top)x',
  '*.txt',
  'a\\b',
  '#x',
];

/** What a person reads: the sentence and the next step. */
const refusal = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => ({ code: 'none', message: 'it was done', hint: '' }),
    (reason) => reason,
  );
  return `${error.code}: ${error.message}${error.hint ? ` → ${error.hint}` : ''}`;
};

describe('blame of any file name', () => {
  it('takes names as they are, from where the person stands', async () => {
    const dir = await makeRepo();
    for (const name of NAMES) writeFileSync(join(dir, name), `${name.length}\n`);
    await git(dir, 'add', '-A');
    await git(dir, 'commit', '-q', '-m', 'names');
    const head = (await git(dir, 'rev-parse', 'HEAD')).slice(0, 8);
    const ctx = await contextIn(dir);
    for (const name of NAMES) {
      expect(await blamed(ctx, name)).toEqual([`${name.length} < ${head}`]);
      expect(await blamed(ctx, name, { at: 'main' })).toEqual([`${name.length} < ${head}`]);
    }
    const src = join(dir, 'src');
    expect(await blamed(ctx, 'c.txt', { cwd: src })).toHaveLength(1);
    expect(await blamed(ctx, '../a.txt', { cwd: src })).toHaveLength(3);
    expect(await blamed(ctx, join(dir, 'a.txt'), { cwd: tempDir() })).toHaveLength(3);
    expect(await refusal(blame(ctx, { cwd: src, file: 'a.txt' }))).toMatch(
      /^file.missing: There is no file src\/a.txt in /,
    );
  });

  it('follows links on the way, and tells of a link itself what it says', async () => {
    const dir = await makeRepo();
    symlinkSync('src', join(dir, 'folder'));
    symlinkSync('a.txt', join(dir, 'link'));
    await git(dir, 'add', '-A');
    await git(dir, 'commit', '-q', '-m', 'links');
    const head = (await git(dir, 'rev-parse', 'HEAD')).slice(0, 8);
    const ctx = await contextIn(dir);
    expect(await blamed(ctx, 'link')).toEqual([`a.txt < ${head}`]);
    expect((await blame(ctx, { cwd: dir, file: 'folder/c.txt' })).path).toBe('src/c.txt');
    const around = join(tempDir(), 'around');
    symlinkSync(dir, around);
    expect((await blame(ctx, { cwd: around, file: 'b.txt' })).path).toBe('b.txt');
  });

  it('in a bare repository takes a path from the top of the tree', async () => {
    const dir = await makeRepo({ bare: true });
    const ctx = await contextIn(dir);
    expect(await blamed(ctx, 'src/c.txt')).toHaveLength(1);
    expect(await blamed(ctx, './src//c.txt', { at: 'main' })).toHaveLength(1);
    expect(await refusal(blame(ctx, { cwd: dir, file: '../x' }))).toMatch(
      /^usage.invalid: \.\.\/x is outside the repository/,
    );
  });
});

describe('blame of lines', () => {
  it('takes part of a file, cut to what there is', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const numbers = async (from: number, to: number | null) =>
      (await blame(ctx, { cwd: dir, file: 'a.txt', lines: { from, to } })).lines.map(({ line }) => line);
    expect(await numbers(2, 2)).toEqual([2]);
    expect(await numbers(2, null)).toEqual([2, 3]);
    expect(await numbers(3, 100)).toEqual([3]);
    expect(await refusal(blame(ctx, { cwd: dir, file: 'a.txt', lines: { from: 4, to: null } }))).toBe(
      'usage.invalid: a.txt has 3 lines: there is no line 4.',
    );
  });

  it('keeps carriage returns, a last line without a newline, and an empty file', async () => {
    const dir = await makeRepo();
    writeFileSync(join(dir, 'crlf.txt'), 'one\r\n\ttwo\r\nthree');
    writeFileSync(join(dir, 'empty.txt'), '');
    await git(dir, 'add', '-A');
    await git(dir, 'commit', '-q', '-m', 'ends');
    const ctx = await contextIn(dir);
    const texts = async (file: string) => (await blame(ctx, { cwd: dir, file })).lines.map(({ text }) => text);
    expect(await texts('crlf.txt')).toEqual(['one\r', '\ttwo\r', 'three']);
    expect(await texts('empty.txt')).toEqual([]);
  });

  it('counts a file that is staged and not committed, and one that was changed', async () => {
    const dir = await makeRepo();
    writeFileSync(join(dir, 'staged.txt'), 'new\n');
    writeFileSync(join(dir, 'b.txt'), 'hello\nagain\n');
    await git(dir, 'add', 'staged.txt');
    const ctx = await contextIn(dir);
    expect(await blamed(ctx, 'staged.txt')).toEqual(['new < uncommitted']);
    expect((await blamed(ctx, 'b.txt'))[1]).toBe('again < uncommitted');
    expect(await blamed(ctx, 'b.txt', { at: 'HEAD' })).toHaveLength(1);
    const { summary, lines } = await blame(ctx, { cwd: dir, file: 'staged.txt' });
    expect(summary).toEqual([{ kind: 'uncommitted', lines: 1 }]);
    expect(lines[0]!.origin).toEqual({ kind: 'uncommitted' });
  });
});

describe('what blame cannot tell of has a sentence', () => {
  it('folders, binary files, files that git does not know or that are elsewhere', async () => {
    const dir = await makeRepo();
    writeFileSync(join(dir, 'data.bin'), Buffer.from([1, 0, 2]));
    await git(dir, 'add', '-A');
    await git(dir, 'commit', '-q', '-m', 'data');
    writeFileSync(join(dir, 'fresh.txt'), 'fresh\n');
    writeFileSync(join(dir, 'b.txt'), Buffer.from([1, 0, 2]));
    const ctx = await contextIn(dir);
    const short = (await git(dir, 'rev-parse', 'HEAD')).slice(0, 12);
    const say = (file: string, over = {}) => refusal(blame(ctx, { cwd: dir, file, ...over }));
    expect(await say('src')).toBe('usage.invalid: src is a folder. → Name a file in it.');
    expect(await say('.')).toBe('usage.invalid: The top of the tree is a folder. → Name a file in it.');
    expect(await say('data.bin')).toMatch(/^usage.invalid: data.bin is binary: it has no lines\. → /);
    expect(await say('b.txt')).toMatch(/^usage.invalid: b.txt is binary/);
    expect(await say('fresh.txt')).toMatch(/^file.missing: fresh.txt has no history: git does not know it yet\. → /);
    expect(await say('nope/deep.txt')).toMatch(
      `file.missing: There is no file nope/deep.txt in ${short}, and there never was.`,
    );
    expect(await say('a.txt/x')).toMatch(/^file.missing: There is no file a.txt\/x/);
    expect(await say('/etc/passwd')).toMatch(
      /^usage.invalid: \/etc\/passwd is outside the repository .* → Name a file/,
    );
    expect(await say('..')).toMatch(/^usage.invalid: \.\. is outside the repository/);
    expect(await say('')).toMatch(/^usage.invalid: "" is outside/);
    expect(await say('a.txt', { at: 'nowhere' })).toMatch(/^ref.missing: /);
    expect(await say('a.txt', { session: 'nobody' })).toMatch(/^session.missing: /);
  });

  it('a file that is gone: committed, with the way to see it; or only here', async () => {
    const dir = await makeRepo();
    await git(dir, 'rm', '-q', 'b.txt');
    await git(dir, 'mv', 'src/c.txt', 'src/moved.txt');
    await git(dir, 'commit', '-q', '-m', 'gone');
    const gone = (await git(dir, 'rev-parse', 'HEAD')).slice(0, 12);
    const ctx = await contextIn(dir);
    expect(await refusal(blame(ctx, { cwd: dir, file: 'b.txt' }))).toBe(
      `file.missing: b.txt is not in ${gone}: ${gone} deleted or renamed it. → See it as it was before: amp-sessions blame --at ${gone}^ b.txt`,
    );
    expect(await blamed(ctx, 'b.txt', { at: `${gone}^` })).toHaveLength(1);
    expect(await refusal(blame(ctx, { cwd: join(dir, 'src'), file: './c.txt' }))).toMatch(/--at \w+\^ \.\/c\.txt$/);
    expect(await blamed(ctx, 'src/moved.txt')).toHaveLength(1);
    rmSync(join(dir, 'a.txt'));
    expect(await blamed(ctx, 'a.txt')).toHaveLength(3);
    expect(ctx.warnings).toEqual([`a.txt is deleted in ${dir}; this is the file as last committed.`]);
    rmSync(join(dir, 'src'), { recursive: true });
    expect(await blamed(ctx, 'src/moved.txt')).toHaveLength(1);
  });

  it('a submodule, checked out or not, and another repository inside', async () => {
    const dir = await makeRepo();
    const lib = await makeRepo();
    await git(dir, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', lib, 'lib');
    await git(dir, 'commit', '-q', '-m', 'submodule');
    const ctx = await contextIn(dir);
    const say = (file: string) => refusal(blame(ctx, { cwd: dir, file }));
    const own = `lib/a.txt is in a repository of its own, a submodule or a nested one: ${join(dir, 'lib')}.`;
    expect(await say('lib/a.txt')).toBe(
      `usage.invalid: ${own} → Ask there: amp-sessions blame -C '${join(dir, 'lib')}' 'a.txt'`,
    );
    expect(await say('lib')).toMatch(/^usage.invalid: lib is (in a repository of its own|a submodule)/);
    await git(dir, 'submodule', '--quiet', 'deinit', '-f', 'lib');
    expect(await say('lib')).toBe('usage.invalid: lib is a submodule. → Ask in the submodule itself, with -C.');
    expect(await say('lib/a.txt')).toMatch(/^usage.invalid: lib, above lib\/a.txt, is a submodule\./);
    mkdirSync(join(dir, 'inner'));
    await sh(join(dir, 'inner'), 'git init -q && echo x > x');
    expect(await say('inner/x')).toMatch(/^usage.invalid: inner\/x is in a repository of its own/);
  });

  it('a repository without a commit', async () => {
    const dir = await makeRepo({ empty: true });
    writeFileSync(join(dir, 'x.txt'), 'x\n');
    const ctx = await contextIn(dir);
    expect(await refusal(blame(ctx, { cwd: dir, file: 'x.txt' }))).toMatch(/^usage.invalid: Nothing is committed in /);
  });
});

describe('a huge file', () => {
  it('has all its lines, and quickly where only some are asked for', async () => {
    const dir = await makeRepo();
    const many = Array.from({ length: 100_000 }, (_, i) => `line ${i}`);
    writeFileSync(join(dir, 'huge.txt'), `${many.join('\n')}\n`);
    await git(dir, 'add', '-A');
    await git(dir, 'commit', '-q', '-m', 'huge');
    await sh(dir, "sed -i 's/^line 77777$/changed/' huge.txt && git commit -qam change");
    const ctx = await contextIn(dir);
    const { lines, summary } = await blame(ctx, { cwd: dir, file: 'huge.txt' });
    expect([lines.length, lines[77_777]!.text, lines[99_999]!.text]).toEqual([100_000, 'changed', 'line 99999']);
    expect(summary).toEqual([{ kind: 'other', lines: 100_000 }]);
    await sh(dir, 'truncate -s 129M vast.txt');
    expect(await refusal(blame(ctx, { cwd: dir, file: 'vast.txt' }))).toMatch(/^usage.invalid: vast.txt has 129 MiB: /);
    const part = await blame(ctx, { cwd: dir, file: 'huge.txt', lines: { from: 99_999, to: 200_000 } });
    expect(part.lines.map(({ line }) => line)).toEqual([99_999, 100_000]);
  });
});
