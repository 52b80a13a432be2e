import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PatchFile } from '../../src/cli/patch/model.ts';
import { LINE_END, parsePatch } from '../../src/cli/patch/parse-patch.ts';
import { exec, git, makeRepo } from '../support/repo.ts';

const patchIn = async (dir: string, ...args: string[]): Promise<string> => {
  const ran = await exec(dir, 'git', ['diff', '--full-index', '-M', ...args]);
  if (ran.exitCode !== 0) throw new Error(ran.stderr);
  return ran.stdout;
};

/** What a patch makes of a file; throws where it does not fit. */
const apply = (old: string, file: PatchFile): string => {
  const lines = old === '' ? [] : old.split('\n');
  const out: string[] = [];
  let at = 0;
  let isEndless = !old.endsWith('\n');
  if (old.endsWith('\n')) lines.pop();
  for (const hunk of file.hunks) {
    const removes = hunk.lines.some(({ kind }) => kind !== 'added');
    // A hunk that only adds names the line before it.
    const start = removes ? hunk.oldStart - 1 : hunk.oldStart;
    out.push(...lines.slice(at, start));
    at = start;
    for (const line of hunk.lines) {
      if (line.kind !== 'added' && lines[at++] !== line.text) throw new Error(`not the line: ${line.text}`);
      if (line.kind !== 'removed') {
        out.push(line.text);
        isEndless = line.isEndless;
      } else if (line.isEndless) isEndless = false;
    }
  }
  const rest = lines.slice(at);
  out.push(...rest);
  if (rest.length > 0) isEndless = !old.endsWith('\n');
  return out.join('\n') + (isEndless || out.length === 0 ? '' : '\n');
};

