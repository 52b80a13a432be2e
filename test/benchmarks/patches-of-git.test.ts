import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { filesOfPatch, pathsOfPatch, testFiles } from '../../src/bench/patch-files.ts';
import { exec, git, makeRepo } from '../support/repo.ts';

const ODD = ['with space.py', 'ünïcödé.py', 'tab\there.py', 'quo"te.py', 'back\\slash.py', 'a/b/b/a.py', ' lead.py'];

let dir: string;
/** What git itself says: status letter and names. */
let said: { path: string; previous: string | null; kind: string }[];
const patchOf = async (...flags: string[]) => `${await git(dir, 'diff', '--cached', '--binary', ...flags)}\n`;

beforeAll(async () => {
  dir = await makeRepo();
  const put = (path: string, text: string | Buffer): void => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  };
  put('old.py', Array.from({ length: 30 }, (_, at) => `line ${at}\n`).join(''));
  put('gone.py', '-- a/not/a/file\n++ b/nor/this\n');
  put('mode.sh', 'true\n');
  put('pic.png', Buffer.from([0, 1, 2, 255]));
  await git(dir, 'add', '-A');
  await git(dir, 'commit', '-qm', 'base');
  renameSync(join(dir, 'old.py'), join(dir, 'src', 'new name.py'));
  rmSync(join(dir, 'gone.py'));
  chmodSync(join(dir, 'mode.sh'), 0o755);
  put('pic.png', Buffer.from([9, 0, 9]));
  put('a.txt', 'one\n--- a/two\n+++ b/three\ndiff --git a/x b/x\n@@ -1 +1 @@\n');
  put('empty.py', '');
  for (const name of ODD) put(name, '++ b/inside.py\n-- a/inside.py\nnew file mode 100644\nrename from x');
  await git(dir, 'add', '-A');
  await git(dir, 'update-index', '--chmod=+x', 'mode.sh');
  const raw = (await exec(dir, 'git', ['diff', '--cached', '--name-status', '-M', '-z'])).stdout.split('\0');
  said = [];
  for (let at = 0; at + 1 < raw.length; ) {
    const letter = raw[at++]![0]!;
    const previous = letter === 'R' ? raw[at++]! : null;
    const kind = { A: 'added', D: 'deleted' }[letter] ?? 'changed';
    said.push({ path: raw[at++]!, previous, kind });
  }
});

describe('the files of a patch are those that git names', () => {
  it('with renames, modes, binary and empty files, and names of every kind', async () => {
    expect(said).toHaveLength(13);
    expect(filesOfPatch(await patchOf('-M'))).toEqual(said);
  });

  it.each([['-U0'], ['-U10'], ['--minimal'], ['--full-index'], ['-W']])('however it is asked: %s', async (flag) => {
    expect(filesOfPatch(await patchOf('-M', flag))).toEqual(said);
  });

  it('without looking for renames, these are a file that went and one that came', async () => {
    const files = filesOfPatch(await patchOf('--no-renames'));
    expect(files.filter(({ previous }) => previous !== null)).toEqual([]);
    expect(files).toContainEqual({ path: 'old.py', previous: null, kind: 'deleted' });
    expect(files).toContainEqual({ path: 'src/new name.py', previous: null, kind: 'added' });
  });

  it('with other letters in front of the names', async () => {
    expect(filesOfPatch(await patchOf('-M', '--src-prefix=i/', '--dst-prefix=w/'))).toEqual(said);
  });

  it('and both names of what has moved are its paths', async () => {
    const paths = pathsOfPatch(await patchOf('-M'));
    expect(paths).toEqual(expect.arrayContaining(['old.py', 'src/new name.py', ...ODD]));
    expect(paths).toHaveLength(said.length + 1);
  });

  it('and a test command gets those that are there, and are no data', async () => {
    const files = testFiles(await patchOf('-M'));
    expect(files).toEqual(expect.arrayContaining(['src/new name.py', 'mode.sh', 'empty.py', ...ODD]));
    for (const name of ['gone.py', 'old.py', 'pic.png', 'a.txt']) expect(files).not.toContain(name);
  });

  it('also when a mail stands around it', async () => {
    const mail = `From: me\nSubject: [PATCH] x\n\n---\n a.txt | 2 +-\n 1 file changed\n\n${await patchOf('-M')}-- \n2.43.0\n\n`;
    expect(filesOfPatch(mail)).toEqual(said);
  });

  it('a patch that was cut off names what it came to', async () => {
    const patch = await patchOf('-M');
    const second = patch.indexOf('diff --git', 1);
    expect(filesOfPatch(patch.slice(0, second))).toEqual(said.slice(0, 1));
    expect(filesOfPatch(patch.slice(0, second + 4))).toEqual(said.slice(0, 1));
  });
});
