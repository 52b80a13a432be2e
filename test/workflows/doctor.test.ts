import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sessionLog } from '../../src/events/envelope.ts';
import { acquireLock } from '../../src/process/lock.ts';
import { type Doctor, doctor } from '../../src/workflows/doctor.ts';
import { lockPath, withJournal } from '../../src/workflows/journal.ts';
import { archiveSession, removeSession } from '../../src/workflows/put-away.ts';
import { summaries } from '../../src/workflows/summaries.ts';
import { cliJson } from '../support/cli.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const WORK = 'after: repeat\niterations:\n  - - run: echo work >> work.txt\n    - message: Worked.\n';
const NOWHERE = { PATH: '/usr/bin:/bin' };

const look = (dir: string, fix = false, env: NodeJS.ProcessEnv = {}) =>
  doctor({ dir, fix, env: { ...process.env, ...env } });
const check = ({ checks }: Doctor, name: string) => checks.find((it) => it.name.startsWith(name))!;
const troubles = ({ checks }: Doctor) =>
  checks.filter(({ name, status }) => !['ok', 'skipped'].includes(status) && !/^(agent|stopping)/.test(name));

const setUp = async (iterations = 1) => {
  const dir = await makeRepo();
  const ctx = await contextIn(dir);
  const { session, worktree } = await make(ctx, { agent: { name: 'scripted', mode: null, command: script(WORK) } });
  for (let i = 0; i < iterations; i++) await runOnce(ctx, session.id);
  return { dir, ctx, id: session.id, branch: session.branch, worktree };
};
/** An iteration whose process died. */
const leaveOpen = (ctx: Awaited<ReturnType<typeof contextIn>>, id: string) =>
  withJournal(ctx, { id, name: id, command: 'iterate' }, async (journal) => {
    const agent = { name: 'scripted', mode: null, version: null, threadId: null };
    const { head } = journal.session;
    const data = { prompt: 'x', reason: 'prompt', head, agent, timeoutMs: null, stopStrength: 'group' } as const;
    await journal.decide({ do: 'startIteration', data });
  });

