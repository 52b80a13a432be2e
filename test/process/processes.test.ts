import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  childrenOf,
  descendantsIn,
  listProcesses,
  processesWithEnv,
  startTimeOf,
} from '../../src/process/processes.ts';
import { resolveCommand, systemProgram } from '../../src/process/programs.ts';
import { tempDir } from '../support/repo.ts';

const posix = process.platform !== 'win32';

describe.runIf(posix)('the list of processes', () => {
  test('has us, with our parent and start', () => {
    const me = listProcesses().find(({ pid }) => pid === process.pid);
    expect(me).toMatchObject({ parent: process.ppid, startTime: startTimeOf(process.pid) });
  });

  test('finds children, grandchildren, and marks in their environments', async () => {
    const child = spawn('/bin/sh', ['-c', 'sleep 20 & sleep 20 & echo up; wait'], {
      env: { PATH: '/usr/bin:/bin', MARK: 'k3' },
      detached: true,
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    try {
      const list = listProcesses();
      expect(descendantsIn(list, child.pid!)).toHaveLength(2);
      expect(childrenOf(child.pid!)).toHaveLength(2);
      expect(childrenOf(process.pid)).toContain(child.pid);
      if (process.platform === 'linux') {
        const marked = processesWithEnv(list, 'MARK', 'k3').map(({ pid }) => pid);
        expect(marked.toSorted()).toEqual([child.pid!, ...childrenOf(child.pid!)].toSorted());
        expect(processesWithEnv(list, 'MARK', 'k')).toEqual([]);
        expect(processesWithEnv(list, 'ARK', 'k3')).toEqual([]);
      }
    } finally {
      process.kill(-child.pid!, 'SIGKILL');
    }
  });

  test('reads a name with spaces and brackets', async () => {
    const dir = tempDir();
    const file = path.join(dir, 'a) Z (b');
    writeFileSync(file, '#!/bin/sh\necho up\nread -r x\n', { mode: 0o755 });
    const child = spawn(file, { stdio: ['pipe', 'pipe', 'ignore'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(startTimeOf(child.pid!)).toBeDefined();
    expect(listProcesses().find(({ pid }) => pid === child.pid)).toMatchObject({ parent: process.pid });
    child.kill('SIGKILL');
  });

  test('knows no process that is not there', () => {
    expect(startTimeOf(2 ** 22 + 3)).toBeUndefined();
    expect(childrenOf(2 ** 22 + 3)).toEqual([]);
  });
});

describe.runIf(posix)('a command', () => {
  const dir = tempDir();
  writeFileSync(path.join(dir, 'tool'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(path.join(dir, 'text'), 'x');
  chmodSync(path.join(dir, 'text'), 0o644);
  mkdirSync(path.join(dir, 'folder'));
  const find = (command: string, search = dir) => resolveCommand(command, { cwd: dir, path: search });

  test('is found on PATH, or by its path', () => {
    expect(find('tool', `/nowhere:${dir}`)).toBe(path.join(dir, 'tool'));
    expect(find('./tool')).toBe(path.join(dir, 'tool'));
    expect(find(path.join(dir, 'tool'))).toBe(path.join(dir, 'tool'));
  });

  test.each([
    ['gone', 'ENOENT'],
    ['./gone', 'ENOENT'],
    ['text', 'EACCES'],
    ['./text', 'EACCES'],
    ['folder', 'ENOENT'],
  ])('%s is %s', (command, code) => {
    expect(() => find(command)).toThrow(expect.objectContaining({ code }));
  });

  test('of the system is never taken from PATH', () => {
    expect(systemProgram('sh')).toMatch(/^\/(usr\/)?bin\/sh$/);
    expect(systemProgram('no-such-tool')).toBeUndefined();
  });
});
