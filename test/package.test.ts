import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { exec, git, makeRepo, sh, tempDir } from './support/repo.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const OFFLINE = {
  npm_config_offline: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
};

interface Packed {
  filename: string;
  size: number;
  files: { path: string; mode: number }[];
}

let folder: string;
let packed: Packed;
beforeAll(async () => {
  folder = tempDir('amp-pack-');
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout, stderr, exitCode } = await exec(ROOT, npm, args, { ...process.env, ...OFFLINE });
  if (exitCode !== 0) throw new Error(stderr);
  packed = JSON.parse(stdout)[0];
});

const below = (dir: string): string[] =>
  readdirSync(path.join(ROOT, dir), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'));

const commandFiles = (): string[] =>
  below('commands').map(
    (name) => `dist/cmd/${name.replace(/^commands\/|(\/index)?\.ts$/g, '').replaceAll('/', '-')}.js`,
  );

const programs = (): string[] =>
  below('src')
    .filter((name) => name.endsWith('-main.ts'))
    .map((name) => name.replace(/^src\//, 'dist/').replace(/\.ts$/, '.js'));

describe('what is packed', () => {
  it('is the program, its schemas and its papers, and nothing else', () => {
    const names = packed.files
      .map(({ path: name }) => name)
      .filter((name) => !/^dist\/chunks\/[\w.$-]+-[\w-]{8}\.js$/.test(name));
    const expected = [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'bin/run.js',
      'dist/THIRD-PARTY-LICENSES.txt',
      'dist/build.json',
      'dist/help.js',
      'dist/main.js',
      'dist/oclif.manifest.json',
      'oclif.manifest.json',
      'package.json',
      'scripts/verify-history.mjs',
      ...commandFiles(),
      ...programs(),
      ...below('schemas'),
    ];
    expect(names.sort()).toEqual(expected.sort());
  });

  it('is small, and starts by itself', () => {
    expect(packed.size).toBeLessThan(1_500_000);
    expect(packed.files.find(({ path: name }) => name === 'bin/run.js')!.mode & 0o111).toBe(0o111);
  });

  it('runs nothing at install and needs no other package', () => {
    const { scripts, dependencies, peerDependencies, bundleDependencies, engines, name } = JSON.parse(
      readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
    );
    const atInstall = ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare', 'dependencies'];
    expect(Object.keys(scripts).filter((script) => atInstall.includes(script))).toEqual([]);
    expect([dependencies, peerDependencies, bundleDependencies]).toEqual([undefined, undefined, undefined]);
    expect([name, engines.node]).toEqual(['@ampsm/cli', '>=20.19.0']);
  });

  it('names no place of the machine it was built on', async () => {
    const { stdout } = await sh(folder, `tar -xzf '${packed.filename}' && grep -rlF '${ROOT}' package || true`);
    expect(stdout).toBe('');
  });
});

/** As npm puts an optional package: into the program's own folder. */
const optional = `@duckdb/node-bindings-${process.platform}-${process.arch}`;
const native = path.join(ROOT, 'node_modules', optional);
const placeIn = (prefix: string): string =>
  path.join(prefix, process.platform === 'win32' ? '' : 'lib', 'node_modules/@ampsm/cli/node_modules', optional);

describe('installed globally in a clean place, offline', () => {
  let bin: string;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    const prefix = path.join(folder, 'prefix');
    mkdirSync(path.join(prefix, 'lib'), { recursive: true });
    const tarball = path.join(folder, packed.filename);
    const home = tempDir('amp-home-');
    env = { ...process.env, ...OFFLINE, HOME: home, USERPROFILE: home, XDG_CACHE_HOME: path.join(home, 'cache') };
    const { stderr, exitCode } = await exec(folder, npm, ['install', '--global', '--prefix', prefix, tarball], env);
    if (exitCode !== 0) throw new Error(stderr);
    // Whether npm had the optional package in its cache is chance.
    rmSync(placeIn(prefix), { recursive: true, force: true });
    bin =
      process.platform === 'win32' ? path.join(prefix, 'amp-sessions.cmd') : path.join(prefix, 'bin', 'amp-sessions');
  });
  const run = (cwd: string, ...args: string[]) => exec(cwd, bin, args, env);

  it('says its version and its help', async () => {
    const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
    expect((await run('/', '--version')).stdout).toMatch(new RegExp(`^amp-sessions/${version} `));
    expect((await run('/', '--help')).stdout).toContain('COMMANDS');
  });

  it('creates a session and lists it', async () => {
    const repo = await makeRepo();
    const made = await run(repo, 'new', '--name', 'packed', '--prompt', 'x', '--agent', 'command', '--json');
    expect([made.stderr, made.exitCode]).toEqual(['', 0]);
    const { id, worktree } = JSON.parse(made.stdout);
    expect(await git(worktree, 'rev-parse', '--abbrev-ref', 'HEAD')).toMatch(/^amp\/packed\//);
    const listed = await run(repo, 'list', '--json');
    expect(JSON.parse(listed.stdout).items).toMatchObject([{ id, name: 'packed', state: 'new' }]);
  });

  it('without its optional package says how questions are answered, and does all else', async () => {
    const repo = await makeRepo();
    for (const question of [
      ['sql', 'select 42'],
      ['export', '--table', 'usage', '-o', '-'],
    ]) {
      const asked = await run(repo, ...question);
      expect([asked.exitCode, asked.stdout]).toEqual([1, '']);
      expect(asked.stderr).toContain('✗ DuckDB, which answers questions about the history, is not installed.');
      expect(asked.stderr).toContain('npm install --global --include=optional @ampsm/cli');
    }
    expect((await run(repo, 'export', '-o', '-')).exitCode).toBe(0);
  });

  it.skipIf(!existsSync(native))('with its optional package answers questions, and asks for no other', async () => {
    const place = placeIn(path.join(folder, 'prefix'));
    mkdirSync(path.dirname(place), { recursive: true });
    symlinkSync(native, place, 'junction');
    const repo = await makeRepo();
    const answered = await run(repo, 'sql', 'select 42 as answer', '--format', 'csv');
    expect([answered.exitCode, answered.stdout, answered.stderr]).toEqual([0, 'answer\r\n42\r\n', '']);
    const made = await run(
      repo,
      'new',
      '--name',
      'asked',
      '--prompt',
      'find the needle',
      '--agent',
      'command',
      '--json',
    );
    const { id } = JSON.parse(made.stdout);
    const rows = await run(repo, 'sql', 'select session, name from sessions', '--format', 'ndjson');
    expect(JSON.parse(rows.stdout)).toEqual({ session: id, name: 'asked' });
    expect((await run(repo, 'search', 'needle', '-q')).stdout).toBe(`${id}\n`);
    const parquet = path.join(folder, 'sessions.parquet');
    expect((await run(repo, 'export', '--table', 'sessions', '--format', 'parquet', '-o', parquet)).exitCode).toBe(0);
    expect(readFileSync(parquet).subarray(0, 4).toString()).toBe('PAR1');
  });

  it('goes away with npm, and leaves nothing in the place', async () => {
    const prefix = path.join(folder, 'prefix');
    await exec(folder, npm, ['uninstall', '--global', '--prefix', prefix, '@ampsm/cli'], env);
    expect((await sh(prefix, 'find . \\( -type f -o -type l \\) -path "*amp*"')).stdout).toBe('');
  });
});
