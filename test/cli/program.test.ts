import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeProgram, type TestProgram } from '../support/program.ts';
import { tempDir } from '../support/repo.ts';

const ECHO = `
import { BaseCommand } from '../src/cli/base-command.ts';
import { sessionArg, timeout } from '../src/cli/flags.ts';
export default class Echo extends BaseCommand {
  static override summary = 'Say what was heard.';
  static override args = { session: sessionArg };
  static override flags = { timeout };
  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Echo);
    await this.progress.step('thinking', async () => this.progress.detail('hard'));
    this.talk('talk');
    this.caution('careful');
    this.print(this.color.green(this.quiet ? 'id' : 'answer'));
    return { session: args.session ?? null, directory: this.directory, timeoutMs: flags.timeout ?? null };
  }
}`;

const FAIL = `
import { string } from '@oclif/core/args';
import { BaseCommand } from '../src/cli/base-command.ts';
import { AppError } from '../src/errors.ts';
export default class Fail extends BaseCommand {
  static override args = { how: string({ required: true, options: ['app', 'bug', 'exit', 'late'] }) };
  async run(): Promise<Record<string, unknown>> {
    const { args } = await this.parse(Fail);
    if (args.how === 'bug') throw new TypeError('x is not a function');
    if (args.how === 'exit') this.exit(4);
    if (args.how === 'late') setTimeout(() => { throw new Error('nobody caught this'); }, 1);
    if (args.how === 'late') await new Promise((resolve) => setTimeout(resolve, 1000));
    throw new AppError('tests.failed', 'Tests failed: exit 1.', { hint: 'Look at them.', answer: { session: 'k3' } });
  }
}`;

const FLOOD = `
import { BaseCommand } from '../src/cli/base-command.ts';
import { stdout } from '../src/cli/print.ts';
export default class Flood extends BaseCommand {
  async run(): Promise<Record<string, unknown>> {
    await this.parse(Flood);
    for (let i = 0; i < 100000 && !stdout.closed; i++) {
      this.print('line ' + i);
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return { closed: stdout.closed };
  }
}`;

const WAIT = `
import { BaseCommand } from '../src/cli/base-command.ts';
import { AppError } from '../src/errors.ts';
export default class Wait extends BaseCommand {
  async run(): Promise<Record<string, unknown>> {
    await this.parse(Wait);
    const { gently, now } = this.interrupt;
    const alive = setInterval(() => {}, 1000);
    gently.addEventListener('abort', () => this.print('gently'));
    const stopped = new Promise((resolve) => now.addEventListener('abort', resolve));
    this.print('waiting');
    await stopped;
    clearInterval(alive);
    throw new AppError('interrupted', 'Interrupted.');
  }
}`;

const NESTED = `
import { BaseCommand } from '../src/cli/base-command.ts';
export default class Nested extends BaseCommand {
  async run(): Promise<Record<string, unknown>> {
    await this.parse(Nested);
    return { first: true, ...(await this.hand(this.argv.includes('-q') ? 'fail' : 'echo', this.argv.includes('-q') ? ['app'] : ['k3', '-C', '/'])) };
  }
}`;

let program: TestProgram;
beforeAll(async () => {
  const commands = { echo: ECHO, fail: FAIL, flood: FLOOD, wait: WAIT, nested: NESTED };
  program = await makeProgram({ ...commands, 'topic/inner': ECHO.replaceAll('../src', '../../src') });
});

describe('a command', () => {
  it('answers on stdout and talks on stderr', async () => {
    const { stdout, stderr, exitCode } = await program.run(['echo', 'k3']);
    expect([stdout, exitCode]).toEqual(['answer\n', 0]);
    expect(stderr).toMatch(/^… thinking\n {2}hard\n✓ thinking \(\d+\.\ds\)\ntalk\n! careful\n$/);
  });

  it('--json prints exactly one document, and no talk', async () => {
    const { stdout, stderr } = await program.run(['echo', 'k3', '--json', '--timeout', '2m']);
    const expected = { schema: 'amp-sessions/echo/v1', session: 'k3', directory: program.root, timeoutMs: 120_000 };
    expect(JSON.parse(stdout)).toEqual(expected);
    expect(stderr).toBe('! careful\n');
  });

  it('a command of a topic has dashes in its schema', async () => {
    const { stdout } = await program.run(['topic', 'inner', '--json']);
    expect(JSON.parse(stdout).schema).toBe('amp-sessions/topic-inner/v1');
  });

  it('-q prints the id only', async () => {
    expect(await program.run(['echo', '-q'])).toMatchObject({ stdout: 'id\n', stderr: '' });
  });

  it('-C, before or after the command, is where it works', async () => {
    const dir = tempDir();
    for (const args of [
      ['-C', dir, 'echo', '--json'],
      ['echo', '-C', path.join(dir, 'sub/..'), '--json'],
    ])
      expect(JSON.parse((await program.run(args)).stdout).directory).toBe(dir);
  });

  it('an absent argument is not waited for on stdin', async () => {
    const child = spawn(process.execPath, [path.join(program.root, 'bin/run.js'), 'echo', '--json'], {
      env: program.env,
    });
    child.stdin.write('not an argument\n');
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    await once(child, 'close');
    expect(JSON.parse(text).session).toBe(null);
  });

  it('colours come with FORCE_COLOR and go with --no-color', async () => {
    const env = { FORCE_COLOR: '1' };
    expect((await program.run(['echo'], { env })).stdout).toBe('\x1b[32manswer\x1b[39m\n');
    expect((await program.run(['echo', '--no-color'], { env })).stdout).toBe('answer\n');
  });

  it('hands over to another command and takes its answer', async () => {
    const { stdout } = await program.run(['nested', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'amp-sessions/nested/v1',
      first: true,
      session: 'k3',
      directory: '/',
    });
    expect((await program.run(['nested'])).stdout).toBe('answer\n');
    expect(await program.run(['nested', '-q'])).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('Tests failed'),
    });
  });
});

