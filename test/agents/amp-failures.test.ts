import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { failureOf, knownFailure } from '../../src/agents/amp-failures.ts';
import type { ProcessEnd } from '../../src/agents/play-agent.ts';
import { ampOver, listen, request, runFake } from '../support/agent-run.ts';
import { type FakeRun, makeFakeAmp } from '../support/fake-amp/make-fake-amp.ts';
import { tempDir } from '../support/repo.ts';

const servers: ReturnType<typeof createServer>[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

/** A server on the loopback that answers everything with one status. */
const answering = (status: number): Promise<string> =>
  new Promise((resolve) => {
    const server = createServer((_, response) => response.writeHead(status).end('{}'));
    servers.push(server);
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });

/** The stand-in without a scenario: it asks the server, as the real one does. */
const againstServer = async (url: string) => {
  const amp = ampOver(makeFakeAmp(tempDir()), { env: { AMP_URL: url } });
  return listen(await amp.start(request()));
};

describe.skipIf(process.platform === 'win32')('the table of failures, each through the whole adapter', () => {
  test('offline: nothing on stdout, exit 1, and the address', async () => {
    const told = await againstServer('http://127.0.0.1:9');
    expect(told.end).toMatchObject({ exitCode: 1, result: null, stopped: 'no' });
    expect(told.end.failure).toMatchObject({
      code: 'agent.offline',
      message: 'Amp cannot reach its server at http://127.0.0.1:9.',
    });
    expect(told.end.failure?.hint).toContain('network');
    expect(told.text('stdout')).toBe('');
    expect(told.text('stderr')).toContain("Couldn't connect to the Amp server");
  });

  test.each([
    [401, 'agent.login', /API key/, /amp login/],
    [403, 'agent.login', /expired/, /amp login/],
    [402, 'agent.credits', /credits/, /amp usage/],
    [429, 'agent.rejected', /too many/, /Wait/],
    [426, 'agent.outdated', /too old/, /amp update/],
    [500, 'agent.offline', /error of its own/, /moment/],
    [503, 'agent.offline', /error of its own/, /moment/],
  ])('HTTP %i is %s', async (status, code, message, hint) => {
    const { failure } = (await againstServer(await answering(status))).end;
    expect(failure?.code).toBe(code);
    expect(failure?.message).toMatch(message);
    expect(failure?.hint).toMatch(hint);
  });

  const refusals: [string, FakeRun, string, RegExp][] = [
    [
      'another command that is offline',
      { refuse: 'Cannot reach Amp servers. Are you offline?' },
      'agent.offline',
      /reach/,
    ],
    [
      '--stream-json without -x',
      { refuse: 'The --stream-json flag requires --execute mode' },
      'agent.rejected',
      /--execute/,
    ],
    [
      'a message beside --stream-json-input',
      { refuse: 'Do not provide a message argument when using --stream-json-input' },
      'agent.rejected',
      /--stream-json-input/,
    ],
    [
      'no prompt',
      { refuse: 'User message must be provided through stdin or as argument when using execute mode' },
      'agent.rejected',
      /no prompt/,
    ],
    [
      'a bad thread id',
      { refuse: 'Invalid thread URL or ID: T-bad\n\nProvide a valid thread URL' },
      'agent.rejected',
      /thread T-bad/,
    ],
    [
      'no thread to continue',
      { refuse: 'No previously used thread found in this checkout.' },
      'agent.rejected',
      /no thread/,
    ],
    [
      'an unknown command',
      { refuse: 'Unknown command "xyz". Run \'amp --help\' for the full list.' },
      'agent.rejected',
      /xyz/,
    ],
    ['an unknown option', { refuse: "error: unknown option '--label'" }, 'agent.rejected', /--label/],
    [
      'a settings file that is no JSON',
      { refuse: 'Invalid JSON in settings file /tmp/s.json\n\nFix' },
      'agent.rejected',
      /\/tmp\/s\.json/,
    ],
    [
      'a bad --mcp-config',
      { refuse: "Failed to read --mcp-config file: ENOENT: no such file, open 'm.json'" },
      'agent.rejected',
      /m\.json/,
    ],
    [
      'a version too old, on stderr',
      { refuse: 'This version of Amp is no longer supported. Run `amp update` to update.' },
      'agent.outdated',
      /too old/,
    ],
  ];
  test.each(refusals)('%s', async (_name, run, code, message) => {
    const { told } = await runFake(run);
    expect(told.text('stdout')).toBe('');
    expect(told.end).toMatchObject({ exitCode: 1, result: null });
    expect(told.end.failure?.code).toBe(code);
    expect(told.end.failure?.message).toMatch(message);
    expect(told.end.failure?.hint).not.toBe('');
  });

  test('a version too old, as a result without thread and duration', async () => {
    const error = 'This version of Amp is no longer supported. Run `amp update`.';
    const result = { type: 'result', subtype: 'error_during_execution', is_error: true, error };
    const { told } = await runFake({
      init: false,
      echo: false,
      actions: [{ raw: `${JSON.stringify(result)}\n` }],
      result: false,
      exit: 1,
    });
    expect(told.end.failure?.code).toBe('agent.outdated');
    expect(told.of('thread')).toEqual([]);
  });

  test('a thread id that Amp itself would refuse does not reach its command line', async () => {
    const { told, fake } = await runFake({}, { request: { threadId: '--settings-file=/etc/passwd' } });
    expect(told.end.failure?.code).toBe('agent.rejected');
    expect(fake.calls()).toEqual([]);
  });

  test('no program: a start that ends, and an error of the check', async () => {
    const amp = ampOver(makeFakeAmp(tempDir()), { env: { PATH: tempDir() } });
    await expect(amp.check()).rejects.toMatchObject({
      code: 'agent.missing',
      hint: expect.stringContaining('npm install -g'),
    });
    const told = await listen(await amp.start(request()));
    expect(told.facts).toHaveLength(1);
    expect(told.end.failure?.code).toBe('agent.missing');
  });

  test('the stub that npm leaves: an error of the check, and it is never run', async () => {
    const bin = tempDir();
    const stub =
      'echo "Error: Amp native binary not installed." >&2\necho "Run postinstall manually or reinstall with: npm install -g @ampcode/cli" >&2\nexit 1\n';
    writeFileSync(path.join(bin, 'amp'), stub, { mode: 0o755 });
    const amp = ampOver(makeFakeAmp(tempDir()), { env: { PATH: bin } });
    await expect(amp.check()).rejects.toMatchObject({ code: 'agent.stub', message: expect.stringContaining(bin) });
    const told = await listen(await amp.start(request()));
    expect(told.end).toMatchObject({ exitCode: null, failure: { code: 'agent.stub' } });
  });

  test('a program that may not be run is missing', async () => {
    const dir = tempDir();
    const file = path.join(dir, 'amp');
    writeFileSync(file, '#!/bin/sh\n');
    chmodSync(file, 0o644);
    const amp = ampOver(makeFakeAmp(tempDir()), { settings: { path: file } });
    const told = await listen(await amp.start(request()));
    expect(told.end.failure).toMatchObject({ code: 'agent.missing', message: expect.stringContaining('EACCES') });
  });

  test('no key: nothing is started', async () => {
    const fake = makeFakeAmp(tempDir(), { runs: [{}] });
    const amp = ampOver(fake, { env: { AMP_API_KEY: '' } });
    await expect(amp.check()).rejects.toMatchObject({
      code: 'agent.login',
      hint: expect.stringContaining('AMP_API_KEY'),
    });
    expect((await listen(await amp.start(request()))).end.failure?.code).toBe('agent.login');
    expect(fake.calls()).toEqual([]);
  });

  test('a key stored by an earlier login is enough', async () => {
    const home = tempDir();
    const data = path.join(home, '.local', 'share', 'amp');
    mkdirSync(data, { recursive: true });
    writeFileSync(path.join(data, 'secrets.json'), '{"apiKey@https://ampcode.com/":"sgamp_stored"}');
    const fake = makeFakeAmp(tempDir(), { runs: [{ actions: [{ say: 'hi' }] }] });
    const amp = ampOver(fake, { env: { AMP_API_KEY: '', HOME: home } });
    expect((await listen(await amp.start(request()))).end.failure).toBeNull();
  });

  test('the login flow in spite of a key: stopped at once, and its address stands nowhere', async () => {
    const fake = makeFakeAmp(tempDir(), { runs: [{}], forcesLogin: true });
    const told = await listen(await ampOver(fake).start(request({ prompt: '   ' })));
    expect(told.end).toMatchObject({ result: null, failure: { code: 'agent.login' } });
    expect(told.text('stdout') + told.text('stderr') + JSON.stringify(told.facts)).not.toMatch(
      /authToken|sgamp_secret|cli-login/,
    );
    expect(told.text('stdout')).toBe('');
  });

  test('a first line that is no JSON is a failed start: stopped at once, and named', async () => {
    const { told } = await runFake({ stdout: 'Welcome to the new Amp!\n', hangAtStart: true });
    expect(told.end).toMatchObject({ stopped: 'no', unreadableLines: 1 });
    expect(told.end.failure).toMatchObject({
      code: 'agent.failed',
      message: expect.stringContaining('Welcome to the new Amp!'),
    });
  });
});

describe('what the end means', () => {
  const ended: ProcessEnd = { exitCode: 0, signal: null, stopped: 'no' };
  const good = { subtype: 'success', isError: false, turns: 1, text: 'done' };
  const failure = (end: Partial<ProcessEnd>, result: typeof good | null, stderr = '') =>
    failureOf('Amp', { end: { ...ended, ...end }, result, stderr });

  test('only a result that says success, without error, at exit 0, is a success', () => {
    expect(failure({}, good)).toBeNull();
    expect(failure({ exitCode: 1 }, good)?.code).toBe('agent.failed');
    expect(failure({ exitCode: null, signal: 'SIGKILL' }, good)?.message).toBe('Amp was ended by SIGKILL.');
    expect(failure({}, { ...good, isError: true, text: 'no' })?.message).toBe('Amp gave up: no');
    expect(failure({}, null)?.message).toBe('Amp ended with exit code 0 without a result.');
  });

  test('a limit counts whatever the agent says, a stop by the user only when it did not finish', () => {
    expect(failure({ stopped: 'timeout' }, good)?.code).toBe('agent.timeout');
    expect(failure({ stopped: 'silent' }, good)?.code).toBe('agent.silent');
    expect(failure({ stopped: 'user' }, good)).toBeNull();
    expect(failure({ stopped: 'user', exitCode: 1 }, null)?.message).toContain('stopped');
  });

  test('words of a failure in what a successful or failing run prints beside its result mean nothing', () => {
    expect(failure({}, good, 'Are you offline?')).toBeNull();
    expect(failure({ exitCode: 3 }, good, 'warning: out of credits')?.code).toBe('agent.failed');
  });

  test('the result of an "Out of Credits" with exit 0 is known', () => {
    expect(failure({}, { ...good, isError: true, text: 'Out of Credits: add funds' })?.code).toBe('agent.credits');
  });

  test('unknown words are told as they are, the last line of them', () => {
    expect(failure({ exitCode: 3 }, null, 'noise\nsegfault at 0x0\n\n')?.message).toBe(
      'Amp ended with exit code 3 without a result: segfault at 0x0',
    );
    expect(knownFailure('the answer is 426')).toBeUndefined();
  });
});
