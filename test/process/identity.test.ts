import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { isAlive, ownIdentity } from '../../src/process/identity.ts';
import { startTimeOf } from '../../src/process/processes.ts';

describe('who a process is', () => {
  const me = ownIdentity();

  test('we are alive, and the same each time we ask', () => {
    expect(me).toMatchObject({ pid: process.pid });
    expect(ownIdentity()).toEqual(me);
    expect(isAlive(me)).toBe(true);
  });

  test('one that ended is dead; a zombie is', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const identity = { ...me, pid: child.pid!, startTime: startTimeOf(child.pid!)! };
    expect(isAlive(identity)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(identity)).toBe(false);
  });

  test.skipIf(process.platform === 'win32')('one whose pid another process has now is dead', () => {
    expect(isAlive({ ...me, startTime: '1' })).toBe(false);
  });

  test('one of another start of the machine is dead, though its pid is in use', () => {
    expect(isAlive({ ...me, bootId: 'another-boot' })).toBe(me.bootId === '');
  });

  test('one on another host, machine or namespace cannot be seen, and counts as alive', () => {
    const gone = { ...me, pid: 2 ** 22 + 1, startTime: '1', bootId: 'another-boot' };
    expect(isAlive({ ...gone, host: 'elsewhere' })).toBe(true);
    expect(isAlive({ ...gone, bootId: me.bootId, pidNamespace: 'pid:[1]' })).toBe(true);
    if (me.machine) expect(isAlive({ ...gone, machine: 'another' })).toBe(true);
    expect(isAlive({ ...gone, bootId: me.bootId })).toBe(false);
  });

  test('one of whose start nothing is known is alive as long as its pid is', () => {
    expect(isAlive({ ...me, startTime: '', bootId: '' })).toBe(true);
  });
});
