import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type Child, type ChildOptions, startChild } from '../../src/process/child.ts';
import { sandboxWorks } from '../../src/process/sandbox.ts';
import { bundle } from '../support/bundle.ts';
import { containedIn } from '../support/contained.ts';
import { KINDS, makeBrood } from '../support/descendants.ts';
import { makeFakeEngine } from '../support/fake-engine/make-fake-engine.ts';
import { tempDir } from '../support/repo.ts';

const works = await sandboxWorks();
const engine = makeFakeEngine();

const start = (script: string, options: Partial<ChildOptions> = {}): Promise<Child> => {
  const cwd = options.cwd ?? tempDir();
  return startChild({
    command: '/bin/sh',
    args: ['-c', script],
    cwd,
    env: { PATH: process.env['PATH']!, HOME: '/home/nobody', TOKEN: 'VERY SECRET' },
    contain: true,
    sandbox: containedIn(engine, cwd),
    ...options,
  });
};

const text = async (source: AsyncIterable<Buffer>): Promise<string> => {
  let all = '';
  for await (const chunk of source) all += chunk.toString();
  return all;
};

const firstChunk = async (source: AsyncIterable<Buffer>): Promise<string> =>
  String((await source[Symbol.asyncIterator]().next()).value ?? '');

const finish = async (child: Child) => {
  const [stdout, stderr, end] = await Promise.all([text(child.stdout), text(child.stderr), child.ended]);
  return { stdout, stderr, ...end };
};

const until = async (isTrue: () => boolean | Promise<boolean>): Promise<boolean> => {
  for (let i = 0; i < 400 && !(await isTrue()); i++) await sleep(25);
  return isTrue();
};

describe.skipIf(!works)('a child in a container (else: no bubblewrap for the stand-in)', () => {
  test('gets its input, its folder and its environment, and tells output and exit code', async () => {
    const cwd = tempDir();
    const script = 'cat; pwd; echo "$HOME $TOKEN $TOOL_HOME" >&2; printf half >&2; echo mine > made; exit 7';
    const child = await start(script, { cwd, stdin: 'in\nput', marker: 'mark1' });
    expect(await finish(child)).toEqual({
      stdout: `in\nput${cwd}\n`,
      stderr: '/home/nobody VERY SECRET /usr/share/tool\nhalf',
      exitCode: 7,
      signal: null,
      survivors: 0,
    });
    expect(readFileSync(join(cwd, 'made'), 'utf8')).toBe('mine\n');
    expect(JSON.stringify(engine.calls())).not.toContain('VERY SECRET');
    expect(engine.containers()).toEqual([]);
    expect(engine.calls().at(-1)![0]).toBe('run');
  });

  test('speaks both ways while it runs, with an empty input when none is given', async () => {
    const talk = await start('while read -r line; do echo "got $line"; done; echo end', { stdin: 'a\nb\n' });
    expect(await finish(talk)).toMatchObject({ stdout: 'got a\ngot b\nend\n', exitCode: 0 });
    expect(await finish(await start('cat; echo end'))).toMatchObject({ stdout: 'end\n', exitCode: 0 });
    const large = await start('wc -c', { stdin: Buffer.alloc(3 << 20, 'x') });
    expect((await finish(large)).stdout.trim()).toBe(String(3 << 20));
  });

  test('finds programs after the image’s own where it is told', async () => {
    const [cwd, tools] = [tempDir(), tempDir('amp-tools-')];
    mkdirSync(join(tools, 'bin'));
    for (const name of ['own-tool', 'ls']) {
      writeFileSync(join(tools, 'bin', `${name}.sh`), '#!/bin/sh\necho found\n');
      chmodSync(join(tools, 'bin', `${name}.sh`), 0o755);
      symlinkSync(`${name}.sh`, join(tools, 'bin', name));
    }
    const sandbox = containedIn(engine, cwd, { readable: [tools], container: { path: [join(tools, 'bin')] } });
    expect((await finish(await start('own-tool; ls -d .', { cwd, sandbox }))).stdout).toBe('found\n.\n');
    expect((await finish(await start('', { cwd, sandbox, command: 'own-tool', args: [] }))).stdout).toBe('found\n');
    expect(await finish(await start(`echo x > ${tools}/x`, { cwd, sandbox }))).toMatchObject({ exitCode: 2 });
  });

  test('that is killed tells the signal; an exit code above 128 that is no signal stays one', async () => {
    expect(await finish(await start('kill -KILL $$'))).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    expect(await finish(await start('exit 255'))).toMatchObject({ exitCode: 255, signal: null });
  });

  test('is stopped gently by SIGINT, then SIGTERM, then with all that is in the container', async () => {
    const script = 'trap "echo int" INT; trap "echo term" TERM; echo up; while :; do sleep 0.02; done';
    const child = await start(script, { graceMs: 400 });
    let seen = '';
    for await (const chunk of child.stdout) {
      seen += chunk.toString();
      if (seen === 'up\n') child.stop('gently');
    }
    expect(seen).toBe('up\nint\nterm\n');
    expect(await child.ended).toEqual({ exitCode: null, signal: 'SIGKILL', survivors: 0 });
    expect(engine.containers()).toEqual([]);
  });

  test('that is asked to stop may finish in its own way, and a shell hears of what it waits for', async () => {
    const child = await start('trap "echo bye; exit 3" INT; echo up; while :; do sleep 0.02; done');
    await firstChunk(child.stdout).then(() => child.stop('gently'));
    expect(await child.ended).toMatchObject({ exitCode: 3, signal: null });
    const waiting = await start('echo up; sleep 30');
    await firstChunk(waiting.stdout).then(() => waiting.stop('gently'));
    expect((await waiting.ended).exitCode ?? 130).toBe(130);
  });

  test('leaves no kind of descendant behind, at its end and at a stop', async () => {
    const [brood, stopped] = [makeBrood(KINDS), makeBrood(KINDS)];
    const places = (of: typeof brood) => /dir='([^']+)'/.exec(of.command(''))![1]!;
    const ending = await start(brood.command('exit 0'), { sandbox: containedIn(engine, places(brood)) });
    expect((await finish(ending)).survivors).toBeGreaterThanOrEqual(KINDS.length);
    expect(await brood.alive()).toEqual([]);
    const child = await start(stopped.command('echo up; sleep 30'), { sandbox: containedIn(engine, places(stopped)) });
    await firstChunk(child.stdout);
    expect((await stopped.alive()).length).toBe(KINDS.length);
    child.stop('now');
    expect((await child.ended).signal).toBe('SIGKILL');
    expect(await stopped.alive()).toEqual([]);
  });

  test('whose engine’s client is killed ends, and says that it was not itself', async () => {
    const cwd = tempDir();
    const child = await start('echo up; while :; do date > alive; sleep 0.05; done', { cwd });
    await firstChunk(child.stdout);
    process.kill(child.pid, 'SIGKILL');
    expect(await child.ended).toMatchObject({ broken: expect.stringContaining('SIGKILL'), survivors: 0 });
    expect(engine.containers()).toEqual([]);
  });

  test('that somebody else ends says so too', async () => {
    const child = await start('echo up; sleep 30');
    await firstChunk(child.stdout);
    const [name] = engine.containers();
    await once(spawn(engine.program, ['kill', name!]), 'exit');
    expect(await child.ended).toMatchObject({ broken: 'its engine says exit code 137' });
  });
});