describe('an error', () => {
  it('says what, and what next, on stderr', async () => {
    const { stdout, stderr, exitCode } = await program.run(['fail', 'app']);
    expect([stdout, stderr, exitCode]).toEqual(['', '✗ Tests failed: exit 1.\n  → Look at them.\n', 4]);
  });

  it('is one document with --json, the answer beside it', async () => {
    const { stdout, stderr, exitCode } = await program.run(['fail', 'app', '--json']);
    expect(JSON.parse(stdout)).toEqual({
      schema: 'amp-sessions/fail/v1',
      error: { code: 'tests.failed', message: 'Tests failed: exit 1.', hint: 'Look at them.' },
      session: 'k3',
    });
    expect([stderr, exitCode]).toEqual(['', 4]);
  });

  it('of ours is one sentence and 70; with DEBUG there is a stack', async () => {
    const plain = await program.run(['fail', 'bug']);
    expect(plain.exitCode).toBe(70);
    expect(plain.stderr.split('\n')[0]).toBe('✗ amp-sessions met a bug of its own: x is not a function');
    expect(plain.stderr).not.toContain('    at ');
    expect((await program.run(['fail', 'bug'], { env: { DEBUG: '1' } })).stderr).toContain('    at ');
  });

  it('thrown where nobody listens is reported the same way', async () => {
    const { stderr, exitCode } = await program.run(['fail', 'late']);
    expect(exitCode).toBe(70);
    expect(stderr).toContain('✗ amp-sessions met a bug of its own: nobody caught this');
    expect(stderr).not.toContain('    at ');
  });

  it('this.exit(4) is silent', async () => {
    expect(await program.run(['fail', 'exit'])).toEqual({ stdout: '', stderr: '', exitCode: 4 });
  });

  it.each([
    ['an unknown command', ['ehco'], /There is no command "ehco"\.\n {2}→ Did you mean `amp-sessions echo`\?/],
    ['an unknown flag', ['echo', '--fast'], /There is no flag --fast\.\n {2}→ Run `amp-sessions echo --help`/],
    ['a missing argument', ['fail'], /HOW is missing\./],
    ['one argument too many', ['echo', 'a', 'b'], /Unexpected argument: b\./],
    ['a value that cannot be', ['echo', '--timeout', '5'], /--timeout: "5" is not a duration\.\n {2}→ Write/],
    ['an option that is none', ['fail', 'sideways'], /Expected sideways to be one of: app, bug, exit/],
  ])('%s is wrong usage: 2', async (_name, args, stderr) => {
    expect(await program.run(args)).toMatchObject({ stdout: '', exitCode: 2, stderr: expect.stringMatching(stderr) });
    const json = await program.run([...args, '--json']);
    expect(JSON.parse(json.stdout).error.code).toBe('usage.invalid');
    expect(json.exitCode).toBe(2);
  });
});

describe('the world outside', () => {
  const start = (args: string[]) =>
    spawn(process.execPath, [path.join(program.root, 'bin/run.js'), ...args], {
      env: program.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  it('a reader that goes away is no error', async () => {
    const child = start(['flood']);
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = await once(child, 'close');
    expect([code, stderr]).toEqual([0, '']);
  });

  it.skipIf(process.platform === 'win32')('Ctrl-C: the first gently, the second at once, then 130', async () => {
    const child = start(['wait']);
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      if (/^(waiting|gently)\n$/m.test(String(chunk))) child.kill('SIGINT');
    });
    const [code] = await once(child, 'close');
    expect([code, stdout]).toEqual([130, 'waiting\ngently\n']);
  });

  it('help is shown for the program, a topic and a command', async () => {
    expect((await program.run(['--help'])).stdout).toMatch(/COMMANDS\n[\s\S]*echo +Say what was heard\./);
    expect((await program.run(['topic', '--help'])).stdout).toContain('topic inner');
    const { stdout } = await program.run(['echo', '--help']);
    expect(stdout).toMatch(/USAGE\n {2}\$ amp-sessions echo \[SESSION\]/);
    expect(stdout).toMatch(/-q, --quiet/);
  });
});
