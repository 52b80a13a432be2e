import { beforeAll, describe, expect, it } from 'vitest';
import { cli, cliJson } from '../support/cli.ts';
import { importHistory } from '../support/history.ts';
import { makeRepo, tempDir } from '../support/repo.ts';

describe('metrics', () => {
  let full: string;
  let empty: string;
  beforeAll(async () => {
    [full, empty] = [await makeRepo(), await makeRepo()];
    importHistory(full, 3, 6);
  });

  it('answers about a session by a prefix of its id, its name or its branch, as one document', async () => {
    const { json } = await cliJson(full, ['metrics', 'task 3 -']);
    expect(json).toMatchObject({ schema: 'amp-sessions/metrics/v1', session: 'h000000003', sessions: 1 });
    expect(json.costUsd).toMatch(/^\d+\.\d{6}$/);
    const { json: one } = await cliJson(empty, ['metrics', 'amp/task-3/1', '--repo', full]);
    expect(one).toEqual(json);
  });

  it('answers about all, on a pipe without colours and charts', async () => {
    const { stdout, stderr, exitCode } = await cli(full, ['metrics', '--group-by', 'session']);
    expect([stderr, exitCode]).toEqual(['', 0]);
    expect(stdout).toMatch(/^6 sessions in .*\n\nSESSION +NAME +ITER/);
    expect(stdout).toMatch(/\nh000000003 +task 3 - +6 .*\n/);
    expect(stdout).toMatch(/\nall +\d+ /);
    expect(stdout).not.toMatch(/\u001b|█/);
  });

  it('has days of where a person is, or of UTC', async () => {
    const env = { TZ: 'Pacific/Kiritimati' };
    const [local, utc] = [
      (await cliJson(full, ['metrics', '--group-by', 'day'], env)).json,
      (await cliJson(full, ['metrics', '--group-by', 'day', '--utc'], env)).json,
    ];
    expect([local.timeZone, utc.timeZone]).toEqual(['Pacific/Kiritimati', 'UTC']);
    expect(local.days).not.toEqual(utc.days);
    expect(local.iterations).toBe(utc.iterations);
    const unknown = await cli(full, ['metrics', '-g', 'day'], { TZ: 'Nowhere/Else' });
    expect(unknown.stderr).toBe('! The time zone Nowhere/Else is not known here: days are those of UTC.\n');
    expect(unknown.stdout).toMatch(/\nDAY \(UTC\) +ITER/);
  });

  it('spans repositories, from anywhere', async () => {
    const argv = ['metrics', '--repo', full, '--repo', empty, '--group-by', 'repository'];
    const { json } = await cliJson(tempDir(), argv);
    expect(json.repositories).toEqual([full, empty]);
    expect(json.groups).toMatchObject([{ group: full, figures: { sessions: 6 } }]);
  });

  it('says so where there is nothing, and where nothing happened then', async () => {
    const none = await cli(empty, ['metrics']);
    expect([none.stdout, none.exitCode]).toEqual(['', 0]);
    expect(none.stderr).toContain('No sessions yet.');
    const then = await cli(full, ['metrics', '--until', '2001-01-01']);
    expect([then.stdout, then.exitCode]).toEqual(['', 0]);
    expect(then.stderr).toContain('Nothing happened in that time');
  });

  it.each([
    ['an unknown session', ['nope'], 'session.missing', 1, /`amp-sessions list/],
    ['a session among several repositories', ['h000000003', '--all'], 'usage.invalid', 2, /^Leave --all away/],
    ['an end before the beginning', ['--since', 'today', '--until', '2d'], 'usage.invalid', 2, /^Exchange them/],
  ])('refuses %s with the next step', async (_, argv, code, exit, hint) => {
    const { json, exitCode } = await cliJson(full, ['metrics', ...argv]);
    expect([json.error.code, exitCode]).toEqual([code, exit]);
    expect(json.error.hint).toMatch(hint);
  });

  it('needs a repository', async () => {
    const { json, exitCode } = await cliJson(tempDir(), ['metrics']);
    expect([json.error.code, exitCode]).toEqual(['repository.missing', 1]);
  });
});
