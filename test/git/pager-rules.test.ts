import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blobSizes } from '../../src/git/blob-sizes.ts';
import { diffDetails } from '../../src/git/diff.ts';
import { withoutDetails } from '../../src/git/diff-parse.ts';
import { openDifftool } from '../../src/git/difftool.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { findPager, pagerWantsPatch } from '../../src/git/pager.ts';
import { personEnvironment } from '../../src/git/person-environment.ts';
import type { Repository } from '../../src/git/repository.ts';
import { git, makeRepo } from '../support/repo.ts';

let dir: string;
let repo: Repository;
const before = { ...process.env };
const wasTerminal = process.stdout.isTTY;
beforeEach(async () => {
  dir = await makeRepo();
  repo = await locateRepository(dir);
});
afterEach(async () => {
  process.stdout.isTTY = wasTerminal;
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  writeFileSync(join(process.env['HOME']!, '.gitconfig'), '');
});
const config = (text: string): void => writeFileSync(join(process.env['HOME']!, '.gitconfig'), text);

describe('findPager for a command', () => {
  it.each([
    ['[pager]\n\tdiff = delta', 'delta', 'less', undefined],
    ['[pager]\n\tdiff = delta\n[core]\n\tpager = most', 'delta', 'most', undefined],
    ['[pager]\n\tdiff = true\n[core]\n\tpager = most', 'most', 'most', undefined],
    ['[pager]\n\tdiff = false\n[core]\n\tpager = most', undefined, 'most', undefined],
    ['[pager]\n\tdiff = 0', undefined, 'less', undefined],
    ['[pager]\n\tdiff = delta', 'mine', 'mine', 'mine'],
  ])('%j', async (text, forDiff, forLog, variable) => {
    config(`${text}\n`);
    if (variable) process.env['GIT_PAGER'] = variable;
    expect(await findPager(repo, 'diff')).toBe(forDiff);
    expect(await findPager(repo, 'log')).toBe(forLog);
    expect(await findPager(repo)).toBe(forLog);
  });

  it('never asks the repository', async () => {
    await git(dir, 'config', 'pager.diff', 'evil');
    await git(dir, 'config', 'pager.log', 'false');
    expect([await findPager(repo, 'diff'), await findPager(repo, 'log')]).toEqual(['less', 'less']);
  });
});

describe('pagerWantsPatch', () => {
  it.each([
    ['delta', true],
    ['/opt/bin/delta --dark', true],
    ['diff-so-fancy | less --tabs=4 -RFX', true],
    ['perl /usr/share/git/diff-highlight | less', true],
    ['less -FRX', false],
    ['less -p delta-force', false],
    ['mydelta', false],
  ])('%s: %s', async (pager, expected) => {
    process.env['GIT_PAGER'] = pager;
    process.stdout.isTTY = true;
    expect(await pagerWantsPatch(repo)).toBe(expected);
    process.stdout.isTTY = false;
    expect(await pagerWantsPatch(repo)).toBe(false);
  });
});

describe('personEnvironment', () => {
  it('is the user’s own, without git’s variables and the repository’s folders', () => {
    Object.assign(process.env, {
      LANG: 'de_DE.UTF-8',
      LC_ALL: 'C.UTF-8',
      LANGUAGE: 'de',
      GIT_DIR: '/x',
      GIT_PAGER: 'p',
    });
    process.env['PATH'] = `${dir}:${before['PATH']}`;
    const env = personEnvironment([dir]);
    expect(env).toMatchObject({ LANG: 'de_DE.UTF-8', LC_ALL: 'C.UTF-8', LANGUAGE: 'de', GIT_PAGER: 'p' });
    expect(Object.keys(env).filter((name) => name.startsWith('GIT_'))).toEqual(['GIT_PAGER']);
    expect(env['PATH']!.split(':')).not.toContain(dir);
    delete process.env['LC_ALL'];
    expect(personEnvironment([dir])).not.toHaveProperty('LC_ALL');
  });
});

describe('diffDetails and blobSizes', () => {
  it('tell modes, ids and sizes', async () => {
    const from = await git(dir, 'rev-parse', 'HEAD');
    writeFileSync(join(dir, 'a.txt'), 'changed\n');
    await git(dir, 'update-index', '--chmod=+x', 'b.txt');
    await git(dir, 'rm', '-q', 'src/c.txt');
    await git(dir, 'commit', '-qam', 'x');
    await git(dir, 'update-index', '--chmod=+x', 'b.txt');
    await git(dir, 'commit', '-q', '--amend', '-m', 'x');
    const to = await git(dir, 'rev-parse', 'HEAD');
    const details = await diffDetails(repo, from, to);
    const blob = (rev: string): Promise<string> => git(dir, 'rev-parse', rev);
    expect(details[0]).toEqual({
      path: 'a.txt',
      status: 'modified',
      insertions: 1,
      deletions: 3,
      previousMode: '100644',
      mode: '100644',
      previousId: await blob(`${from}:a.txt`),
      id: await blob(`${to}:a.txt`),
    });
    expect(details.at(-1)).toMatchObject({ path: 'src/c.txt', mode: '000000', id: '0'.repeat(40) });
    expect(withoutDetails(details[0]!)).toEqual({ path: 'a.txt', status: 'modified', insertions: 1, deletions: 3 });
    expect((await diffDetails(repo, from, to, { pathspecs: ['src'] })).map(({ path }) => path)).toEqual(['src/c.txt']);

    const ids = [details[0]!.id, details[0]!.previousId, details[0]!.id, '1'.repeat(40)];
    expect([...(await blobSizes(repo, ids))]).toEqual([
      [details[0]!.id, 8],
      [details[0]!.previousId, 14],
    ]);
    expect([...(await blobSizes(repo, []))]).toEqual([]);
    await expect(blobSizes(repo, ['HEAD'])).rejects.toThrow();
  });
});

describe('openDifftool', () => {
  it('takes object ids only', async () => {
    const wish = { from: 'HEAD', to: '--help', tool: undefined, pathspecs: [], ask: false };
    await expect(openDifftool(repo, wish)).rejects.toMatchObject({ code: 'ref.missing' });
  });
});