describe.skipIf(!works)('our own death by SIGKILL', () => {
  const program = bundle(`
    import { startChild } from './src/process/child.ts';
    const options = JSON.parse(process.argv[2]!);
    const child = await startChild({ ...options, contain: true });
    for await (const chunk of child.stdout) process.stdout.write(chunk);
  `);
  const supervise = async (script: string, cwd: string): Promise<ChildProcess> => {
    const env = { PATH: process.env['PATH']!, HOME: '/home/nobody' };
    const options = { command: '/bin/sh', args: ['-c', script], cwd, env, sandbox: containedIn(engine, cwd) };
    return spawn(process.execPath, [await program, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  };

  test('is the end of the container', async () => {
    const brood = makeBrood(KINDS);
    const dir = /dir='([^']+)'/.exec(brood.command(''))![1]!;
    const supervisor = await supervise(brood.command('sleep 30'), dir);
    await brood.started();
    expect((await brood.alive()).length).toBe(KINDS.length);
    supervisor.kill('SIGKILL');
    await once(supervisor, 'exit');
    expect(await until(async () => (await brood.alive()).length === 0 && engine.containers().length === 0)).toBe(true);
  });

  test('while the container is being made starts no program', async () => {
    const cwd = tempDir();
    const before = engine.calls().length;
    const supervisor = await supervise('touch began; sleep 30', cwd);
    await until(() => engine.calls().length > before);
    supervisor.kill('SIGKILL');
    await once(supervisor, 'exit');
    await until(() => engine.calls().some(([verb], at) => at > before && verb === 'rm'));
    expect(await until(() => engine.containers().length === 0)).toBe(true);
    if (existsSync(join(cwd, 'began'))) expect(engine.calls().map(([verb]) => verb)).toContain('kill');
  });
});

describe('a container that cannot be had', () => {
  const fails = async (child: Promise<Child>): Promise<string> => {
    const error = await child.then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error).toMatchObject({ code: 'ESANDBOX' });
    return error!.message;
  };

  test.skipIf(!works)('for want of the program says so', async () => {
    expect(await fails(start('', { command: '/opt/none/amp', args: [] }))).toBe(
      'There is no program /opt/none/amp in the container of the agent.',
    );
  });

  test('says what the engine says, and nothing else of it', async () => {
    const sick = makeFakeEngine('podman', { fails: 'no space left on device' });
    const cwd = tempDir();
    const sandbox = containedIn(sick, cwd, { container: { engine: 'podman' } });
    expect(await fails(start('', { cwd, sandbox }))).toMatch(
      /cannot be started \(podman\): .*no space left on device\.$/,
    );
    expect(sick.containers()).toEqual([]);
  });

  test('as the engine is gone says so', async () => {
    const cwd = tempDir();
    const sandbox = containedIn({ program: '/not/there/docker' }, cwd);
    expect(await fails(start('', { cwd, sandbox }))).toBe('/not/there/docker cannot be started (ENOENT).');
  });

  test.skipIf(!works)('has no warnings of the engine’s in its output', async () => {
    const noisy = makeFakeEngine('docker', { noise: 'Your kernel does not support swap limits' });
    const cwd = tempDir();
    const child = await start('echo mine >&2', { cwd, sandbox: containedIn(noisy, cwd) });
    expect((await finish(child)).stderr).toBe('mine\n');
  });
});
