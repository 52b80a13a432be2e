import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exec, tempDir } from '../support/repo.ts';
import { ROOT } from '../support/sources.ts';

const PLATFORMS = [
  'darwin-arm64',
  'darwin-x64',
  'linux-arm64',
  'linux-arm64-musl',
  'linux-x64',
  'linux-x64-musl',
  'win32-arm64',
  'win32-x64',
];
const VERSION = '1.5.5-r.5';

const json = (name: string) => JSON.parse(readFileSync(join(ROOT, name), 'utf8'));

describe("DuckDB's packages", () => {
  it('are pinned, one for each platform, and none of them is needed', () => {
    const { optionalDependencies, devDependencies } = json('package.json');
    const bindings = PLATFORMS.map((platform) => [`@duckdb/node-bindings-${platform}`, VERSION]);
    expect(optionalDependencies).toMatchObject(Object.fromEntries(bindings));
    const own = Object.keys(optionalDependencies).filter((name) => name.startsWith('@duckdb/'));
    expect(own).toHaveLength(PLATFORMS.length);
    expect(devDependencies['@duckdb/node-api']).toBe(VERSION);
  });

  it('are in the lockfile for every platform, whichever it was made on, and run nothing when installed', () => {
    const { packages } = json('package-lock.json');
    for (const platform of PLATFORMS) {
      const [os, cpu, libc] = platform.split('-');
      const locked = packages[`node_modules/@duckdb/node-bindings-${platform}`];
      expect(locked).toMatchObject({ version: VERSION, optional: true, os: [os], cpu: [cpu], license: 'MIT' });
      expect(locked.integrity).toMatch(/^sha512-/);
      expect(locked.hasInstallScript).toBeUndefined();
      if (libc) expect(locked.libc).toEqual([libc]);
    }
  });
});

/** What stands in the bundle in place of the package that chooses, beside packages that are there or not. */
const load = async (packages: Record<string, string>, platform = 'linux', arch = 'x64') => {
  const dir = tempDir();
  const script = `
    import { loaderSource } from '${ROOT}/scripts/build/duckdb-bindings.mjs';
    process.stdout.write(loaderSource());`;
  const { stdout } = await exec('/', process.execPath, ['--input-type=module', '-e', script]);
  const put = (name: string, text: string): void => {
    mkdirSync(join(dir, name, '..'), { recursive: true });
    writeFileSync(join(dir, name), text);
  };
  put('loader.cjs', stdout);
  for (const [name, text] of Object.entries(packages))
    put(`node_modules/@duckdb/node-bindings-${name}/duckdb.node`, text);
  // A file of that ending would have to be a library: here it is a script.
  const start = `
    require.extensions['.node'] = require.extensions['.js'];
    for (const [name, value] of [['platform', '${platform}'], ['arch', '${arch}']]) Object.defineProperty(process, name, { value });
    try { console.log(require('./loader.cjs')); } catch (error) { console.log(error.message.split('\\n')[0]); }`;
  put('start.cjs', start);
  return (await exec(dir, process.execPath, ['start.cjs'])).stdout.trim();
};

describe('the native part', () => {
  const GLIBC = { 'linux-x64': "module.exports = 'glibc';" };
  const MUSL = { 'linux-x64-musl': "module.exports = 'musl';" };
  const WRONG = { 'linux-x64': "throw new Error('no such libc');" };

  it.each<[string, Record<string, string>, string]>([
    ['the one that is there', GLIBC, 'glibc'],
    ['the one for musl', MUSL, 'musl'],
    ['the one that loads, where both are there', { ...WRONG, ...MUSL }, 'musl'],
    ['the first, where both load', { ...GLIBC, ...MUSL }, 'glibc'],
    ['none, and says why', WRONG, 'no such libc'],
    ['none, and says that it is not there', {}, "Cannot find module '@duckdb/node-bindings-linux-x64/duckdb.node'"],
  ])('is %s', async (_, packages, said) => expect(await load(packages)).toBe(said));

  it('is asked for by its platform elsewhere', async () => {
    expect(await load({ 'darwin-arm64': "module.exports = 'mac';" }, 'darwin', 'arm64')).toBe('mac');
    expect(await load(MUSL, 'win32', 'x64')).toContain("'@duckdb/node-bindings-win32-x64/duckdb.node'");
  });
});
