import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { locateRepository } from '../../src/git/locate.ts';
import { openQuarantine } from '../../src/git/quarantine.ts';
import { presentCommits } from '../../src/git/sync-fetch.ts';
import { git, makeRepo, sh } from '../support/repo.ts';

const packsOf = (dir: string, ending: string): string[] =>
  readdirSync(join(dir, '.git/objects/pack')).filter((name) => name.endsWith(ending));

/** A repository, and a commit of another one that is in the quarantine of the first alone. */
const scene = async () => {
  const [dir, other] = [await makeRepo(), await makeRepo()];
  await sh(other, 'echo new > new.txt && git add new.txt && git commit -qm new');
  const commit = await git(other, 'rev-parse', 'HEAD');
  const repo = await locateRepository(dir);
  const quarantine = openQuarantine(repo);
  const fill = () =>
    sh(other, `git rev-list --objects HEAD | git pack-objects -q '${join(quarantine.dir, 'pack/pack')}'`);
  await fill();
  return { dir, other, commit, repo, quarantine, fill };
};

it('what is in it is not in the repository before it is adopted, and never if it is not', async () => {
  const { dir, commit, repo, quarantine } = await scene();
  expect(await presentCommits(repo, [commit])).toEqual(new Set(['']));
  quarantine.dispose();
  expect(existsSync(join(dir, '.git/amp/incoming'))).toBe(false);
  expect(await git(dir, 'fsck', '--no-dangling')).toBe('');
});

it('what was adopted outlives any gc while nothing leads to it, and only so long', async () => {
  const { dir, commit, repo, quarantine } = await scene();
  const kept = quarantine.adopt();
  quarantine.dispose();
  expect(packsOf(dir, '.keep')).toHaveLength(1);
  await sh(dir, 'git gc -q --prune=now && git repack -adq && git prune --expire=now');
  expect(await presentCommits(repo, [commit])).toEqual(new Set([commit]));
  expect(await git(dir, 'log', '--format=%s', '-1', commit)).toBe('new');
  kept.release();
  expect(packsOf(dir, '.keep')).toEqual([]);
  await sh(dir, 'git gc -q --prune=now');
  expect(await presentCommits(repo, [commit])).toEqual(new Set(['']));
});

it('a pack that is there already is taken as it is, and one that somebody else keeps stays kept', async () => {
  const { dir, commit, repo, quarantine } = await scene();
  quarantine.adopt().release();
  const [pack] = packsOf(dir, '.pack').filter((name) => existsSync(join(quarantine.dir, 'pack', name)));
  const keep = join(dir, '.git/objects/pack', pack!.replace('.pack', '.keep'));
  writeFileSync(keep, 'mine\n');
  quarantine.adopt().release();
  expect(readFileSync(keep, 'utf8')).toBe('mine\n');
  expect(await presentCommits(repo, [commit])).toEqual(new Set([commit]));
  expect(await git(dir, 'fsck', '--no-dangling')).toBe('');
});

it('single objects come along, and nothing that is no object', async () => {
  const { dir, other, quarantine } = await scene();
  const blob = (await sh(other, 'echo alone | git hash-object -w --stdin')).stdout.trim();
  const [fan, rest] = [blob.slice(0, 2), blob.slice(2)];
  mkdirSync(join(quarantine.dir, fan));
  writeFileSync(join(quarantine.dir, fan, rest), readFileSync(join(other, '.git/objects', fan, rest)));
  writeFileSync(join(quarantine.dir, 'pack', 'tmp_pack_x'), 'half a pack');
  writeFileSync(join(quarantine.dir, 'pack', 'pack-x.keep'), 'theirs');
  quarantine.adopt().release();
  expect(await git(dir, 'cat-file', 'blob', blob)).toBe('alone');
  expect(packsOf(dir, '_x')).toEqual([]);
  expect(packsOf(dir, '.keep')).toEqual([]);
});

it('what one that died has left goes when the next one opens', async () => {
  const { dir, commit, repo, quarantine } = await scene();
  quarantine.adopt();
  expect(packsOf(dir, '.keep')).toHaveLength(1);
  const next = openQuarantine(repo);
  expect(packsOf(dir, '.keep')).toEqual([]);
  expect(existsSync(quarantine.dir)).toBe(false);
  expect(readdirSync(join(next.dir, 'pack'))).toEqual([]);
  expect(await presentCommits(repo, [commit])).toEqual(new Set([commit]));
  next.dispose();
});
