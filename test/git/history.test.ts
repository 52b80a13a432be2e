import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isAncestor, listCommits, mergeBase, unmergedCommits, userIdentity } from '../../src/git/commits.ts';
import { initRepository } from '../../src/git/init.ts';
import { git, sh, tempDir } from '../support/repo.ts';
import { BRANCH, makeSession, startsOf } from './support.ts';

describe('listCommits', () => {
  it('tells what each commit says, oldest first', async () => {
    const { repo, wt, parent, dir } = await makeSession();
    const file = join(tempDir(), 'message');
    const commit = async (message: string, env = ''): Promise<string> => {
      writeFileSync(file, message);
      await sh(wt.path, `${env} git commit -q --allow-empty --allow-empty-message --cleanup=verbatim -F '${file}'`);
      return git(wt.path, 'rev-parse', 'HEAD');
    };
    const dated =
      'TZ=Asia/Tokyo GIT_AUTHOR_DATE="2024-02-29T12:00:00+0900" GIT_COMMITTER_DATE="2024-03-01T09:00:00+0900"';
    const one = await commit(
      'amp: first line\n\nBody: not a trailer\n\nmore\n\nAmp-Session: s1\nAmp-Iteration: 2\nCo-authored-by: A <a@b>\nCo-authored-by: B\n  <b@c>\n',
      dated,
    );
    const two = await commit('', 'GIT_AUTHOR_NAME="Zoë \\"x\\" <y" GIT_AUTHOR_EMAIL="weird@\x01"');
    const three = await commit('only a subject\nthat goes on\n\ntoString: x\nconstructor: y\n');
    const list = await listCommits(repo, { from: parent, to: three });
    expect(list.map(({ id, parents }) => [id, parents])).toEqual([
      [one, [parent]],
      [two, [one]],
      [three, [two]],
    ]);
    expect(list[0]).toMatchObject({
      author: { name: 'Test User', email: 'test@example.com' },
      authoredAt: '2024-02-29T03:00:00.000Z',
      committedAt: '2024-03-01T00:00:00.000Z',
      subject: 'amp: first line',
      trailers: { 'Amp-Session': 's1', 'Amp-Iteration': '2', 'Co-authored-by': 'A <a@b>\nB <b@c>' },
    });
    expect(list[1]).toMatchObject({ subject: '', trailers: {}, author: { name: expect.stringContaining('Zoë') } });
    expect(list[2]!.subject).toBe('only a subject that goes on');
    expect(Object.keys(list[2]!.trailers)).toEqual(['toString', 'constructor']);
    expect(await listCommits(repo, { from: three, to: three })).toEqual([]);
    expect((await listCommits(repo, { from: null, to: `refs/heads/${BRANCH}` })).length).toBe(4);
    await git(dir, 'config', 'log.showSignature', 'true');
    await git(dir, 'config', 'log.follow', 'true');
    await git(dir, 'config', 'format.pretty', 'oneline');
    await git(dir, 'config', 'log.date', 'raw');
    expect(await listCommits(repo, { from: parent, to: three })).toEqual(list);
    expect(await startsOf(() => listCommits(repo, { from: parent, to: three }))).toEqual(['log']);
  });

  it('knows merges and roots', async () => {
    const { repo, dir, parent } = await makeSession();
    await sh(
      dir,
      'git checkout -q --orphan lone && git commit -qm lone && git checkout -q main && git merge -q --allow-unrelated-histories -m merged lone',
    );
    const tip = await git(dir, 'rev-parse', 'main');
    const list = await listCommits(repo, { from: null, to: tip });
    expect(list.map(({ parents }) => parents.length).sort()).toEqual([0, 0, 2]);
    expect(list.at(-1)?.parents[0]).toBe(parent);
  });

  it.each(['HEAD', '--output=/tmp/amp-owned', 'main', '', '-1', 'refs/heads/main..refs/heads/x', 'refs/heads/x y'])(
    'refuses %j',
    async (name) => {
      const { repo, parent } = await makeSession();
      await expect(listCommits(repo, { from: parent, to: name })).rejects.toMatchObject({ code: 'ref.missing' });
      await expect(listCommits(repo, { from: name, to: parent })).rejects.toMatchObject({ code: 'ref.missing' });
      await expect(isAncestor(repo, name, parent)).rejects.toMatchObject({ code: 'ref.missing' });
      await expect(mergeBase(repo, parent, name)).rejects.toMatchObject({ code: 'ref.missing' });
    },
  );

  it('fails on a commit that is not there', async () => {
    const { repo, parent } = await makeSession();
    const none = '1'.repeat(40);
    await expect(listCommits(repo, { from: parent, to: none })).rejects.toMatchObject({ code: 'git.failed' });
    await expect(listCommits(repo, { from: none, to: parent })).rejects.toMatchObject({ code: 'git.failed' });
    await expect(isAncestor(repo, none, parent)).rejects.toMatchObject({ code: 'git.failed' });
    await expect(mergeBase(repo, none, parent)).rejects.toMatchObject({ code: 'git.failed' });
  });
});

