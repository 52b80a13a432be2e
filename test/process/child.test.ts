import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Child, type ChildOptions, startChild } from '../../src/process/child.ts';
import { RUN_MARKER } from '../../src/process/marker.ts';
import { stopStrength } from '../../src/process/strength.ts';
import { KINDS, makeBrood } from '../support/descendants.ts';
import { tempDir } from '../support/repo.ts';

const env = { PATH: process.env['PATH'] ?? '', HOME: '/nowhere' };
const best = await stopStrength();
const posix = process.platform !== 'win32';

const start = (script: string, options: Partial<ChildOptions> = {}): Promise<Child> =>
  startChild({ command: '/bin/sh', args: ['-c', script], cwd: tempDir(), env, ...options });

const text = async (source: AsyncIterable<Buffer>): Promise<string> => {
  let all = '';
  for await (const chunk of source) all += chunk.toString();
  return all;
};

/** The first output; the stream stays open, and readable by nobody else. */
const firstChunk = async (source: AsyncIterable<Buffer>): Promise<string> => {
  const { value } = await source[Symbol.asyncIterator]().next();
  return String(value ?? '');
};

/** Reads both streams to their ends beside `ended`, as every caller has to. */
const finish = async (child: Child) => {
  const [stdout, stderr, end] = await Promise.all([text(child.stdout), text(child.stderr), child.ended]);
  return { stdout, stderr, ...end };
};

const modes: [string, Partial<ChildOptions>][] = [
  ['plain', { contain: false }],
  ['group', { contain: true, strength: 'group' }],
  ...(best === 'namespace' ? [['namespace', { contain: true }] as [string, Partial<ChildOptions>]] : []),
];

