import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../src/process/run.ts';
import { makeFakeAmp } from '../support/fake-amp/make-fake-amp.ts';
import { tempDir } from '../support/repo.ts';

/**
 * One table for the stand-in and for the real program: both must give the same answers, or the other tests prove
 * nothing. The real one needs no login for this: it talks to a closed port or to our own server, with a home of its own.
 */
const REAL = process.env['AMP_SESSIONS_REAL_AMP'];
const CLOSED = 'http://127.0.0.1:9';
const THREAD = 'T-01a0f000-0001-7000-8000-000000000001';

interface Row {
  args: string[];
  stdin?: string;
  /** Status that the server answers; default: nobody listens. */
  status?: number;
  /** No key. */
  loggedOut?: true;
  /** Default 1; `waits`: it does not end by itself. */
  exit?: number | 'waits';
  /** Beginning of stderr, or a pattern of stdout. */
  stderr?: string;
  stdout?: RegExp;
}

const files = tempDir();
const badSettings = path.join(files, 'bad.json');
const noFile = path.join(files, 'none.json');
const OFFLINE = `Error: Couldn't connect to the Amp server at ${CLOSED}.`;
const NO_SERVER = 'Error: Cannot reach Amp servers. Are you offline?';
const unknown = (option: string): string => `Error: error: unknown option '${option}'`;
const invalidThread = (id: string): string => `Error: Invalid thread URL or ID: ${id}`;

