import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blame } from '../../../src/workflows/blame/blame.ts';
import { type MergeRequest, mergeSession } from '../../../src/workflows/landing/merge.ts';
import { squashSession } from '../../../src/workflows/landing/squash.ts';
import { undoLast } from '../../../src/workflows/landing/undo.ts';
import { removeSession } from '../../../src/workflows/put-away.ts';
import { program } from '../../git/support.ts';
import { rarely } from '../../support/rarely.ts';
import { git, sh, tempDir } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { makeWorld, type World } from '../landing/world.ts';
import { blamed, linesOf } from './support.ts';

const REQUEST: MergeRequest = { squash: true, noFf: false, skipTests: false, dryRun: false };
const merge = (w: World, over: Partial<MergeRequest> = {}) => mergeSession(w.ctx, w.which, { ...REQUEST, ...over });
const squash = (w: World, manual: 'keep' | 'include' = 'keep') =>
  squashSession(w.ctx, w.which, { manual, message: 'All of it', dryRun: false });

/** Two iterations with a person's commit between them, all in one file. */
const mixed = async (options: Parameters<typeof makeWorld>[0] = {}) => {
  const w = await makeWorld(options);
  await w.iterate();
  const text = readFileSync(join(w.worktree, 'agent.txt'), 'utf8');
  const hand = await w.byHand('agent.txt', `mine\n${text}`);
  await w.iterate();
  return Object.assign(w, { hand });
};

const WHO = ['mine < by hand: Test User', 'line 1 < iteration 1', 'line 2 < iteration 2'];

describe('blame of a session’s branch', () => {
  it.each(['sha1', 'sha256'] as const)(
    'names iterations and people, before and after a squash (%s)',
    async (objectFormat) => {
      const w = await mixed({ objectFormat });
      expect(await blamed(w.ctx, 'agent.txt', { session: w.id })).toEqual(WHO);
      const { squashed } = await squash(w, 'include');
      expect(await git(w.dir, 'rev-parse', `${squashed}^`)).toBe(await w.rev('main'));
      expect(await blamed(w.ctx, 'agent.txt', { session: w.id })).toEqual(WHO);
      expect(await blamed(w.ctx, 'agent.txt', { at: w.branch })).toEqual(WHO);
    },
  );

  it('finds in the squashed commit itself what a person took away again on top of it', async () => {
    const line =
      'if test -f second; then echo last >> a.txt; else sed -i "s/^one$/one\\nextra/" a.txt; touch second; fi';
    const w = await makeWorld({ line });
    const first = (await w.rev('main')).slice(0, 8);
    await w.iterate();
    await w.byHand('a.txt', 'one\ntwo\nthree\n', 'No extras');
    await w.iterate();
    const { squashed, kept } = await squash(w);
    expect(kept).toHaveLength(1);
    const old = ['one', 'two', 'three'].map((text) => `${text} < ${first}`);
    expect(await blamed(w.ctx, 'a.txt', { session: w.id })).toEqual([...old, 'last < iteration 2']);
    const [one, ...rest] = old;
    const inSquash = [one, 'extra < iteration 1', ...rest, 'last < iteration 2'];
    expect(await blamed(w.ctx, 'a.txt', { at: squashed })).toEqual(inSquash);
  });

  rarely('says which session, prompt and agent, and how many lines are whose', async () => {
    const w = await mixed();
    const { lines, summary, commit, path } = await blame(w.ctx, { cwd: w.dir, file: 'agent.txt', session: 'task' });
    expect([commit, path]).toEqual([await w.rev(w.branch), 'agent.txt']);
    const { iterations } = await w.session();
    expect(lines[1]!.origin).toMatchObject({
      kind: 'agent',
      commit: iterations[0]!.commit,
      session: w.id,
      name: 'task',
      iteration: 1,
      agent: 'command',
      mode: null,
      prompt: 'Add lines to the file',
      author: { name: 'Test User', email: 'test@example.com' },
      subject: 'amp: Added line 1.',
    });
    expect(lines[0]!.origin).toMatchObject({ kind: 'manual', commit: w.hand, session: w.id, name: 'task' });
    expect(lines[0]!.origin).not.toHaveProperty('prompt');
    expect(summary.map(({ kind, iteration, lines: count }) => [kind, iteration, count])).toEqual([
      ['manual', undefined, 1],
      ['agent', 1, 1],
      ['agent', 2, 1],
    ]);
  });

  it('knows a person’s commit that nobody recorded yet, in the session’s worktree, and what is not committed', async () => {
    const w = await makeWorld();
    await w.iterate();
    await w.byHand('agent.txt', 'line 1\nmine\n');
    writeFileSync(join(w.worktree, 'agent.txt'), 'line 1\nmine\nfresh\n');
    const own = ['line 1 < iteration 1', 'mine < by hand: Test User'];
    expect(await blamed(w.ctx, 'agent.txt', { cwd: w.worktree })).toEqual([...own, 'fresh < uncommitted']);
    expect(await blamed(w.ctx, join(w.worktree, 'agent.txt'))).toEqual([...own, 'fresh < uncommitted']);
    expect(await blamed(w.ctx, 'agent.txt', { session: w.id })).toEqual(own);
  });
});

