import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CONFIG_KEYS } from '../../src/config/keys.ts';
import { suggest } from '../../src/config/suggest.ts';
import { writeFileAtomically } from '../../src/config/write-file.ts';
import { bundle } from '../support/bundle.ts';
import { exec, tempDir } from '../support/repo.ts';

it('makes the folder and the file, replaces it whole, and leaves nothing beside it', () => {
  const dir = join(tempDir(), 'a/b');
  const path = join(dir, 'c.txt');
  writeFileAtomically(path, 'one', 0o640);
  writeFileAtomically(path, Buffer.from('two'), 0o600);
  expect(readFileSync(path, 'utf8')).toBe('two');
  expect(readdirSync(dir)).toEqual(['c.txt']);
  if (process.platform === 'win32') return;
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(dir).mode & 0o077).toBe(0);
});

it('leaves the old file and nothing else when it cannot write', () => {
  const dir = tempDir();
  mkdirSync(join(dir, 'taken'));
  writeFileSync(join(dir, 'taken/inside'), '');
  expect(() => writeFileAtomically(join(dir, 'taken'), 'x')).toThrow();
  expect(readdirSync(dir)).toEqual(['taken']);
  chmodSync(dir, 0o700);
});

it('a reader beside many writers sees one whole content or another', { timeout: 60_000 }, async () => {
  const path = join(tempDir(), 'x');
  const program = await bundle(`
    import { writeFileAtomically } from './src/config/write-file.ts';
    const text = process.argv[3]!.repeat(50_000);
    for (let n = 0; n < 60; n++) writeFileAtomically(process.argv[2]!, text);`);
  writeFileAtomically(path, 'a'.repeat(50_000));
  const writers = ['a', 'b'].map((letter) => exec('.', process.execPath, [program, path, letter]));
  let done = false;
  const all = Promise.all(writers).finally(() => {
    done = true;
  });
  while (!done) {
    expect(readFileSync(path, 'utf8')).toMatch(/^(a{50000}|b{50000})$/);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (const { exitCode, stderr } of await all) expect([exitCode, stderr]).toEqual([0, '']);
});

it.each([
  ['tset', 'test'],
  ['Agent', 'agent'],
  ['max_iterations', 'maxIterations'],
  ['path', 'agents.amp.path'],
  ['agents.amp.pth', 'agents.amp.path'],
  ['coauthor', 'agents.amp.coauthorTrailer'],
  ['colour', 'color'],
  ['zzzzzz', undefined],
  ['', undefined],
  ['x'.repeat(100_000), undefined],
])('%.20s: probably %s', (given, meant) => expect(suggest(given, CONFIG_KEYS)).toBe(meant));
