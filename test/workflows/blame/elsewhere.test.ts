import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Draft } from '../../../src/events/catalogue.ts';
import { sessionLog } from '../../../src/events/envelope.ts';
import { blame } from '../../../src/workflows/blame/blame.ts';
import { rarely } from '../../support/rarely.ts';
import { git, makeRepo, sh } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { makeWorld, type World } from '../landing/world.ts';
import { blamed, linesOf } from './support.ts';

const TWO = ['line 1 < iteration 1', 'line 2 < iteration 2'];

/** A host squashes a branch into main: one commit with the messages of all. */
const squashByHost = async (w: World): Promise<string> => {
  const messages = await git(w.dir, 'log', '--reverse', '--format=* %B', `main..${w.branch}`);
  await git(w.dir, 'merge', '-q', '--squash', w.branch);
  await git(
    w.dir,
    'commit',
    '-q',
    '-m',
    `A pull request (#7)\n\n${messages}\n\nCo-authored-by: Somebody <s@example.com>`,
  );
  return w.rev('main');
};

const tell = (w: World, ...drafts: unknown[]) => w.ctx.store.append(sessionLog(w.id), drafts as Draft[]);

describe('blame of what others did with a session’s commits', () => {
  it('goes into what a host squashed, also after the session went on from it', async () => {
    const w = await makeWorld();
    await w.iterate(2);
    await w.upstream('up.txt', 'upstream\n');
    const hosted = await squashByHost(w);
    expect(await blamed(w.ctx, 'agent.txt')).toEqual(TWO);
    await git(w.worktree, 'merge', '-q', 'main');
    await w.iterate();
    const opened = {
      url: 'u',
      opened: true,
      host: 'github',
      remote: 'origin',
      branch: w.branch,
      base: 'main',
      title: 't',
    };
    const { iterations } = await w.session();
    await tell(w, { type: 'pull-request.opened', by: 'user', data: { ...opened, commit: iterations[1]!.commit } });
    expect(await blamed(w.ctx, 'agent.txt')).toEqual(TWO);
    expect(await blamed(w.ctx, 'agent.txt', { session: w.id })).toEqual([...TWO, 'line 3 < iteration 3']);
    const { lines } = await blame(w.ctx, { cwd: w.dir, file: 'agent.txt' });
    expect(lines.map(({ origin }) => origin.commit)).not.toContain(hosted);
  });

  rarely(
    'stays with the squash of a host where its session has gone on upon it and nothing else is on record',
    async () => {
      const w = await makeWorld();
      await w.iterate(2);
      await squashByHost(w);
      await git(w.worktree, 'reset', '-q', '--hard', 'main');
      await w.iterate();
      const lines = await blame(w.ctx, { cwd: w.dir, file: 'agent.txt' });
      expect(linesOf(lines)).toEqual(['line 1 < iteration ?', 'line 2 < iteration ?']);
      expect(lines.lines[0]!.origin).toMatchObject({ kind: 'agent', session: w.id, prompt: 'Add lines to the file' });
      expect((await blamed(w.ctx, 'agent.txt', { session: w.id })).at(-1)).toBe('line 3 < iteration 3');
    },
  );

  it('knows the iteration of a commit that was picked, and of one that was rebased by hand', async () => {
    const w = await makeWorld();
    await w.iterate(2);
    await w.upstream('up.txt', 'upstream\n');
    const { iterations } = await w.session();
    await git(w.dir, 'cherry-pick', iterations[0]!.commit!);
    expect(await blamed(w.ctx, 'agent.txt')).toEqual(TWO.slice(0, 1));
    await git(w.worktree, 'rebase', '-q', 'main');
    expect(await blamed(w.ctx, 'agent.txt', { session: w.id })).toEqual(TWO);
  });

  rarely('believes no message about a session that never was', async () => {
    const w = await makeWorld();
    const said = 'Words\n\nAmp-Session: not a session\nAmp-Iteration: many';
    const commit = await w.upstream('words.txt', 'words\n', said);
    expect(await blamed(w.ctx, 'words.txt')).toEqual([`words < ${commit.slice(0, 8)}`]);
    const other = 'Words\n\nAmp-Session: ../../etc/passwd';
    const more = await w.upstream('more.txt', 'more\n', other);
    expect(await blamed(w.ctx, 'more.txt')).toEqual([`more < ${more.slice(0, 8)}`]);
  });

  it('reads no more into notes than is there', async () => {
    const w = await makeWorld();
    await w.iterate();
    const words = await w.upstream('words.txt', 'words\n');
    const base = { v: 1, writer: 'w', seq: 1, clock: 1, at: '2026-01-01T00:00:00.000Z', by: 'agent', prev: '0' };
    const lines = [
      'no json',
      JSON.stringify({ ...base, log: 'sessions/../../x', type: 'iteration.finished', data: { iteration: 1 } }),
      JSON.stringify({ ...base, log: 'sessions/known', type: 'iteration.finished', data: { iteration: 'x' } }),
      JSON.stringify({ ...base, log: 'sessions/unknown1', type: 'iteration.finished', data: null }),
      JSON.stringify({ ...base, log: 'batches/b1', type: 'other', data: {} }),
    ];
    writeFileSync(join(w.dir, '.git/note'), lines.join('\n'));
    await git(w.dir, 'notes', '--ref=amp', 'add', '-f', '-F', '.git/note', words);
    expect(await blamed(w.ctx, 'words.txt')).toEqual([`words < ${words.slice(0, 8)}`]);
    await git(w.dir, 'update-ref', 'refs/notes/amp', await w.rev('main'));
    expect(await blamed(w.ctx, 'words.txt')).toEqual([`words < ${words.slice(0, 8)}`]);
    expect(await blamed(w.ctx, 'agent.txt', { session: w.id })).toEqual(['line 1 < iteration 1']);
  });
});