describe.runIf(posix).each(modes)('a child (%s)', (_name, mode) => {
  test('gets its input, its folder and nothing but its environment, and tells output and exit code', async () => {
    const cwd = tempDir();
    const child = await start('cat; pwd; echo "$HOME" >&2; echo "$USER" >&2; exit 7', {
      ...mode,
      cwd,
      stdin: 'in\n',
    });
    const end = await finish(child);
    expect(end).toEqual({
      stdout: `in\n${cwd}\n`,
      stderr: '/nowhere\n\n',
      exitCode: 7,
      signal: null,
      survivors: 0,
    });
  });

  test('has an empty input when none is given', async () => {
    expect(await finish(await start('cat; echo end', mode))).toMatchObject({ stdout: 'end\n', exitCode: 0 });
  });

  test('that is killed tells the signal', async () => {
    expect(await finish(await start('kill -KILL $$', mode))).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  test('with an exit code above 128 that is no signal keeps it', async () => {
    expect(await finish(await start('exit 255', mode))).toMatchObject({ exitCode: 255, signal: null });
  });

  test('has no words on its stderr but its own when it is killed', async () => {
    const child = await start('echo mine >&2; echo up; sleep 20', mode);
    await firstChunk(child.stdout);
    child.stop('now');
    expect(await text(child.stderr)).toBe('mine\n');
  });

  test('that is not there is ENOENT, that may not be run is EACCES', async () => {
    const dir = tempDir();
    const file = path.join(dir, 'plain.txt');
    writeFileSync(file, 'no program', { mode: 0o644 });
    await expect(start('', { ...mode, command: 'no-such-program' })).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(start('', { ...mode, command: path.join(dir, 'gone') })).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(start('', { ...mode, command: file })).rejects.toMatchObject({ code: 'EACCES' });
  });

  test('that is found on the PATH it is given, not on ours', async () => {
    const dir = tempDir();
    writeFileSync(path.join(dir, 'tool-of-mine'), '#!/bin/sh\necho found "$1"\n', { mode: 0o755 });
    const child = await start('', {
      ...mode,
      command: 'tool-of-mine',
      args: ["a 'b' $c"],
      env: { PATH: `${dir}:/bin` },
    });
    expect(await finish(child)).toMatchObject({ stdout: "found a 'b' $c\n" });
  });

  test('that does not read a large input is no error of ours', async () => {
    expect(await finish(await start('exit 4', { ...mode, stdin: Buffer.alloc(4 << 20) }))).toMatchObject({
      exitCode: 4,
    });
  });

  test('gets the signal itself, also right after its start', async () => {
    const child = await start('trap "echo got; exit 9" INT; echo up; while :; do sleep 0.05; done', mode);
    const output = child.stdout[Symbol.asyncIterator]();
    expect(String((await output.next()).value)).toBe('up\n');
    child.signal('SIGINT');
    expect(String((await output.next()).value)).toBe('got\n');
    expect(await child.ended).toMatchObject({ exitCode: 9, signal: null });
  });

  test('is stopped gently by SIGINT, then SIGTERM, then SIGKILL', async () => {
    const script = 'trap "echo int" INT; trap "echo term" TERM; echo up; while :; do sleep 0.02; done';
    const child = await start(script, { ...mode, graceMs: 200 });
    let seen = '';
    for await (const chunk of child.stdout) {
      seen += chunk.toString();
      if (seen === 'up\n') child.stop('gently');
    }
    expect(seen).toBe('up\nint\nterm\n');
    expect(await child.ended).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  test('that is asked to stop may finish in its own way', async () => {
    const child = await start('trap "echo bye; exit 0" INT; echo up; while :; do sleep 0.02; done', mode);
    await firstChunk(child.stdout).then(() => child.stop('gently'));
    expect(await child.ended).toMatchObject({ exitCode: 0, signal: null });
  });

  test('that ignores everything ends at once by "now", also in the middle of a gentle stop', async () => {
    const child = await start('trap "" INT TERM; echo up; while :; do sleep 0.02; done', { ...mode, graceMs: 600_000 });
    await firstChunk(child.stdout);
    child.stop('gently');
    child.stop('gently');
    child.stop('now');
    expect(await child.ended).toMatchObject({ signal: 'SIGKILL' });
    child.stop('now');
    child.signal('SIGTERM');
  });

  test('whose output a grandchild holds open ends all the same', async () => {
    const { stdout, exitCode } = await finish(await start('echo out; setsid sleep 30 & exit 3', mode));
    expect({ stdout, exitCode }).toEqual({ stdout: 'out\n', exitCode: 3 });
  });

  test('loses nothing of a large output, whoever reads it how slowly', async () => {
    const child = await start('head -c 3000000 /dev/zero; echo; echo end', mode);
    let size = 0;
    for await (const chunk of child.stdout) {
      size += chunk.length;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(size).toBe(3_000_005);
  });
});

describe.runIf(posix)('containment', () => {
  const group = { contain: true, strength: 'group' } as const;

  test.runIf(best === 'namespace')(
    'namespace: no kind of descendant outlives the child, and all are counted',
    async () => {
      const brood = makeBrood(KINDS);
      const end = await finish(await start(brood.command('exit 0'), { contain: true }));
      expect(await brood.alive()).toEqual([]);
      expect(end.exitCode).toBe(0);
      expect(end.survivors).toBeGreaterThanOrEqual(KINDS.length);
    },
  );

  test.runIf(best === 'namespace')('namespace: no kind of descendant outlives a stop', async () => {
    const brood = makeBrood(KINDS);
    const child = await start(brood.command('echo up; sleep 30'), { contain: true });
    await firstChunk(child.stdout);
    expect((await brood.alive()).length).toBe(KINDS.length);
    child.stop('now');
    expect((await child.ended).signal).toBe('SIGKILL');
    expect(await brood.alive()).toEqual([]);
  });

  test.runIf(best === 'namespace')('namespace: the child sees its own processes only', async () => {
    const child = await start(`ls -d /proc/${process.pid} 2>/dev/null || echo hidden`, { contain: true });
    expect((await finish(child)).stdout.includes('hidden')).toBe(true);
  });

  const known = KINDS.filter((kind) => kind !== 'scrubbed');
  test.runIf(process.platform === 'linux')('group: finds what is in the group, marked, or holds our pipe', async () => {
    const brood = makeBrood(known);
    const end = await finish(await start(brood.command('exit 0'), group));
    expect(await brood.alive()).toEqual([]);
    expect(end.survivors).toBeGreaterThanOrEqual(known.length);
  });

  test.runIf(process.platform === 'linux')('group: a stop reaches them too', async () => {
    const brood = makeBrood(known);
    const child = await start(brood.command('echo up; sleep 30'), group);
    await firstChunk(child.stdout);
    child.stop('now');
    await child.ended;
    expect(await brood.alive()).toEqual([]);
  });

  test.runIf(process.platform === 'linux')(
    'group: one without its environment is known by the pipe it holds',
    async () => {
      const child = await start('( env -i setsid sleep 31.5 & ) & sleep 0.1; echo up; exit 0', group);
      expect((await finish(child)).survivors).toBeGreaterThanOrEqual(1);
    },
  );

  test('group: leaves alone who was not started by the child', async () => {
    const stranger = await start('echo up; sleep 20', { env: { ...env, [RUN_MARKER]: 'another' } });
    await firstChunk(stranger.stdout);
    await finish(await start('setsid sleep 20 & exit 0', { ...group, marker: 'mine' }));
    let isAlive = true;
    void stranger.ended.then(() => {
      isAlive = false;
    });
    process.kill(stranger.pid, 0);
    expect(isAlive).toBe(true);
    stranger.stop('now');
    expect(await stranger.ended).toMatchObject({ signal: 'SIGKILL' });
  });

  test.each(modes.slice(1))('%s: the marker stands in the environment', async (_name, mode) => {
    const child = await start(`echo "$${RUN_MARKER}"`, { ...mode, marker: 'k3xyz' });
    expect((await finish(child)).stdout).toBe('k3xyz\n');
  });

  test.each(modes.slice(1))('%s: a clean child leaves no survivors to count', async (_name, mode) => {
    expect((await finish(await start('sleep 0.05 & exit 0', mode))).survivors).toBe(0);
  });
});
