import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sessionLog } from '../../src/events/envelope.ts';
import { trustCommands } from '../../src/workflows/foreign-commands.ts';
import { rebaseSession } from '../../src/workflows/landing/rebase.ts';
import { continueRebase } from '../../src/workflows/landing/rebase-conflict.ts';
import { rewindSession } from '../../src/workflows/landing/rewind.ts';
import { squashSession } from '../../src/workflows/landing/squash.ts';
import { undoLast } from '../../src/workflows/landing/undo.ts';
import { archiveSession, removeSession } from '../../src/workflows/put-away.ts';
import { type ResumeWish, resumeSession } from '../../src/workflows/resume.ts';
import { sessionDiff } from '../../src/workflows/session-diff.ts';
import { readLogs } from '../../src/workflows/session-logs.ts';
import { newestSummaries, type SessionSummary, summaries } from '../../src/workflows/summaries.ts';
import { timeline } from '../../src/workflows/timeline.ts';
import { readSession } from '../../src/workflows/view.ts';
import { rarely } from '../support/rarely.ts';
import { git, sh, tempDir } from '../support/repo.ts';
import { contextIn, make, runOnce } from '../support/sessions.ts';
import { cloneOf, syncIn, twoClones } from './sync/world.ts';

const home = tempDir('amp-home-');
const open = (dir: string) =>
  contextIn(dir, { ...process.env, HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home });
/** Each iteration leaves a file called after what it was asked for. */
const agent = { name: 'command', mode: null, command: 'read word; echo "$word" > "$word.txt"; echo "said $word"' };
const which = (id: string) => ({ id, name: 'task' }) as SessionSummary;

const resume = async (dir: string, id: string, over: Partial<ResumeWish> = {}) =>
  resumeSession(await open(dir), which(id), { newThread: false, dryRun: false, ...over });
const work = async (dir: string, id: string, word: string) => {
  const ctx = await open(dir);
  await trustCommands(ctx, id);
  return runOnce(ctx, id, { prompt: word });
};
const rebase = async (dir: string, id: string, onto?: string) =>
  rebaseSession(await open(dir), which(id), { fetch: false, ...(onto !== undefined && { onto }) });
const look = async (dir: string, id: string) => readSession(await open(dir), id);
const treeOf = (dir: string, id: string) => join(dir, '.worktrees', id);
const has = (dir: string, id: string, ...words: string[]) =>
  words.map((word) => existsSync(join(treeOf(dir, id), `${word}.txt`)));
const branchIn = async (dir: string, id: string) => git(dir, 'rev-parse', (await look(dir, id)).branch);

/** A session with one iteration in the first clone, and the other has heard of it. */
const begun = async (over: object = {}) => {
  const world = await twoClones();
  const ctx = await open(world.a);
  const { session } = await make(ctx, { name: 'task', agent, ...over });
  await work(world.a, session.id, 'one');
  await syncIn(world.a);
  await syncIn(world.b);
  return { ...world, id: session.id };
};
const meet = async (...dirs: string[]) => {
  for (const dir of [...dirs, ...dirs.slice(0, -1)]) await syncIn(dir);
};
/** Both went on by themselves. */
const apart = async (inA = 'of-a', inB = 'of-b') => {
  const world = await begun();
  await resume(world.b, world.id);
  await work(world.a, world.id, inA);
  await work(world.b, world.id, inB);
  await meet(world.a, world.b);
  return world;
};
const writerIn = async (dir: string) => (await open(dir)).store.writer;
const refuses = (work: Promise<unknown>, code: string) => expect(work).rejects.toMatchObject({ code });

