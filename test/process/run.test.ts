import { describe, expect, test } from 'vitest';
import { type RunOptions, run } from '../../src/process/run.ts';
import { TailBuffer } from '../../src/process/tail-buffer.ts';
import { tempDir } from '../support/repo.ts';

const sh = (script: string, options: Partial<RunOptions> = {}) =>
  run({ command: '/bin/sh', args: ['-c', script], cwd: tempDir(), env: { PATH: '/usr/bin:/bin' }, ...options });

describe.skipIf(process.platform === 'win32')('a run', () => {
  test('tells both outputs apart, the exit code, and how much there was', async () => {
    const ran = await sh('cat; echo out; echo err >&2; exit 5', { stdin: 'in ' });
    expect(ran).toMatchObject({ exitCode: 5, signal: null, timedOut: false, truncated: false, outputBytes: 11 });
    expect([ran.stdout.toString(), ran.stderr.toString()]).toEqual(['in out\n', 'err\n']);
    expect(ran.durationMs).toBeGreaterThan(0);
  });

  test('of binary output is byte for byte', async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 128, 0]);
    expect((await sh('cat', { stdin: bytes })).stdout).toEqual(bytes);
  });

  test('that takes too long is ended by SIGTERM, its whole group with it', async () => {
    const ran = await sh('echo begun; sleep 30 & sleep 30', { timeoutMs: 400 });
    expect(ran).toMatchObject({ timedOut: true, signal: 'SIGTERM' });
    expect(ran.stdout.toString()).toBe('begun\n');
  });

  test('that ignores SIGTERM is killed', async () => {
    const ran = await sh('trap "" TERM; while :; do sleep 0.05; done', { timeoutMs: 300 });
    expect(ran).toMatchObject({ timedOut: true, signal: 'SIGKILL' });
  });

  test('within its time is not touched', async () => {
    expect(await sh('exit 0', { timeoutMs: 60_000 })).toMatchObject({ timedOut: false, exitCode: 0 });
  });

  test.each([
    [99, true],
    [100, false],
    [101, false],
  ])('of 100 bytes with room for %i is truncated: %s', async (maxBytes, truncated) => {
    const ran = await sh(`head -c 100 /dev/zero`, { maxBytes });
    expect([ran.truncated, ran.stdout.length]).toEqual([truncated, Math.min(100, maxBytes)]);
  });

  test('that prints for ever is ended at its limit', async () => {
    const ran = await sh('yes', { maxBytes: 100_000 });
    expect(ran).toMatchObject({ truncated: true, signal: 'SIGKILL', timedOut: false });
    expect(ran.stdout.length).toBe(100_000);
  });

  test('keeps the last of stderr only', async () => {
    const ran = await sh('head -c 3000000 /dev/zero >&2; echo end >&2');
    expect(ran.stderr.length).toBe(1 << 20);
    expect(ran.stderr.subarray(-4).toString()).toBe('end\n');
  });

  test('keeps a tail of both outputs as they came, and nothing else', async () => {
    const ran = await sh('echo one; sleep 0.1; echo two >&2; sleep 0.1; echo three', { tailBytes: 10 });
    expect([ran.tail.toString(), ran.stdout.length, ran.outputBytes]).toEqual(['two\nthree\n', 0, 14]);
  });

  test('tells its output while it runs', async () => {
    const seen: string[] = [];
    await sh('echo a; sleep 0.1; echo b >&2', { onOutput: (chunk, stream) => seen.push(`${stream} ${chunk}`) });
    expect(seen).toEqual(['stdout a\n', 'stderr b\n']);
  });

  test('is ended by an abort, which is no time-out', async () => {
    const abort = new AbortController();
    const ran = await sh('echo up; sleep 30', { signal: abort.signal, onOutput: () => abort.abort() });
    expect(ran).toMatchObject({ signal: 'SIGTERM', timedOut: false });
  });

  test('does not start after an abort', async () => {
    await expect(sh('exit 0', { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('of nothing that is there is ENOENT', async () => {
    await expect(sh('', { command: 'no-such-program' })).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('contained is left by nobody', async () => {
    const ran = await sh('setsid sleep 30 >/dev/null 2>&1 & exit 0', { contain: true });
    expect(ran.exitCode).toBe(0);
  });

  test('64 at once end each with its own', async () => {
    const all = await Promise.all(Array.from({ length: 64 }, (_, n) => sh(`echo ${n}; exit ${n}`)));
    expect(all.map(({ stdout, exitCode }) => [stdout.toString(), exitCode])).toEqual(all.map((_, n) => [`${n}\n`, n]));
  });
});

describe('a tail', () => {
  const tail = (limit: number, ...chunks: string[]): string => {
    const buffer = new TailBuffer(limit);
    for (const chunk of chunks) buffer.push(Buffer.from(chunk));
    return buffer.bytes().toString();
  };
  test.each([
    [5, ['abc', 'def'], 'bcdef'],
    [5, ['abcdefgh'], 'defgh'],
    [5, ['ab'], 'ab'],
    [5, [], ''],
    [0, ['abc'], ''],
    [3, ['a', 'b', 'c', 'd'], 'bcd'],
  ])('of %i bytes of %j is %s', (limit, chunks, expected) => {
    expect(tail(limit, ...chunks)).toBe(expected);
  });
});
