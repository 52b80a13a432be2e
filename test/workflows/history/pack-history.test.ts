import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { locateRepository } from '../../../src/git/locate.ts';
import type { Repository } from '../../../src/git/repository.ts';
import { acquireLock } from '../../../src/process/lock.ts';
import { readArchives } from '../../../src/store/archive/archives.ts';
import { changedLogs, lookAtSessions } from '../../../src/store/index-state.ts';
import { archivesFile } from '../../../src/store/layout.ts';
import { readIndex } from '../../../src/store/session-index.ts';
import { offerSessions } from '../../../src/workflows/completion.ts';
import { packHistory, planPacking } from '../../../src/workflows/pack-history.ts';
import { newestSummaries, summaries } from '../../../src/workflows/summaries.ts';
import { verify } from '../../../src/workflows/verify.ts';
import { exec, git, makeRepo } from '../../support/repo.ts';
import { contextIn, make } from '../../support/sessions.ts';
import { answersIn, closeIn, packIn } from './pack-world.ts';

const SCRIPT = join(import.meta.dirname, '../../../scripts/verify-history.mjs');
const HOUR = 3_600_000;

let dir: string;
let repo: Repository;
let ids: string[];
const archive = async (): Promise<string> => git(dir, 'for-each-ref', '--format=%(refname)', 'refs/amp/archive');
const script = () => exec(dir, process.execPath, [SCRIPT, dir]);

beforeAll(async () => {
  dir = await makeRepo();
  repo = await locateRepository(dir);
  const ctx = await contextIn(dir);
  ids = [];
  for (const name of ['one', 'two', 'three', 'four']) ids.push((await make(ctx, { name })).session.id);
  await ctx.store.close();
  for (const id of ids.slice(0, 3)) await closeIn(dir, id);
});

describe('which sessions are packed', () => {
  const chosen = async (olderThanMs: number, all = false): Promise<string[]> =>
    (await planPacking(await contextIn(dir), { olderThanMs, all })).items.map(({ name }) => name);

  it('those that are closed and old; with --all also those that are quiet', async () => {
    expect(await chosen(HOUR)).toEqual([]);
    expect(await chosen(-HOUR)).toEqual(['one', 'two', 'three']);
    expect(await chosen(-HOUR, true)).toEqual(['one', 'two', 'three', 'four']);
  });

  it('a plan changes nothing, and says where they would go and what it saves', async () => {
    const before = await git(dir, 'for-each-ref');
    const plan = await planPacking(await contextIn(dir), { olderThanMs: -HOUR, all: false });
    expect(await git(dir, 'for-each-ref')).toBe(before);
    const month = new Date().toISOString().slice(0, 7);
    expect(new Set(plan.items.map((item) => item.archive.split('/').at(-1)))).toEqual(new Set([month]));
    expect(plan.refs.before - plan.refs.after).toBeGreaterThanOrEqual(2);
  });

  it('not one that a process works on, nor one of which something is not in git yet', async () => {
    const ctx = await contextIn(dir);
    const plan = await planPacking(ctx, { olderThanMs: -HOUR, all: false });
    const lock = await acquireLock(join(repo.commonDir, 'amp', 'locks', `session.${ids[0]}.lock`), { command: 'x' });
    const stranger = join(repo.commonDir, 'amp', 'wal', `sessions.${ids[1]}.somebody.ndjson`);
    writeFileSync(stranger, '');
    try {
      const { packed, skipped } = await packHistory(ctx, { items: plan.items.slice(0, 2) });
      expect(packed).toEqual([]);
      expect(skipped.map(({ name, why }) => [name, why])).toEqual([
        ['one', 'a process works on it'],
        ['two', 'not all of it is in git yet'],
      ]);
    } finally {
      lock.release();
      rmSync(stranger);
    }
  });
});