describe('blame of what was merged', () => {
  it('goes back to the iterations through squash and rebase in one', async () => {
    const w = await makeWorld();
    await w.iterate(2);
    await w.byHand('mine.txt', 'mine\n');
    const up = await w.upstream('up.txt', 'upstream\n');
    const answer = await merge(w);
    expect(await w.rev('main')).toBe(answer.commit);
    const after = ['line 1 < iteration 1', 'line 2 < iteration 2'];
    expect(await blamed(w.ctx, 'agent.txt')).toEqual(after);
    expect(await blamed(w.ctx, 'mine.txt')).toEqual(['mine < by hand: Test User']);
    expect(await blamed(w.ctx, 'up.txt')).toEqual([`upstream < ${up.slice(0, 8)}`]);
    await sh(w.dir, 'echo later >> agent.txt && git commit -qam later');
    const later = (await w.rev('main')).slice(0, 8);
    expect(await blamed(w.ctx, 'agent.txt')).toEqual([...after, `later < ${later}`]);
  });

  it.each([
    ['without a squash', { squash: false }],
    ['with a merge commit', { noFf: true }],
    ['with a merge commit and no squash', { squash: false, noFf: true }],
  ])('%s', async (_, over) => {
    const w = await mixed();
    await w.upstream('up.txt', 'upstream\n');
    await merge(w, { ...over, manual: 'include' });
    expect(await blamed(w.ctx, 'agent.txt')).toEqual(WHO);
  });

  rarely('tells lines of upstream, of the agent and of people in one file apart', async () => {
    const w = await makeWorld({
      line: `sed -i "s/^two$/two of $AMP_SESSIONS_ITERATION/" a.txt; sed -i "$ a last $AMP_SESSIONS_ITERATION" a.txt`,
    });
    const first = (await w.rev('main')).slice(0, 8);
    await w.iterate(2);
    const up = (await w.upstream('a.txt', 'zero\none\ntwo\nthree\n')).slice(0, 8);
    await merge(w);
    const lines = [`zero < ${up}`, `one < ${first}`, 'two of 1 < iteration 1', `three < ${first}`];
    expect(await blamed(w.ctx, 'a.txt')).toEqual([...lines, 'last 1 < iteration 1', 'last 2 < iteration 2']);
  });

  it('follows a file that the agent renamed and upstream changed', async () => {
    const line = 'test -f a.txt && git mv a.txt moved.txt; echo "$AMP_SESSIONS_ITERATION" >> moved.txt';
    const w = await makeWorld({ line });
    const first = (await w.rev('main')).slice(0, 8);
    await w.iterate(2);
    const up = (await w.upstream('a.txt', 'zero\none\ntwo\nthree\n')).slice(0, 8);
    await merge(w);
    const old = ['one', 'two', 'three'].map((text) => `${text} < ${first}`);
    expect(await blamed(w.ctx, 'moved.txt')).toEqual([`zero < ${up}`, ...old, '1 < iteration 1', '2 < iteration 2']);
  });

  rarely('goes through one operation after the other, and those that were taken back', async () => {
    const w = await makeWorld();
    await w.iterate(2);
    await squash(w);
    await git(w.dir, 'branch', 'kept', w.branch);
    await undoLast(w.ctx, w.which, { dryRun: false });
    const two = ['line 1 < iteration 1', 'line 2 < iteration 2'];
    expect(await blamed(w.ctx, 'agent.txt', { at: 'kept' })).toEqual(two);
    await squash(w);
    await w.iterate(2);
    await squash(w);
    await w.upstream('up.txt', 'upstream\n');
    await merge(w);
    await w.iterate();
    await w.upstream('up.txt', 'upstream again\n');
    await merge(w);
    const all = [1, 2, 3, 4, 5].map((n) => `line ${n} < iteration ${n}`);
    expect(await blamed(w.ctx, 'agent.txt')).toEqual(all);
    await undoLast(w.ctx, w.which, { dryRun: false });
    expect(await blamed(w.ctx, 'agent.txt')).toEqual(all.slice(0, 4));
    expect(await blamed(w.ctx, 'agent.txt', { session: w.id })).toEqual(all);
  });

  it('holds after the session was removed, and everything was packed with a commit-graph', async () => {
    const w = await makeWorld();
    await w.iterate(2);
    await merge(w);
    await removeSession(w.ctx, w.which, { unmerged: true, dryRun: false } as never);
    await git(w.dir, 'gc', '-q', '--prune=now');
    await git(w.dir, 'commit-graph', 'write', '--reachable', '--changed-paths');
    const lines = ['line 1 < iteration 1', 'line 2 < iteration 2'];
    expect(await blamed(w.ctx, 'agent.txt')).toEqual(lines);
    expect(await blamed(w.ctx, 'agent.txt', { session: w.id })).toEqual(lines);
  });
});