describe('blame of what people merged into a session’s branch', () => {
  it('is not theirs: it came from elsewhere, recorded or not', async () => {
    const w = await makeWorld();
    await w.iterate();
    const up = (await w.upstream('a.txt', 'zero\none\ntwo\nthree\n')).slice(0, 8);
    await git(w.worktree, 'merge', '-q', 'main');
    await w.byHand('b.txt', 'mine\n');
    for (let look = 0; look < 2; look++) {
      expect((await blamed(w.ctx, 'a.txt', { session: w.id }))[0]).toBe(`zero < ${up}`);
      expect(await blamed(w.ctx, 'b.txt', { session: w.id })).toEqual(['mine < by hand: Test User']);
      if (look === 0) await w.iterate();
    }
    expect((await w.session()).manualCommits.length).toBeGreaterThan(1);
  });
});

describe('blame through rebases, as events tell of them', () => {
  const move = (w: World, from: string, to: string) => [
    { ref: `refs/heads/${w.branch}`, from, to, worktree: null, shows: null },
  ];
  /** Rebases by plain git, and tells of it as `rebase` does. */
  const rebase = async (w: World, operation: number, onto: string) => {
    const old = (await git(w.dir, 'rev-list', '--reverse', `main..${w.branch}`)).split('\n');
    const from = old.at(-1)!;
    await git(w.worktree, 'rebase', '-q', '--onto', onto, `${old[0]}^`, w.branch);
    const made = (await git(w.dir, 'rev-list', '--reverse', `${onto}..${w.branch}`)).split('\n');
    const to = made.at(-1)!;
    const rewritten = old.map((id, at) => ({ from: id, to: made[at]! })).filter((one) => one.from !== one.to);
    const data = {
      operation,
      moves: move(w, from, to),
      onto: { name: onto, commit: await w.rev(onto) },
      mergeBase: null,
    };
    const done = { operation, commit: to, durationMs: 1, recovered: false };
    const finished = { type: 'rebase.finished', by: 'user', data: done };
    await tell(w, { type: 'rebase.started', by: 'user', data: { ...data, rewritten, dropped: [] } }, finished);
  };

  it('finds a commit’s lines in the original, which had no trailer to tell', async () => {
    const w = await makeWorld();
    await w.iterate();
    await w.byHand('mine.txt', 'mine\n');
    await w.iterate();
    await w.upstream('up.txt', 'upstream\n');
    await rebase(w, 1, 'main');
    expect(await blamed(w.ctx, 'mine.txt', { session: w.id })).toEqual(['mine < by hand: Test User']);
    expect(await blamed(w.ctx, 'agent.txt', { session: w.id })).toEqual(TWO);
    const { iterations, manualCommits } = await w.session();
    const [agents, hands] = await Promise.all(
      ['agent.txt', 'mine.txt'].map((file) => blame(w.ctx, { cwd: w.dir, file, session: w.id })),
    );
    expect(agents!.lines[1]!.origin.commit).toBe(iterations[1]!.commit);
    expect(hands!.lines[0]!.origin.commit).toBe(manualCommits[0]!.commit);
  });

  rarely(
    'comes to an end where a host squashed, the session took that in, and went elsewhere with its work',
    async () => {
      const w = await makeWorld();
      await w.iterate(2);
      await git(w.dir, 'branch', 'release');
      await squashByHost(w);
      await git(w.worktree, 'merge', '-q', 'main');
      await w.iterate();
      const from = await w.rev(w.branch);
      await git(w.worktree, 'reset', '-q', '--hard', 'release');
      const picked = async (id: string) => {
        await git(w.worktree, 'checkout', '-q', id, '--', 'agent.txt');
        await git(w.worktree, 'commit', '-q', '-m', 'put elsewhere');
        return { from: id, to: await git(w.worktree, 'rev-parse', 'HEAD') };
      };
      const { iterations } = await w.session();
      const rewritten = [
        await picked(iterations[0]!.commit!),
        await picked(iterations[1]!.commit!),
        await picked(from),
      ];
      const to = rewritten.at(-1)!.to;
      const onto = { name: 'release', commit: await w.rev('release') };
      const data = { operation: 1, moves: move(w, from, to), onto, mergeBase: null, rewritten, dropped: [] };
      const done = { operation: 1, commit: to, durationMs: 1, recovered: false };
      await tell(w, { type: 'rebase.started', by: 'user', data }, { type: 'rebase.finished', by: 'user', data: done });
      expect((await blamed(w.ctx, 'agent.txt')).map((line) => line.split(' < ')[0])).toEqual(['line 1', 'line 2']);
      expect(await blamed(w.ctx, 'agent.txt', { session: w.id })).toEqual([...TWO, 'line 3 < iteration 3']);
      expect(w.ctx.warnings).toEqual([]);
    },
  );

  it('does not go round in circles where work went away and came back', async () => {
    const w = await makeWorld();
    await w.iterate();
    const first = await w.rev('main');
    const at = { GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z', SAID: `x\n\nAmp-Session: ${w.id}` };
    const back = await git(w.dir, 'rev-parse', w.branch);
    const tree = await w.tree(w.branch);
    const made = await sh(
      w.dir,
      `git commit-tree -p $(git commit-tree -p ${first} -m up ${first}^{tree}) -m "$SAID" ${tree}`,
      { ...process.env, ...at },
    );
    const away = made.stdout.trim();
    const ends = (operation: number, from: string, to: string) => [
      {
        type: 'rebase.started',
        by: 'user',
        data: {
          operation,
          moves: move(w, from, to),
          onto: { name: 'main', commit: first },
          mergeBase: null,
          rewritten: [{ from, to }],
          dropped: [],
        },
      },
      { type: 'rebase.finished', by: 'user', data: { operation, commit: to, durationMs: 1, recovered: false } },
    ];
    await tell(w, ...ends(1, back, away), ...ends(2, away, back));
    expect(await blamed(w.ctx, 'agent.txt', { session: w.id })).toEqual(TWO.slice(0, 1));
    expect(await blamed(w.ctx, 'agent.txt', { at: away })).toEqual(TWO.slice(0, 1));
  });

  rarely('credits whoever resolved a conflict with what neither side had', async () => {
    const w = await makeWorld({ line: 'echo "two of the agent" > b.txt' });
    await w.iterate();
    const up = await w.upstream('b.txt', 'of upstream\n');
    const from = await w.rev(w.branch);
    writeFileSync(join(w.dir, 'b.txt'), 'of upstream\nbetween\ntwo of the agent\n');
    await git(w.dir, 'commit', '-qam', 'amp: resolved');
    const to = await w.rev('main');
    await git(w.dir, 'update-ref', `refs/heads/${w.branch}`, to);
    const started = { operation: 1, moves: move(w, from, to), onto: { name: 'main', commit: up }, mergeBase: null };
    const events = [
      { type: 'rebase.started', by: 'user', data: { ...started, rewritten: [{ from, to }], dropped: [] } },
      { type: 'rebase.finished', by: 'user', data: { operation: 1, commit: to, durationMs: 1, recovered: false } },
    ];
    await tell(w, { type: 'conflict.resolved', by: 'user', data: { commit: from, as: to, by: 'person' } }, ...events);
    expect(await blamed(w.ctx, 'b.txt', { session: w.id })).toEqual([
      `of upstream < ${up.slice(0, 8)}`,
      'between < by hand: Test User',
      'two of the agent < iteration 1',
    ]);
  });
});

describe('blame without any session', () => {
  it('says what git blame says', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const first = (await git(dir, 'rev-parse', 'HEAD')).slice(0, 8);
    expect(await blamed(ctx, 'a.txt')).toEqual(['one', 'two', 'three'].map((text) => `${text} < ${first}`));
    const { summary } = await blame(ctx, { cwd: dir, file: 'a.txt' });
    expect(summary).toEqual([{ kind: 'other', lines: 3 }]);
    expect(ctx.warnings).toEqual([]);
  });
});