describe('listCommits without what others have', () => {
  it('leaves out the commits of every id in `not` that is there', async () => {
    const { repo, wt, dir, parent } = await makeSession();
    await sh(wt.path, 'for i in 1 2 3; do git commit -q --allow-empty -m $i; done');
    await sh(dir, 'git commit -q --allow-empty -m main');
    const tip = await git(wt.path, 'rev-parse', 'HEAD');
    const main = await git(dir, 'rev-parse', 'HEAD');
    const subjects = async (not: string[]) =>
      (await listCommits(repo, { from: parent, to: tip, not })).map(({ subject }) => subject);
    expect(await subjects([main, '1'.repeat(40)])).toEqual(['1', '2', '3']);
    expect(await subjects(['1'.repeat(40), await git(dir, 'rev-parse', `${tip}~1`), main])).toEqual(['3']);
    await expect(listCommits(repo, { from: parent, to: '2'.repeat(40), not: [main] })).rejects.toMatchObject({
      code: 'git.failed',
    });
    await expect(listCommits(repo, { from: parent, to: tip, not: ['--all'] })).rejects.toMatchObject({
      code: 'ref.missing',
    });
  });
});

describe('isAncestor, mergeBase and unmergedCommits', () => {
  it('know how commits hang together', async () => {
    const { repo, dir, wt, parent } = await makeSession();
    await sh(wt.path, 'git commit -q --allow-empty -m 1 && git commit -q --allow-empty -m 2');
    await git(dir, 'commit', '-q', '--allow-empty', '-m', 'on main');
    const tip = await git(wt.path, 'rev-parse', 'HEAD');
    const main = await git(dir, 'rev-parse', 'HEAD');
    const lone = await git(dir, 'commit-tree', `${main}^{tree}`, '-m', 'lone');
    expect(await isAncestor(repo, parent, tip)).toBe(true);
    expect(await isAncestor(repo, tip, parent)).toBe(false);
    expect(await isAncestor(repo, tip, tip)).toBe(true);
    expect(await mergeBase(repo, tip, main)).toBe(parent);
    expect(await mergeBase(repo, tip, lone)).toBeUndefined();
    expect(await unmergedCommits(repo, BRANCH, parent)).toBe(2);
    expect(await unmergedCommits(repo, 'never', parent)).toBe(0);
    await git(dir, 'branch', 'keeps', `${tip}~1`);
    expect(await unmergedCommits(repo, BRANCH, parent)).toBe(1);
    await git(dir, 'tag', 'v1', tip);
    expect(await unmergedCommits(repo, BRANCH, parent)).toBe(0);
    await git(dir, 'tag', '-d', 'v1');
    await git(dir, 'update-ref', 'refs/amp/code/x/y', tip);
    expect(await unmergedCommits(repo, BRANCH, parent)).toBe(1);
    await git(dir, 'update-ref', 'refs/remotes/origin/x', tip);
    expect(await unmergedCommits(repo, BRANCH, parent)).toBe(0);
  });
});

describe('userIdentity', () => {
  it('is what configuration or environment say, or nobody', async () => {
    const { repo, dir } = await makeSession();
    expect(await userIdentity(repo)).toEqual({ name: 'Test User', email: 'test@example.com' });
    await git(dir, 'config', 'author.email', 'author@example.com');
    expect(await userIdentity(repo)).toEqual({ name: 'Test User', email: 'author@example.com' });
    process.env['GIT_AUTHOR_NAME'] = 'Env';
    try {
      expect(await userIdentity(repo)).toEqual({ name: 'Env', email: 'author@example.com' });
    } finally {
      delete process.env['GIT_AUTHOR_NAME'];
    }
    await git(dir, 'config', '--unset', 'user.name');
    expect(await userIdentity(repo)).toBeNull();
    await git(dir, 'config', '--global', 'user.name', 'Global');
    expect(await userIdentity(repo)).toEqual({ name: 'Global', email: 'author@example.com' });
    await git(dir, 'config', '--global', '--unset', 'user.name');
  });
});

describe('initRepository', () => {
  it('makes a repository with one commit, no hooks, and the user as author', async () => {
    const dir = join(tempDir(), 'new/repo');
    const repo = await initRepository(dir, { files: { 'a/b.txt': 'x\n', c: '' }, message: 'begin', branch: 'trunk' });
    expect(repo).toMatchObject({ root: dir, bare: false, here: { path: dir } });
    expect(await git(dir, 'log', '--format=%s %an', '--name-only')).toBe('begin amp-sessions\n\na/b.txt\nc');
    expect(await git(dir, 'symbolic-ref', '--short', 'HEAD')).toBe('trunk');
    expect((await sh(dir, 'ls .git/hooks 2>/dev/null; git status --porcelain')).stdout).toBe('');
  });
});