const ROWS: Record<string, Row> = {
  '--version': { args: ['--version'], exit: 0, stdout: /^0\.0\.\d+-g[0-9a-f]+ \(released \d{4}-\d\d-\d\dT/ },
  'offline, a run': { args: ['-x', '--stream-json'], stderr: OFFLINE },
  'offline, as we start it': {
    args: ['-x', '--stream-json', '--no-archive-after-execute', '--mode=high', '-l', 'amp-session-k3xyz'],
    stderr: OFFLINE,
  },
  'offline, as we continue it': {
    args: [
      'threads',
      'continue',
      THREAD,
      '-x',
      '--stream-json',
      '--no-archive-after-execute',
      '--mode=high',
      '-l',
      'amp-session-k3xyz',
    ],
    stderr: NO_SERVER,
  },
  'offline, the cost': { args: ['threads', 'usage', THREAD], stderr: NO_SERVER },
  'offline, the list': { args: ['threads', 'list', '--json'], stderr: NO_SERVER },
  'a mode is not checked here': { args: ['-x', '--stream-json', '-m', 'nonsense'], stderr: OFFLINE },
  'a mode is missing': {
    args: ['-x', '--stream-json', '-m'],
    stderr: "Error: error: option '-m, --mode <value>' argument missing",
  },
  'a hidden flag': { args: ['-x', '--stream-json', '--dangerously-allow-all'], stderr: OFFLINE },
  thinking: { args: ['-x', '--stream-json-thinking'], stderr: OFFLINE },
  '--stream-json without -x': {
    args: ['--stream-json'],
    stderr: 'Error: The --stream-json flag requires --execute mode',
  },
  '-x with an empty message': {
    args: ['-x', '', '--stream-json'],
    stderr: 'Error: The --stream-json flag requires --execute mode',
  },
  '--stream-json-input without --stream-json': {
    args: ['-x', '--stream-json-input'],
    stderr: 'Error: The --stream-json-input flag requires --stream-json',
  },
  'a message beside --stream-json-input': {
    args: ['-x', 'hi', '--stream-json', '--stream-json-input'],
    stderr: 'Error: Do not provide a message argument when using --stream-json-input',
  },
  '--execute= beside --stream-json-input': {
    args: ['--execute=hi', '--stream-json', '--stream-json-input'],
    stderr: 'Error: Do not provide a message argument when using --stream-json-input',
  },
  '--stats beside --stream-json': {
    args: ['-x', '--stream-json', '--stats'],
    stderr: 'Error: The --stats and --stream-json flags are mutually exclusive output formats',
  },
  'no prompt': {
    args: ['-x', '--stream-json'],
    stdin: '',
    stderr: 'Error: User message must be provided through stdin or as argument',
  },
  'text after --stream-json is no prompt': {
    args: ['-x', '--stream-json', 'text'],
    stderr: 'Error: Unknown command "text".',
  },
  'an unknown command': { args: ['nosuchcommand'], stderr: 'Error: Unknown command "nosuchcommand".' },
  'a message like an option': { args: ['-x', '-foo'], stderr: unknown('-foo') },
  ...Object.fromEntries(
    [
      '--effort',
      '--toolbox',
      '--skills',
      '--archive',
      '--print',
      '-p',
      '--max-turns',
      '--system-prompt',
      '--bogus',
    ].map((option) => [`unknown option ${option}`, { args: ['-x', option], stderr: unknown(option) }]),
  ),
  'unknown option when continuing': {
    args: ['threads', 'continue', THREAD, '-x', '--stream-json', '--bogus'],
    stderr: unknown('--bogus'),
  },
  'a bad thread id to continue': {
    args: ['threads', 'continue', 'T-bad', '-x', '--stream-json'],
    stderr: invalidThread('T-bad'),
  },
  'a bad thread id, its cost': { args: ['threads', 'usage', 'nope'], stderr: invalidThread('nope') },
  'a bad thread id, its export': { args: ['threads', 'export', 'nope'], stderr: invalidThread('nope') },
  'no thread to continue': {
    args: ['threads', 'continue', '--last', '-x'],
    stderr: 'Error: No previously used thread found in this checkout.',
  },
  'settings that are no JSON': {
    args: ['-x', '--stream-json', '--settings-file', badSettings],
    stderr: `Error: Invalid JSON in settings file ${badSettings}`,
  },
  'settings that are missing are none': { args: ['-x', '--stream-json', '--settings-file', noFile], stderr: OFFLINE },
  'an MCP file that is missing': {
    args: ['-x', '--stream-json', '--mcp-config', noFile],
    stderr: `Error: Failed to read --mcp-config file: ENOENT: no such file or directory, open '${noFile}'`,
  },
  'a command that is allowed': {
    args: ['permissions', 'test', 'shell_command', '--command', 'ls'],
    exit: 0,
    stdout: /action: allow/,
  },
  'a command that is asked about': {
    args: ['permissions', 'test', 'shell_command', '--command', 'rm -rf /'],
    exit: 1,
    stdout: /action: ask/,
  },
  'no login: an address on stdout, and it waits': {
    args: ['-x', '--stream-json'],
    loggedOut: true,
    exit: 'waits',
    stdout: /^No API key found\. Starting login flow\.\.\.\n[\s\S]*authToken=/,
  },
  'no login: a line on stdin is taken for the code': {
    args: ['-x', '--stream-json'],
    stdin: 'hi\n',
    loggedOut: true,
    stdout: /^No API key found\. Starting login flow/,
    stderr: '',
  },
  'HTTP 401, a run': {
    args: ['-x', '--stream-json'],
    status: 401,
    stderr: "Error: Invalid or missing API key. Run 'amp login' to authenticate.",
  },
  'HTTP 402, a run': {
    args: ['-x', '--stream-json'],
    status: 402,
    stderr: 'Error: API request for getUserInfo failed: 402',
  },
  'HTTP 403, a run': {
    args: ['-x', '--stream-json'],
    status: 403,
    stderr: "Error: Access token expired. Run 'amp login' to refresh.",
  },
  'HTTP 426, a run': {
    args: ['-x', '--stream-json'],
    status: 426,
    stderr: 'Error: API request for getUserInfo failed: 426',
  },
  'HTTP 429, a run': {
    args: ['-x', '--stream-json'],
    status: 429,
    stderr: 'Error: API request for getUserInfo failed: 429',
  },
  'HTTP 500, a run': {
    args: ['-x', '--stream-json'],
    status: 500,
    stderr: 'Error: Amp server returned an error. Try again in a moment.',
  },
  'HTTP 401, the cost': {
    args: ['threads', 'usage', THREAD],
    status: 401,
    stderr: 'Error: Invalid or missing API key.',
  },
  'HTTP 402, the cost': {
    args: ['threads', 'usage', THREAD],
    status: 402,
    stderr: 'Error: Unexpected error inside Amp CLI.',
  },
  'HTTP 500, the cost': {
    args: ['threads', 'usage', THREAD],
    status: 500,
    stderr: 'Error: Amp server returned an error.',
  },
};

let server: Server;
let port = 0;
let status = 500;
beforeAll(async () => {
  writeFileSync(badSettings, '{bad\n');
  server = createServer((_, response) => response.writeHead(status).end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.close());

const ask = async (program: string, row: Row) => {
  const home = tempDir();
  const cwd = path.join(home, 'work');
  mkdirSync(cwd);
  status = row.status ?? 500;
  const env: Record<string, string> = {
    PATH: '/usr/bin:/bin',
    HOME: home,
    AMP_SKIP_UPDATE_CHECK: '1',
    AMP_URL: row.status === undefined ? CLOSED : `http://127.0.0.1:${port}`,
    ...(!row.loggedOut && { AMP_API_KEY: 'sgamp_contract' }),
  };
  const ran = await run({
    command: program,
    args: row.args,
    cwd,
    env,
    stdin: row.stdin ?? 'hi',
    timeoutMs: row.exit === 'waits' ? 8_000 : 30_000,
    contain: true,
  });
  return {
    exitCode: ran.timedOut ? 'waits' : ran.exitCode,
    stdout: ran.stdout.toString(),
    stderr: ran.stderr.toString(),
  };
};

const check = async (program: string, row: Row): Promise<void> => {
  const { exitCode, stdout, stderr } = await ask(program, row);
  expect(exitCode, stderr).toBe(row.exit ?? 1);
  if (row.stderr !== undefined) expect(stderr.slice(0, row.stderr.length)).toBe(row.stderr);
  if (row.stdout) expect(stdout).toMatch(row.stdout);
  else expect(stdout).toBe('');
};

const rows = Object.entries(ROWS);

describe.skipIf(process.platform === 'win32')('the stand-in answers as the table says', () => {
  const stand = makeFakeAmp(tempDir()).program;
  test.each(rows)('%s', (_name, row) => check(stand, row));
});

const why = REAL ? '' : ' (SKIP: AMP_SESSIONS_REAL_AMP names no program; test/support/real-amp.sh gets one)';
/** It takes seconds to start: a day asks it every other question, TEST_ALL=1 (`npm run test:all`) all of them. */
const asked = process.env['TEST_ALL'] ? rows : rows.filter((_row, at) => at % 2 === 0);
describe.skipIf(!REAL)(`the real program answers as the table says${why}`, () => {
  test.each(asked)('%s', (_name, row) => check(REAL!, row));

  test('has the flags that we use', async () => {
    const { stdout } = await ask(REAL!, { args: ['--help'] });
    for (const flag of ['-x, --execute', '--stream-json', '--no-archive-after-execute', '-m, --mode', '-l, --label'])
      expect(stdout).toContain(flag);
    expect((await ask(REAL!, { args: ['threads', 'continue', '--help'] })).stdout).toContain('--last');
  });

  test('lists its tools without a login', async () => {
    const { exitCode, stdout } = await ask(REAL!, { args: ['tools', 'list'] });
    expect([exitCode, stdout.includes('shell_command')]).toEqual([0, true]);
  });
});