describe('parsePatch', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await makeRepo();
  });

  it('begins and ends with nothing, too', async () => {
    const file = join(dir, 'b.txt');
    for (const [before, after] of [
      ['', 'x'],
      ['x', ''],
      ['', '\n'],
      ['\n', ''],
      ['x', 'x\n'],
      ['x\n', 'x'],
    ] as const) {
      writeFileSync(file, before);
      await git(dir, 'add', '-A');
      writeFileSync(file, after);
      const [found] = parsePatch(await patchIn(dir));
      expect(apply(before, found!)).toBe(after);
    }
    await git(dir, 'checkout', '-q', 'HEAD', '.');
  });

  it('takes patches of git apart so that they can be applied, whatever the lines are', async () => {
    const line = fc.constantFrom(
      'one',
      'two',
      '',
      ' ',
      '-- a/x',
      '++ b/x',
      '@@ -1 +1 @@',
      'diff --git a/x b/x',
      '\\ No newline at end of file',
      'rename to y',
      'dos\r',
      '\u001b[31m',
      'index 1..2',
    );
    const content = fc
      .tuple(fc.array(line, { minLength: 1, maxLength: 14 }), fc.boolean())
      .map(([lines, ends]) => lines.join('\n') + (ends ? '\n' : ''));
    const file = join(dir, 'a.txt');
    await fc.assert(
      fc.asyncProperty(content, content, fc.integer({ min: 0, max: 4 }), async (before, after, context) => {
        writeFileSync(file, before);
        await git(dir, 'add', '-A');
        writeFileSync(file, after);
        const files = parsePatch(await patchIn(dir, `-U${context}`));
        // What `expect` gives back is no answer to the property.
        if (before === after) return void expect(files).toEqual([]);
        expect(files.map(({ oldPath, newPath }) => [oldPath, newPath])).toEqual([['a.txt', 'a.txt']]);
        expect(apply(before, files[0]!)).toBe(after);
      }),
      { numRuns: 60 },
    );
    writeFileSync(file, 'one\ntwo\nthree\n');
    await git(dir, 'add', '-A');
  });

  it('knows every kind of change, as git tells it', async () => {
    const all = await makeRepo();
    const put = (name: string, text: string | Buffer): void => writeFileSync(join(all, name), text);
    const long = Array.from({ length: 30 }, (_, at) => `line ${at}\n`).join('');
    put('old name', long);
    put('gone', 'gone\n');
    put('mode.sh', 'x\n');
    put('turns', 'x\n');
    put('binary', Buffer.from([0, 1, 2]));
    symlinkSync('gone', join(all, 'link'));
    await git(all, 'add', '-A');
    await git(all, 'commit', '-qm', 'x');
    mkdirSync(join(all, 'dir'));
    renameSync(join(all, 'old name'), join(all, 'dir/new name'));
    put('dir/new name', `${long}more\n`);
    rmSync(join(all, 'gone'));
    chmodSync(join(all, 'mode.sh'), 0o755);
    rmSync(join(all, 'turns'));
    symlinkSync('mode.sh', join(all, 'turns'));
    put('binary', Buffer.from([0, 1, 2, 3]));
    rmSync(join(all, 'link'));
    symlinkSync('mode.sh', join(all, 'link'));
    put('empty', '');
    put('tab\tand\nnewline "ä"', 'fresh\n');
    await git(all, 'add', '-A');
    const files = parsePatch(await patchIn(all, '--cached'));
    const brief = files.map((file) => [
      file.oldPath,
      file.newPath,
      file.oldMode,
      file.newMode,
      file.moved,
      file.isBinary,
      file.hunks.flatMap(({ lines }) => lines.filter(({ kind }) => kind !== 'context')).length,
    ]);
    expect(brief).toEqual([
      ['binary', 'binary', '100644', '100644', null, true, 0],
      ['old name', 'dir/new name', '100644', '100644', 'renamed', false, 1],
      [null, 'empty', null, '100644', null, false, 0],
      ['gone', null, '100644', null, null, false, 1],
      ['link', 'link', '120000', '120000', null, false, 2],
      ['mode.sh', 'mode.sh', '100644', '100755', null, false, 0],
      [null, 'tab\tand\nnewline "ä"', null, '100644', null, false, 1],
      ['turns', null, '100644', null, null, false, 1],
      [null, 'turns', null, '120000', null, false, 1],
    ]);
    expect(files[1]!.similarity).toBeGreaterThan(90);
    const blob = await git(all, 'rev-parse', 'HEAD:binary');
    expect([files[0]!.oldId, files[0]!.newId]).toEqual([blob, await git(all, 'rev-parse', ':binary')]);
    // A link has no newline at its end, and nobody wants to hear it.
    expect(files[4]!.hunks[0]!.lines.some(({ isEndless }) => isEndless)).toBe(false);
  });

  it('reads where hunks are, and the function around', () => {
    const [file] = parsePatch(
      'diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,0 +2 @@ function f(a) { // @@\n+b\n@@ -10 +12,2 @@\n c\n+d\n',
    );
    expect(file!.hunks.map(({ range, oldStart, newStart, section }) => [range, oldStart, newStart, section])).toEqual([
      ['-1,0 +2', 1, 2, 'function f(a) { // @@'],
      ['-10 +12,2', 10, 12, ''],
    ]);
  });

  it('bears settings of the user and what is no patch', () => {
    // diff.suppressBlankEmpty takes the space of an empty line away.
    const [file] = parsePatch('diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n\n-a\n+b\n');
    expect(file!.hunks[0]!.lines.map(({ kind, text }) => [kind, text])).toEqual([
      ['context', ''],
      ['removed', 'a'],
      ['added', 'b'],
    ]);
    expect(parsePatch('')).toEqual([]);
    expect(parsePatch('nothing of git\n@@ -1 +1 @@\n')).toEqual([]);
    expect(parsePatch('diff --git a/x b/x\nsomething new of git\n')[0]).toMatchObject({ newPath: 'x', hunks: [] });
  });

  it('reads words in pieces', async () => {
    writeFileSync(join(dir, 'a.txt'), 'one two three\n\nend\n');
    await git(dir, 'add', '-A');
    writeFileSync(join(dir, 'a.txt'), 'one 2 three\n\nend\n');
    const [file] = parsePatch(await patchIn(dir, '--word-diff=porcelain'));
    expect(file!.hunks[0]!.lines.map(({ kind, text }) => [kind, text])).toEqual([
      ['context', 'one '],
      ['removed', 'two'],
      ['added', '2'],
      ['context', ' three'],
      ['context', LINE_END],
      ['context', ''],
      ['context', LINE_END],
      ['context', 'end'],
      ['context', LINE_END],
    ]);
  });
});
