import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { isAppError } from '../../src/errors.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { mainlineCommits, mergedMessages } from '../../src/git/mainline.ts';
import type { Repository } from '../../src/git/repository.ts';
import { exec, git, makeRepo } from '../support/repo.ts';

let dir: string;
let repo: Repository;
let ids: Record<'first' | 'side' | 'main' | 'merge' | 'last', string>;

const commit = async (file: string, message: string, date: string): Promise<string> => {
  writeFileSync(join(dir, file), `${message}\n`);
  await git(dir, 'add', '-A');
  const env = { ...process.env, GIT_COMMITTER_DATE: date, GIT_AUTHOR_DATE: date };
  await exec(dir, 'git', ['commit', '-q', '-m', message], env);
  return git(dir, 'rev-parse', 'HEAD');
};

beforeAll(async () => {
  dir = await makeRepo();
  repo = await locateRepository(dir);
  const first = await git(dir, 'rev-parse', 'HEAD');
  await git(dir, 'checkout', '-q', '-b', 'side');
  await commit('s1.txt', 'One on the side\n\nWith a body: of two\n\nparagraphs.', '2026-01-02T03:04:05+05:00');
  const side = await commit('s2.txt', 'Two on the side', '2026-01-02T04:00:00Z');
  await git(dir, 'checkout', '-q', 'main');
  const main = await commit('m.txt', 'Meanwhile on main', '2026-01-03T00:00:00Z');
  await git(dir, 'merge', '-q', '--no-ff', '-m', "Merge branch 'side'", 'side');
  const merge = await git(dir, 'rev-parse', 'HEAD');
  const last = await commit('l.txt', 'Ünïcode – ✓\n\nLast.', '2026-02-01T23:30:00-02:00');
  ids = { first, side, main, merge, last };
});

describe('the commits of a branch, seen from the branch', () => {
  it('are those along first parents, newest first, with whole messages', async () => {
    const found = await mainlineCommits(repo, ids.last, 100);
    expect(found.map(({ id }) => id)).toEqual([ids.last, ids.merge, ids.main, ids.first]);
    expect(found[0]).toEqual({
      id: ids.last,
      parents: [ids.merge],
      committedAt: '2026-02-02T01:30:00.000Z',
      message: 'Ünïcode – ✓\n\nLast.',
    });
    expect(found[1]).toMatchObject({ parents: [ids.main, ids.side], message: "Merge branch 'side'" });
    expect(found.at(-1)).toMatchObject({ parents: [], message: 'first' });
  });

  it('as many as wanted', async () => {
    expect((await mainlineCommits(repo, ids.last, 2)).map(({ id }) => id)).toEqual([ids.last, ids.merge]);
  });

  it('of a commit that is not there: an error of git; a name is no id', async () => {
    const error = await mainlineCommits(repo, '0'.repeat(40), 1).catch((thrown: unknown) => thrown);
    expect(isAppError(error, 'git.failed')).toBe(true);
    await expect(mainlineCommits(repo, '--output=x', 1)).rejects.toThrow();
  });

  it('an own log format or signature display of the user changes nothing', async () => {
    await git(dir, 'config', 'log.showSignature', 'true');
    await git(dir, 'config', 'format.pretty', 'oneline');
    await git(dir, 'config', 'log.date', 'relative');
    expect((await mainlineCommits(repo, ids.last, 1))[0]!.committedAt).toBe('2026-02-02T01:30:00.000Z');
  });
});

describe('what a merge brought', () => {
  it('is told by the messages of its commits, oldest first', async () => {
    expect(await mergedMessages(repo, { into: ids.main, merged: ids.side, most: 10 })).toEqual([
      'One on the side\n\nWith a body: of two\n\nparagraphs.',
      'Two on the side',
    ]);
  });

  it('the newest of many', async () => {
    expect(await mergedMessages(repo, { into: ids.main, merged: ids.side, most: 1 })).toEqual(['Two on the side']);
  });

  it('nothing, where everything was there', async () => {
    expect(await mergedMessages(repo, { into: ids.merge, merged: ids.side, most: 10 })).toEqual([]);
  });
});
