import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { statusOf } from '../../../src/session/conclusions.ts';
import { squashSession } from '../../../src/workflows/landing/squash.ts';
import { git, sh } from '../../support/repo.ts';
import { checkoutOf, makeWorld } from './world.ts';

const squash = { dryRun: false } as const;

describe('squash', () => {
  it('makes one commit of all iterations, from the merge-base, though the base has moved on', async () => {
    const w = await makeWorld();
    await w.iterate(3);
    const fork = await w.rev('main');
    await w.upstream('up.txt', 'upstream\n');
    const [before, tree, tip] = [await checkoutOf(w.dir), await w.tree(w.branch), await w.rev(w.branch)];
    const answer = await squashSession(w.ctx, w.which, squash);
    expect(answer).toMatchObject({
      session: w.id,
      previous: tip,
      mergeBase: fork,
      manual: 'keep',
      kept: [],
      dryRun: false,
    });
    expect(answer.replaced).toHaveLength(3);
    expect(await w.rev(w.branch)).toBe(answer.commit);
    expect(await w.rev(`${w.branch}^`)).toBe(fork);
    expect(await w.tree(w.branch)).toBe(tree);
    expect(await checkoutOf(w.dir)).toBe(before);
    expect(await git(w.worktree, 'status', '--porcelain')).toBe('');
    expect(await git(w.dir, 'log', '-1', '--format=%B', w.branch)).toBe(
      `Add lines to the file\n\n- Added line 1.\n- Added line 2.\n- Added line 3.\n\nAmp-Session: ${w.id}\nAmp-Iteration: 1-3\n`,
    );
  });

  it('keeps the iteration commits reachable through the log, and tells their notes at the new commit', async () => {
    const w = await makeWorld({ session: { test: 'true' } });
    await w.iterate(2);
    const { replaced, commit } = await squashSession(w.ctx, w.which, squash);
    await sh(w.dir, 'git reflog expire --expire=now --all && git gc -q --prune=now');
    for (const id of replaced) expect(await git(w.dir, 'cat-file', '-t', id)).toBe('commit');
    const note = await git(w.dir, 'notes', '--ref=amp', 'show', commit);
    const types = note.split('\n').map((line) => JSON.parse(line).type);
    expect(types.sort()).toEqual([
      'iteration.finished',
      'iteration.finished',
      'squash.finished',
      'test-run.finished',
      'test-run.finished',
    ]);
  });

  it("keeps a person's commits apart, on top, with author, message and date", async () => {
    const w = await makeWorld();
    await w.iterate();
    await sh(
      w.worktree,
      `echo mine > mine.txt && git add mine.txt && GIT_AUTHOR_DATE='2020-02-02T02:02:02+0300' git commit -q --author 'Ann <ann@x>' -m 'My own

      With a body'`,
    );
    await w.iterate();
    const tree = await w.tree(w.branch);
    const answer = await squashSession(w.ctx, w.which, { ...squash, message: 'All lines' });
    expect(await w.subjects(`main..${w.branch}`)).toEqual(['My own', 'All lines']);
    expect(await w.tree(w.branch)).toBe(tree);
    expect(await git(w.dir, 'log', '-1', '--format=%an %ae %aI|%b', w.branch)).toContain(
      'Ann ann@x 2020-02-02T02:02:02+03:00|',
    );
    expect(answer.kept).toEqual([await w.rev(w.branch)]);
    expect(await git(w.dir, 'show', '--format=', '--name-only', w.branch)).toBe('mine.txt');
  });

  it('refuses what cannot be kept apart, changes nothing, and takes it in when told', async () => {
    const w = await makeWorld();
    await w.iterate();
    await sh(
      w.worktree,
      "sed -i 's/line 1/LINE ONE/' agent.txt && git -c user.email=ann@x -c user.name=Ann commit -qam 'In the same line'",
    );
    await w.iterate();
    // The agent rewrote a line that only the person's commit had made.
    await sh(w.worktree, 'true');
    const tip = await w.rev(w.branch);
    const tree = await w.tree(w.branch);
    await expect(squashSession(w.ctx, w.which, squash)).rejects.toMatchObject({
      code: 'squash.inseparable',
      message: expect.stringContaining('agent.txt'),
      hint: expect.stringContaining('--manual include'),
    });
    expect([await w.rev(w.branch), (await w.session()).openOperation]).toEqual([tip, null]);
    await squashSession(w.ctx, w.which, { ...squash, manual: 'include' });
    expect(await w.tree(w.branch)).toBe(tree);
    expect(await w.subjects(`main..${w.branch}`)).toHaveLength(1);
    expect(await git(w.dir, 'log', '-1', '--format=%B', w.branch)).toContain('\nCo-authored-by: Ann <ann@x>\n');
  });

  it('leaves uncommitted edits and leftovers as they are', async () => {
    const w = await makeWorld();
    await w.iterate(2);
    writeFileSync(join(w.worktree, 'a.txt'), 'edited\n');
    writeFileSync(join(w.worktree, 'new.txt'), 'new\n');
    const status = await git(w.worktree, 'status', '--porcelain');
    await squashSession(w.ctx, w.which, squash);
    expect(await git(w.worktree, 'status', '--porcelain')).toBe(status);
    expect(status).toBe(' M a.txt\n?? new.txt');
  });

  it('takes upstream work that was merged into the branch for what it is', async () => {
    const w = await makeWorld();
    await w.iterate();
    const up = await w.upstream('up.txt', 'upstream\n');
    await git(w.worktree, 'merge', '-q', '--no-edit', 'main');
    await w.iterate();
    const tree = await w.tree(w.branch);
    const { mergeBase } = await squashSession(w.ctx, w.which, squash);
    expect(mergeBase).toBe(up);
    expect(await w.tree(w.branch)).toBe(tree);
    expect(await w.subjects(`main..${w.branch}`)).toEqual(['Add lines to the file']);
  });

  it('says what it would do, and does not', async () => {
    const w = await makeWorld();
    await w.iterate(2);
    const [refs, events] = [await git(w.dir, 'for-each-ref'), (await w.session()).events];
    const answer = await squashSession(w.ctx, w.which, { dryRun: true });
    expect(answer).toMatchObject({ dryRun: true, replaced: [expect.any(String), expect.any(String)] });
    expect([await git(w.dir, 'for-each-ref'), (await w.session()).events]).toEqual([refs, events]);
  });

  it('refuses when there is nothing to squash, or once it is squashed', async () => {
    const w = await makeWorld();
    await expect(squashSession(w.ctx, w.which, squash)).rejects.toMatchObject({ code: 'session.refused' });
    await w.iterate(2);
    await squashSession(w.ctx, w.which, squash);
    await expect(squashSession(w.ctx, w.which, squash)).rejects.toMatchObject({
      code: 'session.refused',
      hint: expect.stringContaining('--message'),
    });
    await squashSession(w.ctx, w.which, { ...squash, message: 'Better words' });
    expect(await w.subjects(`main..${w.branch}`)).toEqual(['Better words']);
    expect(await git(w.dir, 'log', '-1', '--format=%B', w.branch)).toContain('Amp-Iteration: 1-2');
    await w.iterate();
    await squashSession(w.ctx, w.which, squash);
    expect(await git(w.dir, 'log', '-1', '--format=%B', w.branch)).toContain('Amp-Iteration: 1-3');
    expect(statusOf(await w.session())).toBe('idle');
  });

  it('lets a person write the message', async () => {
    const w = await makeWorld();
    await w.iterate();
    const seen: string[] = [];
    const edit = async (start: string) => {
      seen.push(start);
      return 'Written by hand';
    };
    const answer = await squashSession(w.ctx, w.which, { ...squash, edit });
    expect(seen[0]).toMatch(/^Add lines to the file\n/);
    expect(answer.subject).toBe('Written by hand');
  });

  it('works with SHA-256, and in a repository that was empty', async () => {
    for (const options of [{ objectFormat: 'sha256' as const }, { empty: true }]) {
      const w = await makeWorld(options);
      await w.iterate(2);
      const tree = await w.tree(w.branch);
      await squashSession(w.ctx, w.which, squash);
      expect(await w.tree(w.branch)).toBe(tree);
      expect((await w.session()).operations).toMatchObject([{ verb: 'squash', undone: false }]);
    }
  });
});
