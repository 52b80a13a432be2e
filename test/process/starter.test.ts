import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { builtProgram } from '../../src/process/built-program.ts';
import { type RunOptions, run } from '../../src/process/run.ts';
import { Starter, startAway, withStarter } from '../../src/process/starter.ts';
import { bundle } from '../support/bundle.ts';
import { tempDir } from '../support/repo.ts';

const ENTRY = builtProgram('process/starter-main', import.meta.dirname)!;

const wish = (script: string, options: Partial<RunOptions> = {}): RunOptions => ({
  command: '/bin/sh',
  args: ['-c', script],
  cwd: '/',
  env: { PATH: '/usr/bin:/bin', A: 'one two' },
  ...options,
});

const until = async (isSo: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 400 && !isSo(); tries++) await sleep(25);
  expect(isSo()).toBe(true);
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};

const parentOf = async (): Promise<number> => Number((await run(wish('echo $PPID'))).stdout.toString());

/** What a run comes to, without how long it took. */
const outcome = async (options: RunOptions): Promise<unknown> => {
  try {
    const { durationMs: _, stdout, stderr, tail, outputBytes, ...ran } = await run(options);
    const bytes = [stdout, stderr, tail].map(
      (part) => `${part.length} ${createHash('sha256').update(part).digest('hex')}`,
    );
    // How much more of what is too long was read before it was cut is chance.
    return { ...ran, bytes, outputBytes: ran.truncated || outputBytes };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { code, message };
  }
};

describe.skipIf(process.platform === 'win32')('a program that a small process starts', () => {
  it.each<[string, RunOptions]>([
    ['its output, its errors, its exit code', wish('echo out; echo err >&2; exit 7')],
    ['its input, byte for byte', wish('cat', { stdin: Buffer.from([0, 255, 10, 13, 128, 0, 195]) })],
    ['its input as text', wish('cat', { stdin: 'ünï\n' })],
    ['an empty input', wish('cat; echo end', { stdin: '' })],
    ['no input', wish('cat; echo end')],
    ['its environment, and nothing else of ours', wish('env | grep -v -e ^PWD= -e ^SHLVL= -e ^_= | sort')],
    ['the folder it works in', wish('pwd', { cwd: tempDir() })],
    ['5 MB of output', wish('head -c 5000000 /dev/zero; head -c 3000000 /dev/zero >&2')],
    ['more than it may say', wish('yes', { maxBytes: 100_000 })],
    ['a tail', wish('echo one; echo two; echo three', { tailBytes: 10 })],
    ['a death of its own', wish('kill -KILL $$')],
    ['too long a time', wish('sleep 30 & sleep 30', { timeoutMs: 300 })],
    ['no such program', { ...wish(''), command: '/nowhere/at-all' }],
    ['no such folder', wish('true', { cwd: '/nowhere/at-all' })],
    ['a program that may not run', { ...wish(''), command: '/etc/passwd' }],
    ['somebody else who holds its output', wish('sleep 30 & echo $A')],
  ])('comes to the same: %s', async (_, options) => {
    const alone = await outcome(options);
    const away = await withStarter(() => outcome(options));
    expect(away).toEqual(alone);
  });

  it('is a child of that one process, of which there is one', async () => {
    const [one, two, three] = await withStarter(async () => [
      await parentOf(),
      await withStarter(parentOf),
      (await Promise.all([parentOf(), parentOf()]))[1],
    ]);
    expect([two, three]).toEqual([one, one]);
    expect(one).not.toBe(process.pid);
    expect(await parentOf()).toBe(process.pid);
    await until(() => !isAlive(one!));
  });

  it('is stopped by who asked for it', async () => {
    const stop = new AbortController();
    const ran = await withStarter(() => {
      setTimeout(() => stop.abort(), 200);
      return run(wish('sleep 30', { signal: stop.signal }));
    });
    expect(ran).toMatchObject({ signal: 'SIGTERM', timedOut: false });
  });

  it('is heard of while it runs, many at a time', async () => {
    const heard: string[] = [];
    const one = (n: number) =>
      run(wish(`echo ${n}; sleep 0.0${n % 10}; echo ${n}`, { onOutput: (chunk) => heard.push(chunk.toString()) }));
    const ran = await withStarter(() => Promise.all(Array.from({ length: 100 }, (_, n) => one(n))));
    expect(ran.map(({ stdout }) => stdout.toString())).toEqual(ran.map((_, n) => `${n}\n${n}\n`));
    expect(heard.join('').trim().split('\n')).toHaveLength(200);
  });

  it('is contained by ourselves all the same', async () => {
    const ran = await withStarter(() => run(wish('echo $PPID', { contain: true })));
    expect(ran.exitCode).toBe(0);
    expect(startAway({ ...wish('true'), stdin: 'ignore' })).toBeUndefined();
  });
});

