import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeProgram, type TestProgram } from '../support/program.ts';
import { exec, tempDir } from '../support/repo.ts';

const HELLO = `
import { BaseCommand } from '../src/cli/base-command.ts';
export default class Hello extends BaseCommand {
  async run(): Promise<Record<string, unknown>> {
    await this.parse(Hello);
    this.print('hello');
    return {};
  }
}`;

let program: TestProgram;
beforeAll(async () => {
  program = await makeProgram({ hello: HELLO });
});

/** Where the compiled code of one run lies: code/<build>-<V8>-<arch>/<word>. */
const cached = (cache: string, word: string): string => {
  const code = path.join(cache, 'code');
  const [build] = readdirSync(code);
  return path.join(code, build!, word);
};

/** What V8 says to the pieces of the cache in a run: one `true` (rejected), `false` or `undefined` (none) a file. */
const rejections = async (env: NodeJS.ProcessEnv): Promise<string[]> => {
  const spy = path.join(tempDir(), 'spy.cjs');
  writeFileSync(
    spy,
    `const vm = require('node:vm'); const Script = vm.Script;
     vm.Script = class extends Script { constructor(s, o) { super(s, o); console.error('rejected ' + this.cachedDataRejected); } };`,
  );
  const run = path.join(program.root, 'bin/run.js');
  const { stdout, stderr } = await exec(program.root, process.execPath, ['-r', spy, run, 'hello'], env);
  expect(stdout).toBe('hello\n');
  return stderr.match(/(?<=rejected )\w+/g) ?? [];
};

describe('the version', () => {
  it.each(['--version', '-v'])('%s answers without the build', async (flag) => {
    const root = tempDir();
    for (const name of ['bin', 'package.json'])
      cpSync(path.join(program.root, name), path.join(root, name), { recursive: true });
    const { stdout, exitCode } = await exec(root, process.execPath, ['bin/run.js', flag]);
    expect(stdout).toMatch(/^amp-sessions\/\d+\.\d+\.\d+ \w+-\w+ node-v\d+\.\d+\.\d+\n$/);
    expect(exitCode).toBe(0);
  });
});

