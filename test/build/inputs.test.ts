import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { exec, tempDir } from '../support/repo.ts';
import { ROOT } from '../support/sources.ts';

/** The build's own scripts are plain JavaScript: they are asked as a program. */
const PROGRAM = `
  import { inputsHash, isFresh } from '${ROOT}/scripts/build/freshness.mjs';
  import { staleFiles, writeFiles } from '${ROOT}/scripts/build/generate.mjs';
  import { thirdPartyLicenses } from '${ROOT}/scripts/build/licenses.mjs';
  const [what, root, json] = process.argv.slice(1);
  const rest = JSON.parse(json);
  const files = new Map(rest.map((entry) => entry.split('=')));
  const answers = {
    hash: () => inputsHash(root),
    fresh: () => String(isFresh(root, rest[0])),
    licenses: () => thirdPartyLicenses(root, rest),
    stale: () => staleFiles(root, files).join(' '),
    write: () => writeFiles(root, files),
  };
  process.stdout.write(answers[what]() ?? '');`;
const ask = async (what: string, root: string, ...rest: string[]): Promise<string> => {
  const args = ['--input-type=module', '-e', PROGRAM, what, root, JSON.stringify(rest)];
  const { stdout, stderr, exitCode } = await exec('/', process.execPath, args);
  expect([stderr, exitCode]).toEqual(['', 0]);
  return stdout;
};

const put = (root: string, files: Record<string, string>): string => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  return root;
};

const SOURCES = {
  'src/a.ts': 'a',
  'src/deep/b.ts': 'b',
  'commands/c.ts': 'c',
  'scripts/build.mjs': 'd',
  'package.json': '{}',
  'package-lock.json': '{}',
  'tsconfig.json': '{}',
};

describe('whether a build is up to date', () => {
  it.each<[string, (root: string) => void]>([
    ['one byte of a source', (root) => put(root, { 'src/deep/b.ts': 'B' })],
    ['a new source', (root) => put(root, { 'src/new.ts': '' })],
    ['a source that went', (root) => rmSync(path.join(root, 'commands/c.ts'))],
    ['a source that moved', (root) => renameSync(path.join(root, 'src/a.ts'), path.join(root, 'src/deep/a.ts'))],
    ['bytes that moved from one source to the next', (root) => put(root, { 'src/a.ts': '', 'src/deep/b.ts': 'ab' })],
    ['a build script', (root) => put(root, { 'scripts/build/x.mjs': '' })],
    ['the lock file', (root) => put(root, { 'package-lock.json': '{ }' })],
    ['package.json', (root) => put(root, { 'package.json': '{ }' })],
    ['tsconfig.json', (root) => put(root, { 'tsconfig.json': '{ }' })],
  ])('%s makes another hash', async (_, change) => {
    const root = put(tempDir(), SOURCES);
    const before = await ask('hash', root);
    change(root);
    expect(await ask('hash', root)).not.toBe(before);
  });

  it('place, time, mode, and what no build reads make none', async () => {
    const root = put(tempDir(), SOURCES);
    const before = await ask('hash', root);
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    utimesSync(path.join(root, 'src/a.ts'), 1, 1);
    chmodSync(path.join(root, 'src/a.ts'), 0o600);
    put(root, {
      'src/README.md': 'x',
      'README.md': 'x',
      'test/a.ts': 'x',
      'dist/main.js': 'x',
      'src/deep/.b.ts.swp': 'x',
    });
    expect(await ask('hash', root)).toBe(before);
    expect(await ask('hash', put(tempDir(), Object.fromEntries(Object.entries(SOURCES).reverse())))).toBe(before);
  });

  it('is told by the build itself; anything else there is stale', async () => {
    const root = tempDir();
    expect(await ask('fresh', root, 'abc')).toBe('false');
    for (const [text, fresh] of [
      ['{"inputs":"abc"}', 'true'],
      ['{"inputs":"abd"}', 'false'],
      ['{}', 'false'],
      ['{"inputs":"ab', 'false'],
      ['null', 'false'],
      ['', 'false'],
    ] as const) {
      put(root, { 'dist/build.json': text });
      expect([text, await ask('fresh', root, 'abc')]).toEqual([text, fresh]);
    }
  });
});

describe('generated files', () => {
  it('are stale by their text, not by the line ends of a checkout', async () => {
    const root = put(tempDir(), { 'a.json': 'one\ntwo\n', 'b.json': 'one\r\ntwo\r\n', 'c.json': 'one\n' });
    const all = ['a.json', 'b.json', 'c.json', 'deep/d.json'].map((name) => `${name}=one\ntwo\n`);
    expect(await ask('stale', root, ...all)).toBe('c.json deep/d.json');
    await ask('write', root, ...all);
    expect(await ask('stale', root, ...all)).toBe('');
  });
});

describe('the licences of what is inside', () => {
  it('names each package once, by its innermost folder, sorted, with every licence and notice it brings', async () => {
    const modules = (name: string) => `node_modules/${name}`;
    const root = put(tempDir(), {
      'package.json': '{"name":"@me/program"}',
      [modules('zebra/package.json')]: '{"name":"zebra","version":"1.0.0","license":"MIT","author":{"name":"Zoe"}}',
      [modules('@scope/pkg/package.json')]:
        '{"name":"@scope/pkg","version":"2.0.0","license":"ISC","author":"Sam <s@x>"}',
      [modules('@scope/pkg/node_modules/inner/package.json')]:
        '{"name":"inner","version":"3.0.0","license":"BSD-3-Clause"}',
      [modules('@scope/pkg/LICENSE.md')]: '\nISC text\n\n',
      [modules('@scope/pkg/NOTICE')]: 'notice text',
      [modules('@scope/pkg/licenses-of-others')]: 'others',
      [modules('@scope/pkg/README')]: 'not this',
      [modules('unused/package.json')]: '{"name":"unused","version":"9.9.9","license":"GPL"}',
    });
    const at = (name: string) => path.join(root, 'node_modules', name);
    const text = await ask(
      'licenses',
      root,
      at('zebra/lib/a.js'),
      at('@scope/pkg/index.js'),
      at('@scope/pkg/node_modules/inner/x.js'),
      at('zebra/b.js'),
      path.join(root, 'src/own.ts'),
      '\0virtual',
      at('gone/index.js'),
    );
    const sections = text.trimEnd().split(`\n\n${'-'.repeat(80)}\n\n`);
    expect(sections).toEqual([
      '@me/program contains parts of these packages:',
      '@scope/pkg 2.0.0 (ISC)\n\nISC text\n\nnotice text\n\nothers',
      'inner 3.0.0 (BSD-3-Clause)\n\nBSD-3-Clause license, its authors. The package carries no licence file.',
      'zebra 1.0.0 (MIT)\n\nMIT license, Zoe. The package carries no licence file.',
    ]);
  });

  it('finds a package behind backslashes and links', async () => {
    const root = put(tempDir(), {
      'package.json': '{"name":"p"}',
      'store/real/package.json': '{"name":"real","version":"1.0.0","license":"MIT"}',
    });
    mkdirSync(path.join(root, 'node_modules'));
    symlinkSync(path.join(root, 'store/real'), path.join(root, 'node_modules/real'));
    const module = path.join(root, 'node_modules/real/index.js').replaceAll('/', '\\');
    expect(await ask('licenses', root, module)).toContain('real 1.0.0 (MIT)');
  });
});