describe.skipIf(process.platform !== 'linux')('the process that starts others', () => {
  it('when it is killed: what it started is killed too, and others are started without it', async () => {
    const dir = tempDir();
    await withStarter(async () => {
      const helper = await parentOf();
      const script = `trap "" HUP TERM; echo $$ > ${dir}/pid; while :; do sleep 0.05; done`;
      const running = run(wish(script, { signal: AbortSignal.timeout(20_000) }));
      await until(() => existsSync(join(dir, 'pid')) && readFileSync(join(dir, 'pid'), 'utf8') !== '');
      process.kill(helper, 'SIGKILL');
      expect(await running).toMatchObject({ exitCode: null, signal: 'SIGKILL', timedOut: false });
      await until(() => !isAlive(Number(readFileSync(join(dir, 'pid'), 'utf8'))));
      expect(await parentOf()).toBe(process.pid);
    });
  });

  it('when it is killed: what it was asked for and had not begun is started without it', async () => {
    await withStarter(async () => {
      const helper = await parentOf();
      process.kill(helper, 'SIGSTOP');
      const asked = ['one', 'two'].map((word) => run(wish(`echo ${word} $PPID`)));
      process.kill(helper, 'SIGKILL');
      const said = (await Promise.all(asked)).map(({ stdout }) => stdout.toString().trim());
      expect(said).toEqual([`one ${process.pid}`, `two ${process.pid}`]);
    });
  });

  it('that cannot be started is done without', async () => {
    const starter = new Starter(join(tempDir(), 'nothing.js'));
    const lost = starter.start(wish('true') as never).catch((error) => error);
    expect(((await lost) as NodeJS.ErrnoException).code).toBe('EPIPE');
    expect(starter.isThere).toBe(false);
    starter.close();
  });

  it('lets what it started end before it goes', async () => {
    const starter = new Starter(ENTRY);
    const child = await starter.start(wish('sleep 0.3; echo done') as never);
    starter.close();
    const said: Buffer[] = [];
    for await (const chunk of child.stdout) said.push(chunk);
    expect([Buffer.concat(said).toString(), (await child.ended).exitCode]).toEqual(['done\n', 0]);
    await until(() => !isAlive(starter.pid!));
  });

  let program: string;
  beforeAll(async () => {
    const starter = JSON.stringify(join(import.meta.dirname, '../../src/process/starter.ts'));
    program = await bundle(
      `import { Starter } from ${starter};
       const starter = new Starter(${JSON.stringify(ENTRY)});
       const [how] = process.argv.slice(2);
       const child = await starter.start({ command: '/bin/sh', args: ['-c', 'sleep 0.2; echo me'], cwd: '/', env: { PATH: '/bin' } });
       console.log(starter.pid);
       if (how === 'killed') process.kill(process.pid, 'SIGKILL');
       const said = [];
       for await (const chunk of child.stdout) said.push(chunk);
       console.log(Buffer.concat(said).toString());`,
    );
  });

  it.each([
    ['killed', /^\d+\n$/],
    ['waiting', /^\d+\nme\n/],
  ])('ends with us, and keeps us no longer than what it started: %s', async (how, says) => {
    const file = join(tempDir(), 'said');
    try {
      writeFileSync(file, execFileSync(process.execPath, [program, how], { encoding: 'utf8', timeout: 20_000 }));
    } catch (error) {
      writeFileSync(file, (error as { stdout: string }).stdout);
    }
    const said = readFileSync(file, 'utf8');
    expect(said).toMatch(says);
    await until(() => !isAlive(Number(said.split('\n')[0])));
  });
});
