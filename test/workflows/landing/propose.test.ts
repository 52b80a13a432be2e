import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ProposeRequest, proposeSession } from '../../../src/workflows/landing/propose.ts';
import { undoLast } from '../../../src/workflows/landing/undo.ts';
import { git, tempDir } from '../../support/repo.ts';
import { checkoutOf, makeWorld, type World } from './world.ts';

const REQUEST: ProposeRequest = { squash: true, skipTests: false, dryRun: false };
const propose = (w: World, over: Partial<ProposeRequest> = {}) =>
  proposeSession(w.ctx, w.which, { ...REQUEST, ...over });

/** A world with two iterations whose main is at a bare remote. */
const published = async (options: Parameters<typeof makeWorld>[0] = {}) => {
  const w = await makeWorld(options);
  const remote = join(tempDir(), 'hub.git');
  await git(w.dir, 'init', '-q', '--bare', '-b', 'main', remote);
  await git(w.dir, 'remote', 'add', 'origin', remote);
  await git(w.dir, 'push', '-q', 'origin', 'main');
  await w.iterate(2);
  return { w, remote, there: (name: string) => git(remote, 'rev-parse', '--verify', `refs/heads/${name}`) };
};

describe('merge --pr', () => {
  it('squashes, pushes the branch alone, says where to open it, and merges nothing here', async () => {
    const { w, remote, there } = await published();
    const [main, before] = [await w.rev('main'), await checkoutOf(w.dir)];
    const answer = await propose(w);
    expect(answer).toMatchObject({
      target: 'main',
      squashed: 2,
      dryRun: false,
      pullRequest: { opened: false, host: 'other', remote: 'origin', branch: w.branch, base: 'main', pushed: true },
    });
    expect([await there(w.branch), await w.rev(w.branch)]).toEqual([answer.commit, answer.commit]);
    expect([await w.rev('main'), await there('main'), await checkoutOf(w.dir)]).toEqual([main, main, before]);
    expect(await git(remote, 'for-each-ref', '--format=%(refname)')).toBe(`refs/heads/${w.branch}\nrefs/heads/main`);
    expect(await w.subjects(`main..${w.branch}`)).toEqual(['Add lines to the file']);
    expect((await w.session()).pullRequest).toMatchObject({ remote: 'origin', commit: answer.commit, opened: false });
  });

  it('pushes every commit when told, and what came later the next time', async () => {
    const { w, there } = await published();
    expect(await propose(w, { squash: false })).toMatchObject({ squashed: 0 });
    expect(await w.subjects(`main..${w.branch}`)).toHaveLength(2);
    await w.iterate();
    const { commit } = await propose(w, { squash: false });
    expect(await there(w.branch)).toBe(commit);
  });

  it('replaces what it pushed itself, also after the squash was taken back', async () => {
    const { w, there } = await published();
    await propose(w);
    await undoLast(w.ctx, w.which, { dryRun: false });
    await w.iterate();
    const { commit } = await propose(w);
    expect(await there(w.branch)).toBe(commit);
    expect(await w.subjects(`main..${w.branch}`)).toHaveLength(1);
  });

  it('minds the gates, uncommitted work and conflicts, and pushes nothing then', async () => {
    const { w, remote } = await published({ session: { test: 'test ! -f agent.txt' } });
    await expect(propose(w)).rejects.toMatchObject({ code: 'gate.failed', exit: 4 });
    writeFileSync(join(w.worktree, 'mine.txt'), 'mine\n');
    await expect(propose(w)).rejects.toMatchObject({ code: 'session.dirty' });
    const other = await published();
    await other.w.upstream('agent.txt', 'somebody else\n');
    await expect(propose(other.w)).rejects.toMatchObject({ code: 'landing.conflict', exit: 3 });
    for (const at of [remote, other.remote])
      expect(await git(at, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
  });

  it('does not mind a dirty checkout of the target: nothing happens to it', async () => {
    const { w } = await published();
    writeFileSync(join(w.dir, 'a.txt'), 'edited\n');
    const before = await checkoutOf(w.dir);
    await propose(w);
    expect(await checkoutOf(w.dir)).toBe(before);
  });

  it('says what it would do, and does not', async () => {
    const { w, remote } = await published();
    const refs = await git(w.dir, 'for-each-ref');
    expect(await propose(w, { dryRun: true })).toMatchObject({
      dryRun: true,
      squashed: 2,
      pullRequest: { pushed: false },
    });
    expect(await git(w.dir, 'for-each-ref')).toBe(refs);
    expect(await git(remote, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
  });

  it('says what is missing where there is no remote', async () => {
    const w = await makeWorld();
    await w.iterate();
    await expect(propose(w)).rejects.toMatchObject({
      code: 'remote.missing',
      hint: expect.stringContaining('git remote add'),
    });
  });
});