describe('a session of another clone', () => {
  let at: Awaited<ReturnType<typeof begun>>;
  beforeAll(async () => {
    at = await begun({ setup: 'echo ready > ready.txt' });
  });

  it('is foretold, with the commands that somebody has to confirm first', async () => {
    const { b, id } = at;
    const before = await git(b, 'for-each-ref');
    expect(await resume(b, id, { dryRun: true })).toMatchObject({
      state: 'resumed',
      branchWas: 'missing',
      dryRun: true,
      iterations: 1,
      untrusted: [expect.stringContaining('ready.txt'), agent.command],
    });
    await refuses(resume(b, id), 'config.untrusted');
    expect(await git(b, 'for-each-ref')).toBe(before);
    expect(existsSync(treeOf(b, id))).toBe(false);
  });

  rarely(
    'gets its branch and worktree where the log says, with the set-up; a second time nothing happens',
    async () => {
      const { a, b, id } = at;
      await trustCommands(await open(b), id);
      const done = await resume(b, id);
      expect(done).toMatchObject({
        state: 'resumed',
        branchWas: 'missing',
        commit: await branchIn(a, id),
        untrusted: [],
      });
      expect(await branchIn(b, id)).toBe(done.commit);
      expect(has(b, id, 'one', 'ready')).toEqual([true, true]);
      const { events } = await (await open(b)).store.read(sessionLog(id));
      expect(events.slice(-3).map(({ type }) => type)).toEqual(['session.resumed', 'worktree.added', 'setup.finished']);
      expect(events.at(-3)!.data).toMatchObject({ from: { writer: await writerIn(a) }, previous: null });
      expect(await resume(b, id)).toMatchObject({ state: 'there', branchWas: 'there' });
      expect((await (await open(b)).store.read(sessionLog(id))).events).toHaveLength(events.length);
    },
  );

  it('goes on there, and then here again: the branch and the files come along by themselves', async () => {
    const { a, b, id } = at;
    expect((await work(b, id, 'two')).iteration).toMatchObject({ iteration: 2 });
    await meet(b, a);
    writeFileSync(join(treeOf(a, id), 'edit.txt'), 'mine');
    await refuses(work(a, id, 'three'), 'session.dirty');
    rmSync(join(treeOf(a, id), 'edit.txt'));
    const third = await work(a, id, 'three');
    expect(third.iteration).toMatchObject({ iteration: 3, head: await branchIn(b, id) });
    expect(has(a, id, 'one', 'two', 'three')).toEqual([true, true, true]);
    expect((await look(a, id)).lines).toEqual([]);
  });

  rarely('is not brought up over what a person has at that place', async () => {
    const { up, a, id } = at;
    await syncIn(a);
    const c = await cloneOf(up);
    await syncIn(c);
    const { branch } = await look(c, id);
    await git(c, 'checkout', '-q', '-b', branch);
    await git(c, 'commit', '-q', '--allow-empty', '-m', 'mine');
    const mine = await git(c, 'rev-parse', 'HEAD');
    await trustCommands(await open(c), id);
    for (const dryRun of [true, false]) await refuses(resume(c, id, { dryRun }), 'branch.blocked');
    expect(await git(c, 'rev-parse', branch)).toBe(mine);
    await git(c, 'checkout', '-q', 'main');
    await git(c, 'branch', '-m', branch, 'mine');
    expect((await resume(c, id)).commit).toBe(await branchIn(a, id));
  });

  it('without its code says how to get it', async () => {
    const { up, id } = at;
    // Over a transport: a clone of a path takes every object along.
    const c = await cloneOf(`file://${up}`);
    await syncIn(c, { historyOnly: true });
    await trustCommands(await open(c), id);
    await expect(resume(c, id)).rejects.toMatchObject({ code: 'code.missing', hint: expect.stringContaining('sync') });
    await syncIn(c);
    expect(await resume(c, id)).toMatchObject({ state: 'resumed' });
  });
});

rarely('on the same machine brings back what was put away, removed or deleted', async () => {
  const { a, id } = await begun();
  const commit = await branchIn(a, id);
  await archiveSession(await open(a), which(id), { dryRun: false });
  expect(await resume(a, id)).toMatchObject({ state: 'resumed', commit });
  expect((await look(a, id)).archived).toBe(false);
  await removeSession(await open(a), which(id), { dryRun: false, unmerged: true });
  await refuses(work(a, id, 'two'), 'session.archived');
  expect(await resume(a, id)).toMatchObject({ state: 'resumed', branchWas: 'missing', commit });
  expect(await look(a, id)).toMatchObject({ archived: false, removed: false, lines: [] });
  rmSync(treeOf(a, id), { recursive: true });
  expect(await resume(a, id, { newThread: true })).toMatchObject({ state: 'resumed', branchWas: 'there', commit });
  await git(a, 'worktree', 'remove', '--force', treeOf(a, id));
  await git(a, 'branch', '-D', (await look(a, id)).branch);
  expect(await resume(a, id)).toMatchObject({ branchWas: 'missing', commit });
  expect(has(a, id, 'one')).toEqual([true]);
  expect((await work(a, id, 'two')).iteration.iteration).toBe(2);
  renameSync(treeOf(a, id), `${treeOf(a, id)}-moved`);
  expect(await resume(a, id)).toMatchObject({ state: 'resumed' });
});

