import { beforeAll, describe, expect, it } from 'vitest';
import { cli, cliJson } from '../support/cli.ts';
import { importHistory } from '../support/history.ts';
import { makeRepo, tempDir } from '../support/repo.ts';

describe('search, as a person types it', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await makeRepo();
    importHistory(dir, 3, 6);
  });

  it('shows what was found, and says how much more there is', async () => {
    const { stdout, stderr, exitCode } = await cli(dir, ['search', 'login page', '--limit', '2']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^(h\d{9} .* · \S+Z\n {2}Add a login page\n){2}$/);
    expect(stderr).toMatch(/^2 of \d+; --limit shows more, another word fewer\.\n$/);
  });

  it('finds no word by a refusal, in --json too', async () => {
    const { json: answer, exitCode } = await cliJson(dir, ['search', 'nowhere', '--since', '9000d']);
    expect(exitCode).toBe(1);
    expect(answer).toMatchObject({ schema: 'amp-sessions/search/v1', items: [], total: 0 });
    expect(answer.error.code).toBe('match.missing');
  });

  it('answers a program with what is found and where', async () => {
    const { json } = await cliJson(dir, ['search', '尺寸', '--limit', '1']);
    expect(json).toMatchObject({ items: [{ hits: [[21, 23]] }] });
  });

  it('asks another repository, one session of it, and gives ids alone', async () => {
    const found = await cli(tempDir(), ['search', 'login', 'page', '--repo', dir, '-q']);
    expect(found.exitCode).toBe(0);
    const ids = found.stdout.trim().split('\n');
    expect(ids.every((id) => /^h\d{9}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
    const [id] = ids as [string];
    const one = await cli(tempDir(), ['search', 'login page', '--repo', dir, '--session', id, '-q']);
    expect(one.stdout).toBe(`${id}\n`);
  });
});
