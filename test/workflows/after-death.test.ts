import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Context } from '../../src/workflows/context.ts';
import { findSession } from '../../src/workflows/find-session.ts';
import { deadSince, forgetBeat, startBeat } from '../../src/workflows/heartbeat.ts';
import { withJournal } from '../../src/workflows/journal.ts';
import { archiveSession, removeSession } from '../../src/workflows/put-away.ts';
import { git, makeRepo, sh } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const WORK = 'after: repeat\niterations:\n  - - run: echo work >> work.txt\n    - message: Worked.\n';
const HOUR = 3_600_000;
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const setUp = async () => {
  const dir = await makeRepo();
  const ctx = await contextIn(dir);
  const { session, worktree } = await make(ctx, { agent: { name: 'scripted', mode: null, command: script(WORK) } });
  const { id, branch } = session;
  const which = await findSession(ctx, id, dir);
  const subjects = () => git(dir, 'log', '--reverse', '--format=%s', `main..${branch}`);
  return { dir, ctx, id, branch, worktree, which, subjects };
};

const beatFile = (ctx: Context, id: string) => join(ctx.repo.commonDir, 'amp', 'locks', `session.${id}.beat`);
const ago = (milliseconds: number) => new Date(Date.now() - milliseconds);

/** A file as the agent left it, an hour ago and before its process died. */
const leave = (path: string, content: string) => {
  writeFileSync(path, content);
  utimesSync(path, ago(HOUR * 2), ago(HOUR * 2));
};

/** An iteration begins, the agent does something, and the process dies an hour ago. */
const dieAnHourAgo = async (ctx: Context, id: string, work: () => unknown = () => {}) => {
  await withJournal(ctx, { id, name: id, command: 'iterate' }, async (journal) => {
    const agent = { name: 'scripted', mode: null, version: null, threadId: null };
    const data = { prompt: null, reason: 'prompt' as const, head: journal.session.head, agent, timeoutMs: null };
    await journal.decide({ do: 'startIteration', data: { ...data, stopStrength: 'group' } });
    await work();
  });
  writeFileSync(beatFile(ctx, id), ago(HOUR).toISOString());
};
const commit = (worktree: string, files: string, subject: string, env = '') =>
  sh(worktree, `git add ${files} && ${env} git commit -q -m '${subject}'`);
const commitHoursAgo = (worktree: string, hours: number, subject: string) => {
  const at = ago(HOUR * hours).toISOString();
  return commit(worktree, '-A', subject, `GIT_AUTHOR_DATE=${at} GIT_COMMITTER_DATE=${at}`);
};

describe('given that `iterate` died an hour ago, what a person did since', () => {
  it('commits stay theirs, below the commit of what the agent left', async () => {
    const { dir, ctx, id, branch, worktree, subjects } = await setUp();
    await dieAnHourAgo(ctx, id, () => leave(join(worktree, 'half.txt'), 'half\n'));
    writeFileSync(join(worktree, 'mine.txt'), 'mine\n');
    await commit(worktree, 'mine.txt', 'my own');
    const mine = await git(worktree, 'rev-parse', 'HEAD');
    const run = await runOnce(ctx, id);
    expect(await subjects()).toBe('my own\namp: Do the task\namp: Worked.');
    expect(run.session.manualCommits).toMatchObject([
      { commit: mine, origin: 'commit', subject: 'my own', beforeIteration: 2 },
    ]);
    expect(run.types).not.toContain('agent-commit.folded');
    expect(run.session.iterations[0]).toMatchObject({ outcome: 'interrupted', files: 1 });
    expect(await git(dir, 'show', '--name-only', '--format=', `${branch}~1`)).toBe('half.txt');
    expect(await git(dir, 'rev-parse', `${branch}~2`)).toBe(mine);
  });

  it('uncommitted edits are theirs, in a commit of their own; the agent’s files are the agent’s', async () => {
    const { dir, ctx, id, branch, worktree, subjects } = await setUp();
    await dieAnHourAgo(ctx, id, () => leave(join(worktree, 'half.txt'), 'half\n'));
    writeFileSync(join(worktree, 'a.txt'), 'edited by me\n');
    const run = await runOnce(ctx, id);
    expect(await subjects()).toBe('amp: Do the task\nManual edits before iteration 2\namp: Worked.');
    expect(await git(dir, 'show', '--name-only', '--format=', `${branch}~2`)).toBe('half.txt');
    expect(await git(dir, 'show', '--name-only', '--format=', `${branch}~1`)).toBe('a.txt');
    expect(run.session.manualCommits).toMatchObject([{ origin: 'uncommitted-edits', files: 1 }]);
  });

  it('a commit that takes the agent’s files along is theirs, and the iteration has none', async () => {
    const { ctx, id, worktree, subjects } = await setUp();
    await dieAnHourAgo(ctx, id, () => leave(join(worktree, 'half.txt'), 'half\n'));
    await commit(worktree, '-A', 'took it over');
    const run = await runOnce(ctx, id);
    expect(await subjects()).toBe('took it over\namp: Worked.');
    expect(run.session.iterations[0]).toMatchObject({ outcome: 'interrupted', commit: null, files: 0 });
    expect(run.session.manualCommits).toMatchObject([{ subject: 'took it over' }]);
  });

  it('holds up archive and rm, as any uncommitted work does; a dry run says so too', async () => {
    const { dir, ctx, id, worktree, which } = await setUp();
    await dieAnHourAgo(ctx, id, () => leave(join(worktree, 'half.txt'), 'half\n'));
    writeFileSync(join(worktree, 'mine.txt'), 'mine\n');
    const before = await git(dir, 'for-each-ref');
    const refused = { code: 'session.dirty', message: expect.stringMatching(/would lose: mine\.txt\.$/) };
    await expect(removeSession(ctx, which, { dryRun: true, unmerged: true })).rejects.toMatchObject(refused);
    expect(await git(dir, 'for-each-ref')).toBe(before);
    await expect(archiveSession(ctx, which, { dryRun: false })).rejects.toMatchObject(refused);
    expect(readFileSync(join(worktree, 'mine.txt'), 'utf8')).toBe('mine\n');
  });
});