describe('blame where not everything is here', () => {
  it('in a clone without the logs tells what the commits say themselves', async () => {
    const w = await makeWorld();
    await w.iterate(2);
    await git(w.dir, 'merge', '-q', w.branch);
    const clone = join(tempDir(), 'clone');
    await git(w.dir, 'clone', '-q', w.dir, clone);
    const found = await blame(await contextIn(clone), { cwd: clone, file: 'agent.txt' });
    expect(linesOf(found)).toEqual(['line 1 < iteration 1', 'line 2 < iteration 2']);
    expect(found.lines[0]!.origin).toMatchObject({ session: w.id, iteration: 1 });
    expect(found.lines[0]!.origin).not.toHaveProperty('name');
  });

  rarely(
    'with the notes alone knows the agent too; with the logs and without the old commits the session',
    async () => {
      const w = await makeWorld();
      await w.iterate(2);
      await merge(w);
      const clone = join(tempDir(), 'clone');
      await git(w.dir, 'clone', '-q', `file://${w.dir}`, clone);
      await git(clone, 'fetch', '-q', 'origin', 'refs/notes/amp:refs/notes/amp');
      const noted = await blame(await contextIn(clone), { cwd: clone, file: 'agent.txt' });
      expect(linesOf(noted)).toEqual(['line 1 < iteration ?', 'line 2 < iteration ?']);
      expect(noted.lines[0]!.origin).toMatchObject({ kind: 'agent', session: w.id, agent: 'command' });
      await git(clone, 'fetch', '-q', 'origin', 'refs/amp/sessions/*:refs/amp/sessions/*');
      const logged = await blame(await contextIn(clone), { cwd: clone, file: 'agent.txt' });
      expect(linesOf(logged)).toEqual(['line 1 < iteration ?', 'line 2 < iteration ?']);
      expect(logged.lines[0]!.origin).toMatchObject({ name: 'task', prompt: 'Add lines to the file' });
      await git(clone, 'fetch', '-q', 'origin', 'refs/amp/code/*:refs/amp/code/*');
      expect(await blamed(await contextIn(clone), 'agent.txt')).toEqual([
        'line 1 < iteration 1',
        'line 2 < iteration 2',
      ]);
    },
  );

  it('with a git that knows no grafts any more stays with the squash and its session', async () => {
    const w = await makeWorld();
    await w.iterate(2);
    await w.byHand('mine.txt', 'mine\n');
    await merge(w);
    const { PATH = '' } = process.env;
    const dir = tempDir();
    const real = (await sh(w.dir, 'command -v git')).stdout.trim();
    program(join(dir, 'git'), `unset GIT_GRAFT_FILE; exec '${real}' "$@"`);
    process.env['PATH'] = `${dir}:${PATH}`;
    try {
      expect(await blamed(w.ctx, 'agent.txt')).toEqual(['line 1 < iteration ?', 'line 2 < iteration ?']);
      expect(await blamed(w.ctx, 'mine.txt')).toEqual(['mine < by hand: Test User']);
      const { lines } = await blame(w.ctx, { cwd: w.dir, file: 'agent.txt' });
      expect(lines[0]!.origin).toMatchObject({ kind: 'agent', name: 'task', agent: 'command' });
    } finally {
      process.env['PATH'] = PATH;
    }
    expect(w.ctx.warnings).toEqual([]);
  });

  rarely('in a shallow clone stops where its history does', async () => {
    const w = await makeWorld();
    await w.iterate(2);
    await w.upstream('up.txt', 'upstream\n');
    await merge(w);
    const clone = join(tempDir(), 'clone');
    await git(w.dir, 'clone', '-q', '--depth', '1', `file://${w.dir}`, clone);
    await git(clone, 'fetch', '-q', '--depth', '1', 'origin', 'refs/amp/sessions/*:refs/amp/sessions/*').catch(
      () => {},
    );
    expect(await blamed(await contextIn(clone), 'agent.txt')).toHaveLength(2);
  });
});