describe('doctor', () => {
  it('finds nothing to say about sessions that are in order, whatever state they are in', async () => {
    const { dir, ctx } = await setUp();
    const [which] = await summaries(ctx);
    expect(troubles(await look(dir))).toEqual([]);
    await archiveSession(ctx, which!, { dryRun: false });
    expect(troubles(await look(dir))).toEqual([]);
    await removeSession(ctx, which!, { dryRun: false, unmerged: true });
    const found = await look(dir);
    expect(troubles(found)).toEqual([]);
    expect(found).toMatchObject({ ok: true, repository: dir, fixed: [] });
    expect(check(found, 'session logs').detail).toContain('1 in git');
  });

  it('names a lost branch, and --fix puts it back where it was, once', async () => {
    const { dir, id, branch } = await setUp(2);
    const tip = await git(dir, 'rev-parse', branch);
    await git(dir, 'update-ref', '-d', `refs/heads/${branch}`);
    const found = await look(dir);
    expect(found.ok).toBe(false);
    expect(troubles(found)).toMatchObject([{ name: 'branches', status: 'failed', fixable: true }]);
    expect(check(found, 'branches').detail).toContain(`${id} (task)`);
    expect((await sh(dir, `git rev-parse -q --verify ${branch}`)).exitCode).not.toBe(0);
    const fixed = await look(dir, true);
    expect(fixed.fixed).toContain(`put the branch ${branch} back`);
    expect([fixed.ok, troubles(fixed)]).toEqual([true, []]);
    expect(await git(dir, 'rev-parse', branch)).toBe(tip);
    expect((await look(dir, true)).fixed.filter((what) => what.includes('branch'))).toEqual([]);
  });

  it('names a lost worktree, which is no failure: the next iterate makes it again', async () => {
    const { dir, ctx, id, worktree } = await setUp();
    rmSync(worktree, { recursive: true });
    expect(troubles(await look(dir))).toMatchObject([
      { name: 'worktrees', status: 'warning', detail: expect.stringContaining(id) },
    ]);
    await runOnce(ctx, id);
    expect(troubles(await look(dir))).toEqual([]);
  });

  it('names a worktree in whose place something else stands, and looks at the rest', async () => {
    const { dir, id, worktree } = await setUp();
    rmSync(worktree, { recursive: true });
    mkdirSync(worktree);
    writeFileSync(join(worktree, 'mine.txt'), 'm\n');
    const found = await look(dir, true);
    expect(troubles(found)).toMatchObject([{ name: 'worktree links', detail: expect.stringContaining(id) }]);
    expect(check(found, 'quarantine').status).toBe('ok');
    expect(readdirSync(worktree)).toEqual(['mine.txt']);
  });

  it('names an iteration that never ended, unless somebody is at it right now', async () => {
    const { dir, ctx, id, worktree, branch } = await setUp();
    await leaveOpen(ctx, id);
    expect(troubles(await look(dir))).toMatchObject([{ name: 'iterations', detail: expect.stringContaining(id) }]);
    const lock = await acquireLock(lockPath(ctx, id), { command: 'iterate' });
    rmSync(worktree, { recursive: true });
    await git(dir, 'update-ref', '-d', `refs/heads/${branch}`);
    const held = await look(dir, true);
    expect([troubles(held), held.fixed.filter((what) => what.includes('branch'))]).toEqual([[], []]);
    lock.release();
    expect(troubles(await look(dir)).map(({ name }) => name)).toEqual(['iterations', 'worktrees', 'branches']);
  });

  it('names events that never reached git, and --fix brings them in', async () => {
    const { dir, ctx, id } = await setUp();
    await ctx.store.append(sessionLog(id), [
      { type: 'session.renamed', by: 'user', data: { name: 'x', previous: '' } },
    ]);
    await ctx.store.close();
    // While somebody is at it, they are on their way.
    const lock = await acquireLock(lockPath(ctx, id), { command: 'iterate' });
    expect((await look(dir, true)).fixed.filter((what) => what.startsWith('brought'))).toEqual([]);
    expect(troubles(await look(dir))).toEqual([]);
    lock.release();
    expect(troubles(await look(dir))).toMatchObject([{ name: 'session logs', status: 'warning', fixable: true }]);
    const fixed = await look(dir, true);
    expect(fixed.fixed).toContain(`brought the events of ${id} into git`);
    expect(troubles(fixed)).toEqual([]);
    expect((await summaries(await contextIn(dir)))[0]!.name).toBe('x');
  });

  it('names what was set aside', async () => {
    const { dir } = await setUp(0);
    const place = join(dir, '.git', 'amp', 'quarantine');
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'sessions.x.1'), 'torn');
    expect(troubles(await look(dir, true))).toMatchObject([
      { name: 'quarantine', status: 'warning', detail: expect.stringContaining(place) },
    ]);
    expect(readdirSync(place)).toHaveLength(1);
  });

  it('--fix throws the cache away and loses nothing by it', async () => {
    const { dir, ctx, id } = await setUp();
    await summaries(ctx);
    expect((await look(dir, true)).fixed).toContain('cleared the cache; it is made again');
    expect(await summaries(await contextIn(dir))).toMatchObject([{ id, iterations: 1 }]);
  });

  it('names a missing identity, untrusted programs and test runners that walk too far', async () => {
    const dir = await makeRepo();
    await git(dir, 'config', '--unset', 'user.email');
    writeFileSync(join(dir, '.amp-sessions.yaml'), 'test: make\nsetup: make deps\n');
    writeFileSync(join(dir, 'jest.config.js'), 'module.exports = {};\n');
    writeFileSync(join(dir, 'pytest.ini'), '[pytest]\nnorecursedirs = .worktrees\n');
    const found = await look(dir);
    expect(found.ok).toBe(true);
    expect(troubles(found).map(({ name }) => name)).toEqual(['identity', 'configuration', 'test runners']);
    expect(check(found, 'configuration').detail).toMatch(/\(test, setup\)/);
    expect(check(found, 'test runners').detail).toMatch(/jest\.config\.js may/);
    expect(check(found, 'test runners').detail).not.toContain('pytest');
    writeFileSync(join(dir, '.amp-sessions.yaml'), 'maxIterations: 3\n');
    expect(check(await look(dir), 'configuration').status).toBe('ok');
  });

  it.each([
    ['amp', {}, 'warning', /PATH/],
    ['command', { AMP_SESSIONS_AGENTS_COMMAND_RUN: 'true' }, 'ok', /./],
    ['scripted', {}, 'skipped', /script/],
    ['clod', {}, 'warning', /clod/],
  ])('of the agent %s it says how it is, which is never a failure', async (agent, env, status, detail) => {
    const dir = await makeRepo();
    const found = await look(dir, false, { ...NOWHERE, AMP_SESSIONS_AGENT: agent, ...env });
    expect(found.ok).toBe(true);
    expect(check(found, 'agent')).toMatchObject({ name: `agent ${agent}`, status });
    expect(check(found, 'agent').detail).toMatch(detail);
  });

  it('outside a repository looks at the machine, and says so with exit 1', async () => {
    const outside = tempDir();
    const { json, exitCode } = await cliJson(outside, ['doctor', '--fix']);
    expect([exitCode, json.error.code, json.repository, json.fixed]).toEqual([1, 'check.failed', null, []]);
    expect(json.error.message).toContain('repository');
    expect(json.checks.map((it: { name: string }) => it.name)).toEqual([
      'node',
      'git',
      'stopping agents',
      'repository',
    ]);
  });
});