describe('two clones that went on apart', () => {
  let at: Awaited<ReturnType<typeof apart>>;
  beforeAll(async () => {
    at = await apart();
  });

  it('say so everywhere, with both lines', async () => {
    const { a, b, id } = at;
    const [inA, inB] = [await look(a, id), await look(b, id)];
    const plain = ({ lines }: typeof inA) => lines.map(({ here: _, ...line }) => line);
    expect(plain(inA)).toEqual(plain(inB));
    expect(inA.lines.map(({ head }) => head).sort()).toEqual([await branchIn(a, id), await branchIn(b, id)].sort());
    for (const dir of [a, b]) {
      const ctx = await open(dir);
      expect((await summaries(ctx))[0]).toMatchObject({ state: 'diverged', iterations: 3 });
      const newest = await newestSummaries(ctx, { count: 5, isWanted: () => true });
      expect(newest.summaries[0]).toMatchObject({ state: 'diverged' });
      const { chapters, iterations } = await timeline(ctx, id);
      expect(chapters.map(({ line }) => line?.here)).toEqual([
        undefined,
        ...(await look(dir, id)).lines.map(({ here }) => here),
      ]);
      expect(new Set(iterations.map(({ label }) => label)).size).toBe(3);
    }
  });

  rarely('no verb guesses', async () => {
    const { a, id } = at;
    const ctx = await open(a);
    const before = await git(a, 'for-each-ref', 'refs/heads');
    await refuses(work(a, id, 'no'), 'session.diverged');
    for (const dryRun of [true, false]) {
      await refuses(rewindSession(ctx, which(id), { to: 1, dryRun }), 'session.diverged');
      await refuses(undoLast(ctx, which(id), { dryRun }), 'session.diverged');
      await refuses(squashSession(ctx, which(id), { message: 'x', dryRun } as never), 'session.diverged');
    }
    await refuses(rebase(a, id), 'session.diverged');
    await refuses(rebase(a, id, 'main'), 'session.diverged');
    await refuses(rebase(a, id, await writerIn(a)), 'usage.invalid');
    expect(await git(a, 'for-each-ref', 'refs/heads')).toBe(before);
    expect(await resume(a, id)).toMatchObject({ state: 'there' });
  });

  it('an iteration is named with its clone where two have its number', async () => {
    const { a, b, id } = at;
    const ctx = await open(a);
    const [mine, theirs] = [await writerIn(a), await writerIn(b)];
    await expect(sessionDiff(ctx, id, { part: 'iteration', iteration: 2 })).rejects.toMatchObject({
      code: 'iteration.ambiguous',
      hint: expect.stringContaining(`2@${mine.slice(0, 4)}`),
    });
    const filesOf = async (iteration: string) =>
      (await sessionDiff(ctx, id, { part: 'iteration', iteration })).files.map(({ path }) => path);
    expect(await filesOf(`2@${mine}`)).toEqual(['of-a.txt']);
    expect(await filesOf(`2@${theirs.slice(0, 4)}`)).toEqual(['of-b.txt']);
    const said: string[] = [];
    for await (const entry of readLogs(ctx, id, { raw: true, iteration: `2@${theirs}` }))
      if ('line' in entry) said.push(entry.line.line!);
    expect(said).toEqual(['said of-b']);
    expect((await timeline(ctx, id, undefined, `2@${theirs}`)).events.every(({ writer }) => writer === theirs)).toBe(
      true,
    );
  });

  rarely('a third clone chooses where to stand', async () => {
    const { up, b, id } = at;
    const c = await cloneOf(up);
    await syncIn(c);
    for (const dryRun of [true, false]) await refuses(resume(c, id, { dryRun }), 'session.diverged');
    await refuses(resume(c, id, { line: 'nobody' }), 'session.diverged');
    const writer = await writerIn(b);
    expect((await resume(c, id, { line: writer.slice(0, 5) })).commit).toBe(await branchIn(b, id));
    expect(has(c, id, 'of-a', 'of-b')).toEqual([false, true]);
    await refuses(resume(c, id, { line: await writerIn(at.a) }), 'session.diverged');
  });

  it('rebase puts one onto the other; after sync both are there, and work goes on', async () => {
    const { a, b, id } = at;
    const { answer } = await rebase(a, id, (await writerIn(b)).slice(0, 4));
    expect(answer).toMatchObject({ state: 'rebased', rewritten: 1 });
    expect(has(a, id, 'one', 'of-a', 'of-b')).toEqual([true, true, true]);
    expect(await look(a, id)).toMatchObject({ lines: [], base: 'main', head: answer.commit });
    for (const dryRun of [true, false]) await refuses(undoLast(await open(a), which(id), { dryRun }), 'undo.refused');
    await meet(a, b);
    expect((await look(b, id)).lines).toEqual([]);
    expect((await work(b, id, 'last')).iteration).toMatchObject({ iteration: 3, head: answer.commit });
    expect(has(b, id, 'of-a', 'of-b', 'last')).toEqual([true, true, true]);
    const back = await rewindSession(await open(b), which(id), { to: `2@${await writerIn(a)}`, dryRun: true });
    expect(back).toMatchObject({ iteration: 2, commit: answer.commit });
  });
});

