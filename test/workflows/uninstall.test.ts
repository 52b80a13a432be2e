import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { findSession } from '../../src/workflows/find-session.ts';
import { inventory } from '../../src/workflows/history/inventory.ts';
import { historySize } from '../../src/workflows/history/size.ts';
import { planUninstall, uninstall } from '../../src/workflows/history/uninstall.ts';
import { withJournal } from '../../src/workflows/journal.ts';
import { archiveSession, removeSession } from '../../src/workflows/put-away.ts';
import { summaries } from '../../src/workflows/summaries.ts';
import { git, makeRepo, sh } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const WORK = 'after: repeat\niterations:\n  - - run: echo work >> work.txt\n    - message: Worked.\n';
const TOLD = { keepHistory: false, unmerged: true, uncommitted: true };
const UNTOLD = { keepHistory: false, unmerged: false, uncommitted: false };

/** Every file and folder of `.git`, but what only says when something happened and the objects themselves. */
const stateOf = async (dir: string) => {
  const gitDir = join(dir, '.git');
  const names = (readdirSync(gitDir, { recursive: true }) as string[]).filter(
    (name) => !/^objects(\/|$)|^index$/.test(name),
  );
  const files = names.sort().map((name) => {
    const path = join(gitDir, name);
    return statSync(path).isDirectory() ? `${name}/` : `${name} ${readFileSync(path, 'utf8')}`;
  });
  const { stdout } = await sh(
    dir,
    'git for-each-ref; git status --porcelain; git worktree list; git stash list; ls -A',
  );
  return [...files, stdout];
};

/** Three sessions: one with work, one archived with uncommitted work, one removed. */
const live = async (dir: string) => {
  const ctx = await contextIn(dir);
  const agent = { name: 'scripted', mode: null, command: script(WORK) };
  const ids: string[] = [];
  for (const name of ['one', 'two', 'three']) {
    const { session, worktree } = await make(ctx, { name, agent });
    await runOnce(ctx, session.id);
    writeFileSync(join(worktree, 'mine.txt'), `${name}\n`);
    ids.push(session.id);
  }
  const told = { dryRun: false, unmerged: true, uncommitted: true };
  await archiveSession(ctx, await findSession(ctx, 'two', dir), told);
  await removeSession(ctx, await findSession(ctx, 'three', dir), told);
  return ids;
};

describe('a repository in which the program has been', () => {
  let dir: string;
  let before: string[];
  let ids: string[];
  beforeAll(async () => {
    dir = await makeRepo();
    await sh(dir, 'git branch amp-of-mine && git tag v1 && git notes add -m mine && git stash list');
    before = await stateOf(dir);
    ids = await live(dir);
  });

  it('history lists each ref and file there is, with what lies outside', async () => {
    const { items } = await inventory(await contextIn(dir));
    const own = (await git(dir, 'for-each-ref', '--format=%(refname)', 'refs/amp', 'refs/notes/amp')).split('\n');
    const names = items.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(own));
    expect(names).not.toContain('refs/heads/amp-of-mine');
    const ofKind = (kind: string) => items.filter((it) => it.kind === kind);
    expect([ofKind('branch').length, ofKind('worktree').length, ofKind('line').length]).toEqual([2, 1, 1]);
    expect(
      ofKind('snapshots')
        .map(({ name }) => name)
        .sort(),
    ).toEqual([ids[1], ids[2]].map((id) => `refs/amp/snapshots/${id}`).sort());
    const inAmp = readdirSync(join(dir, '.git/amp')).map((name) => join(dir, '.git/amp', name));
    expect(
      ofKind('file')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(inAmp.sort());
  });

  it('history size is what git says that nothing else leads to', async () => {
    const size = await historySize(await contextIn(dir));
    const all = await git(
      dir,
      'rev-list',
      '--objects',
      '--disk-usage',
      '--all',
      '--not',
      'main',
      'v1',
      'amp-of-mine',
      'refs/notes/commits',
    );
    // The empty tree of chains that keep something is counted where it comes first.
    expect(Math.abs(size.bytes - Number(all))).toBeLessThan(200);
    expect(size.kinds.map(({ kind, refs }) => [kind, refs])).toEqual([
      ['notes', 1],
      ['sessions', 3],
      ['code', 3],
      ['snapshots', 2],
      ['branches', 2],
    ]);
    expect(size.sessions.map(({ session }) => session).sort()).toEqual([...ids].sort());
    expect(size.fetch.withoutCode).toBeLessThan(size.fetch.bytes);
    expect([size.refs.all, size.advertisedBytes > 9 * 60, size.files.all > size.files.cache]).toEqual([9, true, true]);
  });

  it('uninstall refuses while work would be lost or somebody works, and changes nothing', async () => {
    const ctx = await contextIn(dir);
    const state = await stateOf(dir);
    const refused = await uninstall(ctx, UNTOLD).catch((error) => error);
    expect(refused).toMatchObject({ code: 'session.unmerged', message: expect.stringContaining('mine.txt') });
    const { losses } = await planUninstall(ctx, { ...UNTOLD, uncommitted: true });
    expect(losses.map(({ name, what }) => [name, what]).sort()).toEqual([
      ['one', '1 commit in no other branch'],
      ['two', '1 commit in no other branch'],
    ]);
    await withJournal(ctx, { id: ids[0]!, name: 'one', command: 'test' }, async () => {
      await expect(uninstall(ctx, TOLD)).rejects.toMatchObject({ code: 'session.busy' });
    });
    const now = await stateOf(dir);
    const isLasting = (line: string) => !/^amp\/(cache|locks|tips)/.test(line);
    expect(now.filter(isLasting)).toEqual(state.filter(isLasting));
  });

  it('uninstall leaves the repository as it was before the first session, and twice is once', async () => {
    expect((await planUninstall(await contextIn(dir), TOLD)).losses).toEqual([]);
    await uninstall(await contextIn(dir), TOLD);
    expect(await stateOf(dir)).toEqual(before);
    expect((await sh(dir, 'git fsck --strict --no-dangling')).stdout).toBe('');
    await uninstall(await contextIn(dir), TOLD);
    expect(await stateOf(dir)).toEqual(before);
    expect(existsSync(join(dir, '.git/amp'))).toBe(false);
  });
});

describe('uninstall --keep-history', () => {
  it('leaves the logs, which tell of sessions that were removed', async () => {
    const dir = await makeRepo();
    await live(dir);
    const refs = await git(dir, 'for-each-ref', '--format=%(refname)', 'refs/amp/sessions');
    await uninstall(await contextIn(dir), { ...TOLD, keepHistory: true });
    expect(await git(dir, 'for-each-ref', '--format=%(refname)', 'refs/amp/sessions')).toBe(refs);
    expect(await git(dir, 'branch', '--list', 'amp/*')).toBe('');
    expect(existsSync(join(dir, '.worktrees'))).toBe(false);
    expect((await summaries(await contextIn(dir))).map(({ name, removed }) => [name, removed]).sort()).toEqual([
      ['one', true],
      ['three', true],
      ['two', true],
    ]);
  });
});
