import { spawn } from 'node:child_process';
import { existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { cli, cliJson, PROGRAM } from '../support/cli.ts';
import { importHistory, madeHistory } from '../support/history.ts';
import { otlpServer } from '../support/otlp-server.ts';
import { makeRepo, sh, tempDir } from '../support/repo.ts';

describe('amp-sessions export and import', () => {
  let dir: string;
  let out: string;
  let lines: string[];
  beforeAll(async () => {
    dir = await makeRepo({ empty: true });
    importHistory(dir, 2, 4);
    lines = madeHistory(2, 4).lines.split('\n').filter(Boolean);
    out = tempDir();
  });

  it('writes the log, says so, and answers as its schema says', async () => {
    const path = join(out, 'history.ndjson');
    const { exitCode, json } = await cliJson(dir, ['export', '--out', path]);
    expect([exitCode, json]).toEqual([
      0,
      {
        schema: 'amp-sessions/export/v1',
        format: 'ndjson',
        table: null,
        out: path,
        sessions: 4,
        rows: lines.length,
        bytes: readFileSync(path).length,
        held: [],
      },
    ]);
    const again = await cli(dir, ['export', '-o', path]);
    expect([again.exitCode, again.stdout, again.stderr]).toEqual([
      1,
      '',
      `✗ ${path} is there already.\n  → Take another name, or --force to have it replaced.\n`,
    ]);
    const forced = await cli(dir, ['export', '-o', path, '--force']);
    expect([forced.exitCode, forced.stdout]).toEqual([0, `✓ ${lines.length} events of 4 sessions in ${path}\n`]);
  });

  it('comes in elsewhere through a pipe, as its schema says', async () => {
    const to = await makeRepo({ empty: true });
    const piped = await sh(
      to,
      `P="'${process.execPath}' '${PROGRAM}'"; eval "$P export -C '${dir}' -o -" > all && eval "$P import - -q" < all`,
    );
    expect([piped.exitCode, piped.stdout.trim().split('\n').length]).toEqual([0, 4]);
    const { json } = await cliJson(to, ['import', 'all']);
    expect(json).toMatchObject({ schema: 'amp-sessions/import/v1', file: 'all', sessions: [], taken: [], refused: [] });
    expect(json.same).toBeGreaterThan(3);
  });

  it('writes a table to stdout, and nothing else there', async () => {
    const ran = await cli(dir, ['export', '--table', 'sessions', '--format', 'csv', '--out', '-']);
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout).toMatch(/^repo,session,name,/);
    expect(ran.stdout.endsWith('\r\n')).toBe(true);
    const parquet = join(out, 'sessions.parquet');
    const fd = openSync(parquet, 'w');
    const child = spawn(process.execPath, [PROGRAM, 'export', '--format', 'parquet', '-o', '-', '-C', dir], {
      stdio: ['ignore', fd, 'pipe'],
    });
    let said = '';
    child.stderr!.on('data', (text) => {
      said += text;
    });
    expect([await new Promise((resolve) => child.on('close', resolve)), said]).toEqual([0, expect.any(String)]);
    expect(readFileSync(parquet).subarray(-4).toString()).toBe('PAR1');
  });

  it('sends spans to an endpoint, and answers as its schema says', async () => {
    const server = await otlpServer();
    const argv = ['export', '--format', 'otlp', '--to', server.url];
    const { exitCode, json } = await cliJson(dir, argv);
    const sent = server.spans();
    expect([exitCode, json]).toEqual([
      0,
      {
        schema: 'amp-sessions/export/v1',
        format: 'otlp',
        table: null,
        out: `${server.url}/v1/traces`,
        sessions: 4,
        rows: sent.length,
        bytes: server.received.reduce((sum, { headers }) => sum + Number(headers['content-length']), 0),
        requests: server.received.length,
        rejected: 0,
        unfinished: expect.any(Number),
        held: [],
      },
    ]);
    server.received.length = 0;
    const env = { ...process.env, OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20sk-very-secret' };
    const again = await cli(dir, argv, env);
    expect(again.stdout).toContain(`✓ ${sent.length} spans of 4 sessions to ${server.url}/v1/traces\n`);
    expect(server.spans()).toEqual(sent);
    expect(server.received[0]!.headers.authorization).toBe('Bearer sk-very-secret');
    server.replies.push({ status: 401, body: '{"message":"no Bearer sk-very-secret"}' });
    const refused = await cli(dir, argv, env);
    expect([refused.exitCode, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toBe(
      `✗ ${server.url}/v1/traces answered with 401 Unauthorized (“no …”). No span was sent.\n  → Give what it asks for in OTEL_EXPORTER_OTLP_HEADERS, such as authorization=Bearer%20….\n`,
    );
  });

  it('refuses what makes no sense, as wrong usage', async () => {
    for (const [argv, message] of [
      [[], '--out is missing.'],
      [['--format', 'otlp'], '--to is missing: the endpoint that takes the spans.'],
      [['--format', 'otlp', '--to', 'nowhere'], '--to is no address that begins with http:// or https://.'],
      [['--format', 'otlp', '--to', 'http://h', '-o', 'x'], '--out and --format otlp exclude each other.'],
      [['--format', 'otlp', '--to', 'http://h', '--table', 'usage'], '--table and --format otlp exclude each other.'],
      [['--to', 'http://h'], '--to is about spans.'],
      [['--table', 'nope', '-o', 'x'], 'There is no table “nope”.'],
      [['--raw', '-o', 'x'], '--raw is about CSV.'],
      [['-o', '.'], 'is a folder.'],
    ] as const) {
      const ran = await cli(dir, ['export', ...argv]);
      expect([ran.exitCode, ran.stdout]).toEqual([2, '']);
      expect(ran.stderr).toContain(message);
    }
    expect(readdirSync(dir)).toEqual(['.git']);
  });

  it.skipIf(!existsSync('/dev/full'))('on a full disk says one sentence, also where stdout leads there', async () => {
    const named = await cli(dir, ['export', '-o', '/dev/full']);
    expect([named.exitCode, named.stderr.split('\n')[0]]).toEqual([1, '✗ /dev/full is on a full disk.']);
    const ran = await sh(dir, `'${process.execPath}' '${PROGRAM}' export -o - > /dev/full`);
    expect([ran.exitCode, ran.stderr.split('\n')[0]]).toEqual([1, '✗ What stdout leads to is on a full disk.']);
  });

  it.skipIf(process.platform === 'win32')(
    'that may grow no larger leaves no file, of a log or of a table',
    async () => {
      const small = tempDir();
      for (const argv of ['-o log', '--format parquet -o rows', '--format csv -o csv']) {
        // The limit counts blocks of 512 or 1024 bytes; the program may write nothing beyond it.
        const ran = await sh(
          small,
          `trap '' XFSZ; ulimit -f 1; '${process.execPath}' '${PROGRAM}' export -C '${dir}' ${argv.replace('-o ', `-o '${small}/`)}'`,
        );
        expect(ran.exitCode).not.toBe(0);
        expect(readdirSync(small).filter((name) => /log|rows|csv/.test(name))).toEqual([]);
      }
    },
  );

  it('names the line that is wrong, and takes nothing', async () => {
    const to = await makeRepo({ empty: true });
    writeFileSync(join(to, 'bad'), `${lines[0]}\n{}\n`);
    const ran = await cli(to, ['import', 'bad']);
    expect([ran.exitCode, ran.stdout]).toEqual([1, '']);
    expect(ran.stderr).toContain('✗ bad:2: the line is no event of a log. Nothing was imported.');
    expect((await cli(to, ['list', '-q'])).stdout).toBe('');
    expect((await cliJson(to, ['import', 'none'])).json.error.code).toBe('file.missing');
  });
});