rarely('both join at once: two lines again, and the next join makes one', async () => {
  const { a, b, id } = await apart();
  await rebase(a, id, await writerIn(b));
  await rebase(b, id, await writerIn(a));
  await meet(a, b);
  expect((await look(b, id)).lines).toHaveLength(2);
  expect((await rebase(b, id, await writerIn(a))).answer).toMatchObject({ commit: await branchIn(a, id) });
  await meet(b, a);
  for (const dir of [a, b]) {
    expect(await resume(dir, id)).toMatchObject({ commit: await branchIn(a, id), iterations: 3 });
    expect(has(dir, id, 'one', 'of-a', 'of-b')).toEqual([true, true, true]);
    expect((await look(dir, id)).lines).toEqual([]);
  }
});

it('a conflict of the two lines waits like any other, and its end joins them', async () => {
  const { a, b, id } = await apart('same', 'same');
  for (const [dir, text] of [
    [a, 'of a'],
    [b, 'of b'],
  ] as const) {
    writeFileSync(join(treeOf(dir, id), 'one.txt'), `${text}\n`);
    await git(treeOf(dir, id), 'commit', '-qam', `by hand ${text}`);
  }
  const { answer } = await rebase(a, id, await writerIn(b));
  // What the other clone has not put on record yet is not here.
  expect(answer).toMatchObject({ state: 'rebased' });
  await meet(a, b);
  await refuses(work(b, id, 'x'), 'session.diverged');
  const stop = await rebase(b, id, await writerIn(a));
  expect(stop.failure).toMatchObject({ code: 'landing.conflict' });
  expect((await look(b, id)).conflict).toMatchObject({ joins: [{ writer: await writerIn(a) }] });
  writeFileSync(join(treeOf(b, id), 'one.txt'), 'of both\n');
  expect((await continueRebase(await open(b), which(id))).answer).toMatchObject({ state: 'rebased' });
  await meet(b, a);
  expect((await look(a, id)).lines).toEqual([]);
  await resume(a, id);
  expect(readFileSync(join(treeOf(a, id), 'one.txt'), 'utf8')).toBe('of both\n');
});

rarely('a person’s commits that nobody had recorded make a line of their own', async () => {
  const { a, b, id } = await begun();
  await resume(b, id);
  await work(b, id, 'of-b');
  await meet(b, a);
  await git(treeOf(a, id), 'commit', '-q', '--allow-empty', '-m', 'by hand');
  await refuses(work(a, id, 'two'), 'session.diverged');
  expect((await look(a, id)).lines.map(({ manualCommits }) => manualCommits.length).sort()).toEqual([0, 1]);
});

it('folders that were copied go on apart too, and are joined', async () => {
  const { a, id } = await begun();
  const copy = join(tempDir('amp-copy-'), 'copy');
  cpSync(a, copy, { recursive: true, verbatimSymlinks: true });
  await sh(copy, 'rm -rf .worktrees .git/worktrees');
  await work(a, id, 'of-a');
  await work(copy, id, 'of-b');
  await meet(a, copy);
  expect((await look(a, id)).lines).toHaveLength(2);
  await rebase(copy, id, await writerIn(a));
  await meet(copy, a);
  await resume(a, id);
  expect(has(a, id, 'one', 'of-a', 'of-b')).toEqual([true, true, true]);
});
