import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commitWorktree } from '../../src/git/commit-worktree.ts';
import { dirtyPaths } from '../../src/git/dirty.ts';
import { snapshotRef, takeSnapshot } from '../../src/git/snapshot.ts';
import { git, sh } from '../support/repo.ts';
import { BRANCH, lsTree, makeSession, type Session } from './support.ts';

const isRoot = process.getuid?.() === 0;
const pathsOf = (tree: string) => tree.split('\n').map((line) => line.split('\t')[1]);

describe('what lies in a worktree and is no plain file', () => {
  let session: Session;
  beforeAll(async () => {
    session = await makeSession();
    const { path } = session.wt;
    mkdirSync(join(path, 'odd'));
    await sh(path, 'mkfifo odd/pipe; echo x > odd/plain; ln -s /dev/zero odd/link; ln -s . odd/circle');
    // A socket stays where its server was as long as that listens.
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(path, 'odd/socket'), resolve));
    server.unref();
    if (isRoot) await sh(path, 'mknod odd/zero c 1 5; mknod odd/disk b 7 200');
    if (!isRoot) await sh(path, 'mkdir odd/closed; echo x > odd/closed/x; chmod 000 odd/closed');
  });

  afterAll(() => sh(session.wt.path, 'chmod -f 755 odd/closed'));

  it('is told by a snapshot, which holds the rest, and nothing of a file too large for it', async () => {
    const { repo, wt, parent } = session;
    const large = join(wt.path, 'odd/large');
    writeFileSync(large, '');
    truncateSync(large, 100 * 2 ** 30);
    const wish = { ref: snapshotRef('s1'), session: 's1', reason: 'rm', at: '2026-01-02T03:04:05.000Z', head: parent };
    const taken = (await takeSnapshot(repo, wt, wish))!;
    const why = Object.fromEntries(taken.skipped.map((one) => [one.path, one.why]));
    expect(why).toMatchObject({ 'odd/large': 'large', 'odd/pipe': 'special', 'odd/socket': 'special' });
    if (isRoot) expect(why).toMatchObject({ 'odd/zero': 'special', 'odd/disk': 'special' });
    if (!isRoot) expect(why).toMatchObject({ 'odd/closed': 'unreadable' });
    expect(taken.bytes).toBeLessThan(100);
    const held = pathsOf(await lsTree(session.dir, taken.tree)).filter((path) => path?.startsWith('odd/'));
    expect(held).toEqual(['odd/circle', 'odd/link', 'odd/plain']);
    await sh(wt.path, 'rm odd/large');
  });

  it('is not opened to be committed: links as what they say, the rest not at all', async () => {
    const { repo, wt, dir, parent } = session;
    const dirty = (await dirtyPaths(repo, wt)).map(({ path }) => path);
    expect(dirty.sort()).toEqual(['odd/circle', 'odd/link', 'odd/plain']);
    const made = (await commitWorktree(repo, wt, { branch: BRANCH, parent, message: 'm', leaveOut: [] }))!;
    const held = pathsOf(await lsTree(dir, made.commit)).filter((path) => path?.startsWith('odd/'));
    expect(held).toEqual(['odd/circle', 'odd/link', 'odd/plain']);
    expect(await git(dir, 'cat-file', '-p', `${made.commit}:odd/link`)).toBe('/dev/zero');
    const special = made.skipped.filter(({ why }) => why === 'special').map(({ path }) => path);
    expect(special).toEqual(expect.arrayContaining(['odd/pipe', 'odd/socket']));
    expect(made.size.files).toBe(3);
  });

  it('in the place of a committed file is its end, as far as git could say', async () => {
    const { repo, wt, dir } = session;
    const parent = await git(dir, 'rev-parse', BRANCH);
    await sh(wt.path, 'rm odd/plain b.txt; mkfifo odd/plain; mkdir b.txt; mkfifo b.txt/pipe');
    const made = await commitWorktree(repo, wt, { branch: BRANCH, parent, message: 'n', leaveOut: [] });
    const held = pathsOf(await lsTree(dir, made?.commit ?? parent));
    expect(held).not.toContain('b.txt');
    expect(held).not.toContain('b.txt/pipe');
    expect(held).toContain('odd/link');
    // What cannot be taken in stays as it was committed, and is told.
    expect([held.includes('odd/plain'), made?.skipped.some(({ path }) => path === 'odd/plain')]).toEqual([true, true]);
  });
});