describe('once they are packed', () => {
  let before: string;
  beforeAll(async () => {
    before = await answersIn(dir);
    const done = await packIn(dir);
    expect(done.packed.map(({ name }) => name)).toEqual(['one', 'two', 'three']);
  });

  it('every answer is what it was', async () => {
    expect(await answersIn(dir)).toBe(before);
  });

  it('again: there is nothing to do', async () => {
    const refs = await git(dir, 'for-each-ref');
    expect((await packIn(dir)).packed).toEqual([]);
    expect(await git(dir, 'for-each-ref')).toBe(refs);
  });

  it('the index knows them without reading a log, in their order', async () => {
    const ctx = await contextIn(dir);
    const index = readIndex(repo).map(({ session }) => session);
    await summaries(ctx);
    expect(changedLogs(repo, { look: lookAtSessions(repo) })).toEqual([]);
    ctx.store.foldMany = () => Promise.reject(new Error('a log was read'));
    expect((await newestSummaries(ctx, { count: 2, isWanted: () => true })).more).toBe(true);
    expect((await summaries(ctx)).map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(readIndex(repo).map(({ session }) => session)).toEqual(index);
  });

  it('and finds them again when it was deleted, with the list of the archives', async () => {
    rmSync(join(repo.commonDir, 'amp', 'cache'), { recursive: true });
    expect((await offerSessions(dir)).map(({ value }) => value)).toEqual(expect.arrayContaining(ids));
    expect(await answersIn(dir)).toBe(before);
    expect(existsSync(archivesFile(repo, 'log'))).toBe(true);
  });

  it('the list comes from the cache while the refs are the same, and not from one of other refs', async () => {
    const other = (): Promise<Repository> => locateRepository(dir);
    const path = archivesFile(repo, 'log');
    const text = readFileSync(path, 'utf8');
    const names = async () => (await readArchives(await other(), 'log')).all().length;
    expect(await names()).toBe(3);
    writeFileSync(path, text.split('\n').slice(0, 3).join('\n').concat('\n'));
    expect(await names()).toBe(2);
    writeFileSync(path, text.replace('refs/amp/archive', 'refs/amp/elsewhere'));
    expect(await names()).toBe(3);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('what somebody lists in an archive of his own counts for his logs only', async () => {
    const own = await archive();
    const foreign = own.replace(/archive\/[^/]+/, 'archive/somebody');
    await git(dir, 'update-ref', foreign, own);
    const { all } = { all: (await readArchives(repo, 'log')).all() };
    expect(new Set(all.map((one) => one.archive))).toEqual(new Set([own]));
    expect((await script()).stdout).toContain('is listed, and not there');
    await git(dir, 'update-ref', '-d', foreign);
  });
});

describe('an archive that is damaged', () => {
  const damages: [string, (ref: string, tip: string) => Promise<unknown>, string][] = [
    ['is gone', (ref) => git(dir, 'update-ref', '-d', ref), 'is gone'],
    [
      'does not keep what it lists',
      async (ref, tip) => git(dir, 'update-ref', ref, await git(dir, 'commit-tree', `${tip}^{tree}`, '-m', 'x')),
      'does not keep',
    ],
    [
      'lists another end than the log has',
      async (ref, tip) => {
        const list = await git(dir, 'cat-file', 'blob', `${tip}:contents.ndjson`);
        const file = join(repo.commonDir, 'list');
        writeFileSync(file, `${list.replace(/"lastSeq":\d+/, '"lastSeq":99')}\n`);
        const blob = await git(dir, 'hash-object', '-w', file);
        const folder = (await git(dir, 'ls-tree', tip)).split('\n').find((line) => line.includes('\tsessions'))!;
        const made = await exec(dir, 'sh', [
          '-c',
          `printf '100644 blob ${blob}\\tcontents.ndjson\\n%s\\n' '${folder}' | git mktree`,
        ]);
        const parents = (await git(dir, 'show', '-s', '--format=%P', tip)).split(' ').flatMap((id) => ['-p', id]);
        const commit = await git(dir, 'commit-tree', made.stdout.trim(), ...parents, '-m', 'x');
        return git(dir, 'update-ref', ref, commit);
      },
      'does not end as the list says',
    ],
  ];

  it.each(damages)(
    '%s: verify says so, other sessions stay readable, and putting it back mends it',
    async (_, damage, detail) => {
      const ref = await archive();
      const tip = await git(dir, 'rev-parse', ref);
      expect((await verify(await contextIn(dir))).ok).toBe(true);
      expect((await script()).exitCode).toBe(0);
      await damage(ref, tip);
      const found = await verify(await contextIn(dir));
      expect(found.ok).toBe(false);
      expect(found.problems.map((problem) => problem.detail).join('\n')).toContain(detail);
      expect((await (await contextIn(dir)).store.read(`sessions/${ids[3]!}`)).events.length).toBeGreaterThan(1);
      if (detail === 'is gone') await packIn(dir);
      else await git(dir, 'update-ref', ref, tip);
      expect(await git(dir, 'rev-parse', ref)).toBe(tip);
    },
  );
});