describe('a start that cannot be', () => {
  it('says that the build is missing and what to do', async () => {
    const root = tempDir();
    cpSync(path.join(program.root, 'bin'), path.join(root, 'bin'), { recursive: true });
    const { stderr, exitCode } = await exec(root, process.execPath, ['bin/run.js', 'hello']);
    expect(stderr).toBe(
      `✗ amp-sessions is not built: ${path.join(root, 'dist')} is missing.\n  → Run \`npm run build\` in ${root}, or install the package again.\n`,
    );
    expect(exitCode).toBe(70);
  });

  it.each(['18.20.4', '20.18.3', '0.10.48'])('Node %s is told what is needed, in one sentence', async (version) => {
    const fake = path.join(tempDir(), 'fake.cjs');
    writeFileSync(fake, `Object.defineProperty(process.versions, 'node', { value: '${version}' });`);
    const run = path.join(program.root, 'bin/run.js');
    const { stdout, stderr, exitCode } = await exec(program.root, process.execPath, ['-r', fake, run, 'hello']);
    expect([stdout, stderr]).toEqual(['', `✗ amp-sessions needs Node 20.19 or newer; this is Node ${version}.\n`]);
    expect(exitCode).toBe(2);
  });

  it('its head is readable for a Node of ten years ago: no syntax newer than ES2015 before the check', () => {
    const text = readFileSync(path.join(program.root, 'bin/run.js'), 'utf8');
    const head = text.slice(0, text.indexOf('process.exit(2)'));
    expect(head).not.toMatch(/\?\.|\?\?|async|=>.*=>|\*\*|#\w+\s*=/);
    expect(text).not.toMatch(/\?\.|\?\?=?|catch \{\s*\}|\bstatic \{/);
  });
});

describe('the code cache', () => {
  let env: NodeJS.ProcessEnv;
  let cache: string;
  beforeEach(() => {
    const folder = tempDir();
    env = { ...program.env, XDG_CACHE_HOME: folder, LOCALAPPDATA: folder };
    cache =
      process.platform === 'win32' ? path.join(folder, 'amp-sessions', 'cache') : path.join(folder, 'amp-sessions');
  });

  it('is written after the first run and taken by the second', async () => {
    expect(new Set(await rejections(env))).toEqual(new Set(['undefined']));
    expect(new Set(await rejections(env))).toEqual(new Set(['false']));
  });

  it('is not written again when nothing is new', async () => {
    await rejections(env);
    const { ino, mtimeMs } = statSync(cached(cache, 'hello'));
    await rejections(env);
    expect(statSync(cached(cache, 'hello'))).toMatchObject({ ino, mtimeMs });
  });

  it('a mistyped command leaves nothing behind', async () => {
    await program.run(['helo'], { env });
    await program.run(['hello'], { env });
    expect(readdirSync(path.dirname(cached(cache, 'hello')))).toEqual(['hello']);
  });

  it('damaged anywhere, it is thrown away, and the next run writes a good one', async () => {
    await rejections(env);
    const file = cached(cache, 'hello');
    const good = readFileSync(file);
    // V8 itself crashes on most of these: it checks a header, not the bytes.
    const zeroed = Buffer.from(good).fill(0, good.length >> 1, (good.length >> 1) + 512);
    for (const bad of [good.subarray(0, good.length >> 1), Buffer.alloc(good.length), Buffer.alloc(0), zeroed]) {
      writeFileSync(file, bad);
      expect(new Set(await rejections(env))).toEqual(new Set(['undefined']));
      expect(readFileSync(file).length).toBeGreaterThan(good.length / 2);
    }
    expect(new Set(await rejections(env))).toEqual(new Set(['false']));
  });

  it('of another flag set of V8 is refused by V8 and replaced', async () => {
    await rejections({ ...env, NODE_OPTIONS: '--jitless' });
    expect(await rejections(env)).toContain('true');
    expect(new Set(await rejections(env))).toEqual(new Set(['false']));
  });

  it.skipIf(process.platform === 'win32')('is not taken from a file that others may write', async () => {
    await rejections(env);
    chmodSync(cached(cache, 'hello'), 0o666);
    expect(new Set(await rejections(env))).toEqual(new Set(['undefined']));
  });

  it('is for its owner only', async () => {
    await rejections(env);
    if (process.platform === 'win32') return;
    expect(statSync(cached(cache, 'hello')).mode & 0o077).toBe(0);
    expect(statSync(path.dirname(cached(cache, 'hello'))).mode & 0o077).toBe(0);
  });

  it('may be missing: no home, a file in its place, switched off', async () => {
    const { HOME: _home, XDG_CACHE_HOME: _cache, ...homeless } = env;
    expect((await exec('/', process.execPath, [path.join(program.root, 'bin/run.js'), 'hello'], homeless)).stdout).toBe(
      'hello\n',
    );
    writeFileSync(cache, 'a file');
    expect(await program.run(['hello'], { env })).toEqual({ stdout: 'hello\n', stderr: '', exitCode: 0 });
    expect(new Set(await rejections({ ...env, NODE_DISABLE_COMPILE_CACHE: '1' }))).toEqual(new Set(['undefined']));
  });

  it('keeps four builds', async () => {
    const code = path.join(cache, 'code');
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) mkdirSync(path.join(code, name), { recursive: true });
    await program.run(['hello'], { env });
    expect(readdirSync(code)).toHaveLength(4);
    expect(readdirSync(path.dirname(cached(cache, 'hello')))).toBeDefined();
    expect(readdirSync(code).some((name) => name.includes(process.versions.v8))).toBe(true);
  });
});

describe('where it is installed', () => {
  it.skipIf(process.platform === 'win32')('works through a symbolic link, as npm makes it', async () => {
    const link = path.join(tempDir(), 'amp-sessions');
    symlinkSync(path.join(program.root, 'bin/run.js'), link);
    chmodSync(path.join(program.root, 'bin/run.js'), 0o755);
    expect((await exec('/', link, ['hello'], program.env)).stdout).toBe('hello\n');
    expect((await exec('/', link, ['-v'], program.env)).stdout).toMatch(/^amp-sessions\//);
  });

  it.skipIf(process.platform === 'win32' || process.getuid?.() !== 0)('works read-only, for another user', () => {
    const dist = path.join(program.root, 'dist');
    const before = readdirSync(dist, { recursive: true }).length;
    spawnSync('chmod', ['-R', 'a+rX', program.root]);
    const { XDG_CACHE_HOME: _, ...env } = program.env;
    const ran = spawnSync(process.execPath, [path.join(program.root, 'bin/run.js'), 'hello'], {
      uid: 65534,
      gid: 65534,
      cwd: '/',
      env: { ...env, HOME: '/nonexistent' },
      encoding: 'utf8',
    });
    expect([ran.stdout, ran.stderr, ran.status]).toEqual(['hello\n', '', 0]);
    expect(readdirSync(dist, { recursive: true })).toHaveLength(before);
  });
});

describe('the build', () => {
  const build = (...args: string[]) => exec(program.root, process.execPath, ['scripts/build.mjs', ...args]);

  it('does nothing when nothing has changed, and builds when something has', async () => {
    expect((await build()).stdout).toBe('dist/ is up to date.\n');
    const id = () => JSON.parse(readFileSync(path.join(program.root, 'dist/build.json'), 'utf8')).id;
    const before = id();
    writeFileSync(path.join(program.root, 'commands/hello.ts'), HELLO.replace("'hello'", "'hello again'"));
    expect((await build()).stdout).toMatch(/^dist\/ built in/);
    expect(id()).not.toBe(before);
    expect((await program.run(['hello'])).stdout).toBe('hello again\n');
    writeFileSync(path.join(program.root, 'commands/hello.ts'), HELLO);
    await build();
    expect(id()).toBe(before);
  });

  it('two at once do not hurt each other', async () => {
    const both = await Promise.all([build('--force'), build('--force'), build('--force')]);
    expect(both.map(({ stderr, exitCode }) => [stderr, exitCode])).toEqual([
      ['', 0],
      ['', 0],
      ['', 0],
    ]);
    expect((await program.run(['hello'])).stdout).toBe('hello\n');
  });

  it('names every package that is inside, with its licence', () => {
    const text = readFileSync(path.join(program.root, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    expect(text).toMatch(/^@oclif\/core 4\.\d+\.\d+ \(MIT\)$/m);
    expect(text).toMatch(/^chalk 5\./m);
    expect(text).toContain('Permission is hereby granted');
    expect(text).not.toMatch(/^(typescript|vitest|rolldown|ejs|debug) /m);
  });

  it('leaves no half build and no other folder', () => {
    expect(readdirSync(program.root).filter((name) => name.startsWith('dist'))).toEqual(['dist']);
  });
});
