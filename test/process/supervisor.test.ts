import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { RUN_MARKER } from '../../src/process/marker.ts';
import { killStrays } from '../../src/process/strays.ts';
import { stopStrength } from '../../src/process/strength.ts';
import { bundle } from '../support/bundle.ts';
import { KINDS, makeBrood } from '../support/descendants.ts';
import { exec, tempDir } from '../support/repo.ts';

const best = await stopStrength();
let program = '';
beforeAll(async () => {
  program = await bundle(`
    import { startChild } from './src/process/child.ts';
    const [script, strength] = process.argv.slice(2);
    const env = { PATH: process.env.PATH!, ...JSON.parse(process.argv[4] ?? '{}') };
    const child = await startChild({ command: '/bin/sh', args: ['-c', script!], cwd: '/', env, contain: true, strength: strength as 'group' });
    const read = async (source: AsyncIterable<Buffer>) => { for await (const chunk of source) process.stdout.write(chunk); };
    void read(child.stdout);
    void read(child.stderr);
    await child.ended;
  `);
});

const supervise = (script: string, strength: string, env: object = {}): ChildProcess =>
  spawn(process.execPath, [program, script, strength, JSON.stringify(env)], { stdio: ['ignore', 'pipe', 'inherit'] });

/** The kernel and the dead man's shell need a moment; nobody needs more than this. */
const untilNone = async (alive: () => Promise<string[]>): Promise<string[]> => {
  for (let i = 0; i < 200 && (await alive()).length > 0; i++) await sleep(20);
  return alive();
};

describe.runIf(process.platform === 'linux')('our own death by SIGKILL', () => {
  test.runIf(best === 'namespace')('namespace: is the death of every kind of descendant', async () => {
    const brood = makeBrood(KINDS);
    const supervisor = supervise(brood.command('sleep 30'), 'namespace');
    await brood.started();
    expect((await brood.alive()).length).toBe(KINDS.length);
    supervisor.kill('SIGKILL');
    await once(supervisor, 'exit');
    expect(await untilNone(brood.alive)).toEqual([]);
  });

  test.runIf(best === 'namespace')('namespace: at any moment of the start leaves nobody', async () => {
    for (const ms of [40, 60, 80, 100, 120, 140, 160]) {
      const brood = makeBrood(['background', 'setsid']);
      const supervisor = supervise(brood.command('sleep 30'), 'namespace');
      await sleep(ms);
      supervisor.kill('SIGKILL');
      await once(supervisor, 'exit');
      await sleep(150);
      expect(await untilNone(brood.alive), `killed after ${ms} ms`).toEqual([]);
    }
  });

  test('group: is the death of all who are in the group or carry the mark', async () => {
    const brood = makeBrood(KINDS.filter((kind) => kind !== 'scrubbed'));
    const supervisor = supervise(brood.command('sleep 30'), 'group');
    await brood.started();
    supervisor.kill('SIGKILL');
    await once(supervisor, 'exit');
    expect(await untilNone(brood.alive)).toEqual([]);
  });

  test('group: is the death of one in the group that has thrown away its environment', async () => {
    const file = path.join(tempDir(), 'pid');
    const supervisor = supervise(
      `env -i sh -c 'echo $$ > ${file}.new; mv ${file}.new ${file}; exec sleep 30'`,
      'group',
    );
    for (let i = 0; i < 500 && !existsSync(file); i++) await sleep(20);
    const pid = Number(readFileSync(file, 'utf8'));
    // Whoever is to reap it may take a while: a dead one is dead.
    const isDead = (): boolean => {
      try {
        return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
      } catch {
        return true;
      }
    };
    const alive = async () => (isDead() ? [] : ['it']);
    supervisor.kill('SIGKILL');
    await once(supervisor, 'exit');
    expect(await untilNone(alive)).toEqual([]);
  });

  test.each([
    [
      'dies before it has told of the group: nobody with its mark is left',
      "process.kill(process.pid, 'SIGKILL')",
      'SIGKILL',
    ],
    ['is dismissed before it has told of a group: nobody is killed', 'deadMan.dismiss()', null],
  ])('group: %s', async (_what, then, signal) => {
    const marker = `early-${signal}`;
    const stray = spawn('/bin/sleep', ['30'], { env: { [RUN_MARKER]: marker }, stdio: 'ignore', detached: true });
    const end = once(stray, 'exit');
    const early = await bundle(`
      import { startDeadMan } from './src/process/dead-man.ts';
      const deadMan = startDeadMan('${marker}');
      ${then};`);
    const { stdout } = spawn(process.execPath, [early], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const _ of stdout);
    const watchers = async () =>
      (await exec('/', 'pgrep', ['-f', `dead-man.*${marker}`])).stdout.trim() === '' ? [] : ['one'];
    expect(await untilNone(watchers)).toEqual([]);
    if (signal === null) stray.kill('SIGTERM');
    expect((await end)[1]).toBe(signal ?? 'SIGTERM');
  });

  test('strays of a dead run are found by session and iteration, and nobody else', async () => {
    const mine = makeBrood(['setsid', 'double-fork']);
    const others = makeBrood(['setsid']);
    const start = (script: string, iteration: string) =>
      spawn('/bin/sh', ['-c', script], {
        env: { PATH: process.env['PATH'], AMP_SESSIONS_SESSION: 'k3strays', AMP_SESSIONS_ITERATION: iteration },
        stdio: 'ignore',
      });
    start(mine.command('exit 0'), '4');
    start(others.command('exit 0'), '5');
    await Promise.all([mine.started(), others.started()]);
    expect(await killStrays({ session: 'k3strays', iteration: 4 })).toBeGreaterThanOrEqual(2);
    expect(await mine.alive()).toEqual([]);
    expect(await others.alive()).toEqual(['setsid']);
    expect(await killStrays({ session: 'k3strays', iteration: 4 })).toBe(0);
    await others.clear();
  });

  test('strays: whoever asks is spared, also when it is one itself', async () => {
    const asker = await bundle(`
import { killStrays } from './src/process/strays.ts';
      console.log(await killStrays({ session: 'k3asker', iteration: 1 }));
    `);
    const env = { PATH: process.env['PATH'], AMP_SESSIONS_SESSION: 'k3asker', AMP_SESSIONS_ITERATION: '1' };
    const shell = spawn('/bin/sh', ['-c', `"$0" "$1"; echo still here`, process.execPath, asker], { env });
    let output = '';
    for await (const chunk of shell.stdout) output += chunk;
    expect(output).toBe('0\nstill here\n');
  });
});
