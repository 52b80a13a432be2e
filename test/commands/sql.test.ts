import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeWorld, type World } from '../analysis/world.ts';
import { cli, cliJson, PROGRAM } from '../support/cli.ts';
import { exec, sh, tempDir } from '../support/repo.ts';

let world: World;
beforeAll(async () => {
  world = await makeWorld();
  await world.write('k7x2m9qa4t', 3);
});

describe('sql', () => {
  it('one document with --json, with its columns and their types', async () => {
    const { json, exitCode } = await cliJson(world.dir, [
      'sql',
      'select count(*) as n, 1.5::decimal(18,6) as d, $who as who from events',
      '--param',
      "who=x'; drop view events; --",
    ]);
    expect(exitCode).toBe(0);
    expect(json.rows).toEqual([{ n: 4, d: 1.5, who: "x'; drop view events; --" }]);
    expect(json.columns[1]).toEqual({ name: 'd', type: 'DECIMAL(18,6)' });
  });

  it('a mistake is told with its place, as a usage error', async () => {
    const { stderr, stdout, exitCode } = await cli(world.dir, ['sql', 'select 1,\n  nme from sessions']);
    expect([stdout, exitCode]).toEqual(['', 2]);
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(/^✗ Line 2, column 3: Referenced column "nme" not found .*"name"/),
      '      nme from sessions',
      '      ^',
      '  → `amp-sessions sql --schema` lists the tables and their columns.',
      '',
    ]);
  });

  it('a pipe is the statement, and rows come as CSV', async () => {
    const line = `echo "select '=1+1' as f, null as n, '' as e" | '${process.execPath}' '${PROGRAM}' sql --format csv`;
    expect((await sh(world.dir, line)).stdout).toBe('f,n,e\r\n\'=1+1,,""\r\n');
  });

  it('from outside a repository, one that is named; and a file', async () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'q.sql'), '-- how many\nselect count(*) as n from events;\n');
    const ran = await cli(dir, ['sql', '-f', 'q.sql', '--repo', world.dir, '--format', 'ndjson']);
    expect([ran.stdout, ran.exitCode]).toEqual(['{"n":4}\n', 0]);
  });

  it('the tables, or one; and none where there is none', async () => {
    const { json } = await cliJson(world.dir, ['sql', '--schema', 'usage']);
    expect(json.tables.map(({ name }: { name: string }) => name)).toEqual(['usage']);
    const none = await cliJson(world.dir, ['sql', '--schema', 'nothing']);
    expect([none.exitCode, none.json.error.code]).toEqual([2, 'usage.invalid']);
  });
});

const hasScript = process.platform === 'linux' && existsSync('/usr/bin/script');

describe.skipIf(!hasScript)('the prompt', () => {
  it('answers, goes on after mistakes, and remembers what it may', async () => {
    const home = tempDir();
    const state = join(home, '.local', 'state', 'amp-sessions');
    const typed = [
      "select 'one' || 'two' as x",
      '  from range(1);',
      'selec 1;',
      '\\d usage',
      " select 'not kept';",
      "select 'ghp_0123456789abcdefghijABCDEFGHIJ012345' as token;",
      "copy sessions to 'x';",
      '\\q',
      '',
    ].join('\n');
    mkdirSync(state, { recursive: true });
    writeFileSync(join(state, 'sql-history'), 'select 1;\n', { mode: 0o600 });
    writeFileSync(join(home, 'typed'), typed);
    const command = `'${process.execPath}' '${PROGRAM}' sql`;
    const line = `cat '${home}/typed' | script -qec "${command}" /dev/null`;
    const env = { ...process.env, HOME: home, TERM: 'xterm', XDG_STATE_HOME: '', NO_COLOR: '1' };
    const { stdout, exitCode } = await exec(world.dir, 'sh', ['-c', line], env);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^onetwo\r$/m);
    expect(stdout).toMatch(/Line 1, column 1: syntax error at or near "selec"/);
    expect(stdout).toMatch(/tokens_cache_read +BIGINT/);
    expect(stdout).toMatch(/Only SELECT statements are admitted/);
    const kept = readFileSync(join(state, 'sql-history'), 'utf8');
    expect(kept.split('\n')).toEqual([
      'select 1;',
      "select 'one' || 'two' as x from range(1);",
      'selec 1;',
      expect.stringMatching(/^select '.*' as token;$/),
      "copy sessions to 'x';",
      '',
    ]);
    expect(kept).not.toContain('ghp_0123456789');
    expect(statSync(join(state, 'sql-history')).mode & 0o777).toBe(0o600);
  });
});