describe('what cannot be told apart stays the agent’s', () => {
  it('commits of the time when it lived', async () => {
    const { ctx, id, worktree, subjects } = await setUp();
    await dieAnHourAgo(ctx, id, () => leave(join(worktree, 'half.txt'), 'half\n'));
    await commitHoursAgo(worktree, 2, 'by the agent');
    const run = await runOnce(ctx, id);
    expect(run.types).toContain('agent-commit.folded');
    expect(run.session.manualCommits).toEqual([]);
    expect(await subjects()).toBe('amp: Do the task\namp: Worked.');
  });

  it('commits on top of the agent’s own: they would have to be rewritten', async () => {
    const { ctx, id, worktree } = await setUp();
    await dieAnHourAgo(ctx, id, () => leave(join(worktree, 'half.txt'), 'half\n'));
    await commitHoursAgo(worktree, 2, 'by the agent');
    writeFileSync(join(worktree, 'mine.txt'), 'mine\n');
    await commit(worktree, '-A', 'mine');
    const run = await runOnce(ctx, id);
    expect(run.types.filter((type) => type === 'agent-commit.folded')).toHaveLength(2);
  });

  it('anything, where the moment of death is not known', async () => {
    const { ctx, id, worktree } = await setUp();
    await dieAnHourAgo(ctx, id);
    rmSync(beatFile(ctx, id));
    writeFileSync(join(worktree, 'whose.txt'), '?\n');
    const run = await runOnce(ctx, id);
    expect(run.session.iterations[0]).toMatchObject({ outcome: 'interrupted', files: 1 });
    expect(run.session.manualCommits).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('anything, where something of the agent still lives', async () => {
    const { ctx, id, worktree } = await setUp();
    await dieAnHourAgo(ctx, id);
    const env = { ...process.env, AMP_SESSIONS_SESSION: id, AMP_SESSIONS_ITERATION: '1' };
    children.push(spawn('sleep', ['60'], { env, stdio: 'ignore' }));
    writeFileSync(join(worktree, 'whose.txt'), '?\n');
    const run = await runOnce(ctx, id);
    expect(run.session.iterations[0]).toMatchObject({ files: 1 });
    expect(run.session.manualCommits).toEqual([]);
  });
});

describe('the sign of life', () => {
  it('is there while an iteration runs, and gone once it has ended', async () => {
    const { ctx, id } = await setUp();
    let during: number | null = null;
    const run = await runOnce(ctx, id, {
      onEvent: ({ type }) => {
        if (type === 'agent-message.received') during = deadSince(ctx, id);
      },
    });
    expect(run.iteration.outcome).toBe('completed');
    expect(during).toBeGreaterThan(Date.now());
    expect(deadSince(ctx, id)).toBeNull();
    expect(readdirSync(join(ctx.repo.commonDir, 'amp', 'locks')).filter((name) => name.endsWith('.beat'))).toEqual([]);
  });

  it('says nothing rather than something wrong', async () => {
    const { ctx, id } = await setUp();
    expect(deadSince(ctx, id)).toBeNull();
    const stop = startBeat(ctx, id);
    expect(deadSince(ctx, id)).toBeGreaterThan(Date.now());
    stop();
    writeFileSync(beatFile(ctx, id), 'no time');
    expect(deadSince(ctx, id)).toBeNull();
    forgetBeat(ctx, id);
    expect(existsSync(beatFile(ctx, id))).toBe(false);
    forgetBeat(ctx, id);
  });
});
