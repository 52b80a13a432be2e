import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { sessionLog } from '../../src/events/envelope.ts';
import { findSession } from '../../src/workflows/find-session.ts';
import { withJournal } from '../../src/workflows/journal.ts';
import { type LogsWish, readLogs } from '../../src/workflows/session-logs.ts';
import { summaries } from '../../src/workflows/summaries.ts';
import { timeline } from '../../src/workflows/timeline.ts';
import { fakeEnv } from '../support/agent-run.ts';
import { cli, cliJson } from '../support/cli.ts';
import { created } from '../support/events.ts';
import { type FakeRun, makeFakeAmp } from '../support/fake-amp/make-fake-amp.ts';
import { git, makeRepo, tempDir } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const TWO = 'after: repeat\niterations:\n  - - run: echo work >> work.txt\n    - message: Worked.\n';
const setUp = async (iterations: number, name = 'task') => {
  const dir = await makeRepo();
  const ctx = await contextIn(dir);
  const { session } = await make(ctx, { name, agent: { name: 'scripted', mode: null, command: script(TWO) } });
  for (let i = 0; i < iterations; i++) await runOnce(ctx, session.id);
  return { dir, ctx, id: session.id };
};

describe.skipIf(process.platform === 'win32')('verify-amp', () => {
  const verify = async (run: FakeRun, args: string[] = [], env: NodeJS.ProcessEnv = {}) => {
    const fake = makeFakeAmp(tempDir(), { version: '0.0.1700000000-gabc', runs: [run] });
    const ran = await cliJson(tempDir(), ['verify-amp', ...args], { ...fakeEnv(fake), ...env });
    return { ...ran, fake, status: ran.json.checks.map((it: { status: string }) => it.status) };
  };
  it('finds program, login and version, and asks nothing that costs', async () => {
    const { exitCode, json, status, fake } = await verify({});
    expect([exitCode, json.ok, status]).toEqual([0, true, ['ok', 'ok', 'skipped']]);
    expect(json.checks[0].detail).toContain('AMP_API_KEY');
    expect(json.checks[1].detail).toContain('0.0.1700000000');
    expect(fake.calls().filter(({ kind }) => kind === 'run')).toEqual([]);
  });
  it('--live sends one prompt, in a folder that is gone after', async () => {
    const { exitCode, status, json, fake } = await verify({ actions: [{ say: 'OK' }] }, ['--live']);
    expect([exitCode, status, json.checks[2].detail]).toEqual([0, ['ok', 'ok', 'ok'], 'it said: OK']);
    const [call] = fake.calls().filter(({ kind }) => kind === 'run');
    expect(call).toMatchObject({
      input: expect.stringContaining('OK'),
      cwd: expect.stringContaining('amp-sessions-live-'),
    });
    expect(readdirSync(join(call!.cwd!, '..'))).not.toContain(call!.cwd!.split('/').at(-1));
  });
  it('--live that is refused fails, with what to do', async () => {
    const { exitCode, json, status } = await verify({ offline: true }, ['--live']);
    expect([exitCode, json.ok, status]).toEqual([5, false, ['ok', 'ok', 'failed']]);
    expect(json.error.hint).toContain('Check the network connection');
  });
  it('without a login does not go live', async () => {
    const { exitCode, json, status, fake } = await verify({}, ['--live'], { AMP_API_KEY: '' });
    expect([exitCode, status]).toEqual([5, ['failed', 'ok', 'skipped']]);
    expect(json.error.hint).toMatch(/login|AMP_API_KEY/);
    expect(fake.calls().filter(({ kind }) => kind === 'run')).toEqual([]);
  });
});

describe('test-git', () => {
  it('tries everything a session does where it is told to, and leaves nothing there', async () => {
    const dir = tempDir();
    const { exitCode, json } = await cliJson('/', ['test-git', '--dir', dir]);
    expect([exitCode, json.ok, readdirSync(dir)]).toEqual([0, true, []]);
    expect(json.checks.map((it: { name: string }) => it.name)).toEqual([
      'git',
      'worktree',
      'commit',
      'events',
      'note',
      'fsck',
      'clean up',
    ]);
  });
  it('in a folder that is not there says so', async () => {
    const { exitCode, json } = await cliJson('/', ['test-git', '--dir', '/no/such/folder']);
    expect(exitCode).not.toBe(70);
    expect(json.error.message).toContain('/no/such/folder');
  });
});

describe('timeline --at', () => {
  it('counts events from the first to the last, and refuses to count further', async () => {
    const { dir, ctx, id } = await setUp(1);
    const all = (await timeline(ctx, id)).events;
    expect((await timeline(ctx, id, '1')).events.map(({ type }) => type)).toEqual(['session.created']);
    expect((await timeline(ctx, id, String(all.length))).session).toEqual((await timeline(ctx, id)).session);
    for (const at of ['0', String(all.length + 1)])
      await expect(timeline(ctx, id, at)).rejects.toMatchObject({
        code: 'usage.invalid',
        message: expect.stringContaining(`1 to ${all.length}`),
      });
    const [first, second] = [all[0]!.at, all.find(({ at }) => at > all[0]!.at)!.at];
    expect((await timeline(ctx, id, first)).events.every(({ at }) => at <= first)).toBe(true);
    expect((await timeline(ctx, id, second)).events.length).toBeGreaterThan(1);
    // The same moment on another clock.
    const berlin = `${new Date(Date.parse(first) + 3_600_000).toISOString().slice(0, -1)}+01:00`;
    expect((await timeline(ctx, id, berlin)).events).toEqual((await timeline(ctx, id, first)).events);
    const later = await cli(dir, ['timeline', id, '--at', '2999-01-01']);
    expect([later.exitCode, later.stderr]).toEqual([0, '']);
    const before = await cliJson(dir, ['timeline', id, '--at', '2000-01-01']);
    expect(before).toMatchObject({ exitCode: 2, json: { error: { code: 'usage.invalid' } } });
  });
});

describe('logs', () => {
  const read = async (ctx: Awaited<ReturnType<typeof contextIn>>, id: string, wish: LogsWish) => {
    const seen: string[] = [];
    for await (const entry of readLogs(ctx, id, wish))
      seen.push('event' in entry ? entry.event.type : `${entry.line.iteration}`);
    return seen;
  };
  it('following what nobody works on shows all there is and ends', async () => {
    const { ctx, id } = await setUp(2);
    const whole = await read(ctx, id, {});
    expect(whole.filter((type) => type === 'iteration.finished')).toHaveLength(2);
    expect(await read(ctx, id, { follow: true })).toEqual(whole);
    const second = await read(ctx, id, { iteration: 2 });
    expect(second[0]).toBe('iteration.started');
    expect(await read(ctx, id, { follow: true, iteration: 2 })).toEqual(second);
    expect(await read(ctx, id, { iteration: 9 })).toEqual([]);
  });
  it('raw are the agent’s lines alone, of one iteration or of all', async () => {
    const { ctx, id } = await setUp(2);
    const one = await read(ctx, id, { raw: true, iteration: 1 });
    expect(new Set(one)).toEqual(new Set(['1']));
    const all = await read(ctx, id, { raw: true });
    expect(all.slice(0, one.length)).toEqual(one);
    expect(new Set(all)).toEqual(new Set(['1', '2']));
    expect(await read(ctx, id, { raw: true, follow: true })).toEqual(all);
  });
});

describe('stop --now', () => {
  it('ends an agent that does not listen, and keeps what it did', async () => {
    const yaml =
      'iterations:\n  - - edit: { path: h.txt, content: "h\\n" }\n    - message: Up.\n    - hang: stubborn\n';
    const dir = await makeRepo();
    const made = await cliJson(dir, ['new', '--name', 's', '-p', 'x', '-a', `scripted:${script(yaml)}`]);
    const run = cliJson(dir, ['iterate', 's']);
    const isUp = async () =>
      (await cliJson(dir, ['logs', 's'])).json.items.some(
        (it: { type: string }) => it.type === 'agent-message.received',
      );
    await expect.poll(isUp, { timeout: 30_000, interval: 200 }).toBe(true);
    const stopped = await cliJson(dir, ['stop', 's', '--now']);
    expect(stopped).toMatchObject({ exitCode: 0, json: { session: made.json.id, command: 'iterate', ended: true } });
    expect(await run).toMatchObject({ exitCode: 130, json: { outcome: 'interrupted', files: 1 } });
    expect(await git(dir, 'show', `${made.json.branch}:h.txt`)).toBe('h');
  });
});

describe('prune', () => {
  it('asks, says, and does only what it was told', async () => {
    const { dir, id } = await setUp(1, 'merged');
    const { branch } = (await cliJson(dir, ['status', id])).json;
    await git(dir, 'merge', '-q', branch);
    for (const flags of [[], ['-n'], ['-n', '-y']]) {
      const { json } = await cliJson(dir, ['prune', ...flags]);
      expect([json.items.length, json.removed]).toEqual([1, []]);
    }
    expect((await cli(dir, ['prune', '-n', '-q'])).stdout).toBe(`${id}\n`);
    const { json } = await cliJson(dir, ['prune', '-y']);
    expect(json).toMatchObject({ dryRun: false, removed: [id] });
    expect((await cliJson(dir, ['prune', '-y'])).json).toMatchObject({ items: [], kept: [], removed: [] });
  });
});

describe('finding a session by what a person types', () => {
  it('any name finds its own session or says that it is ambiguous, and never another', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const names = fc.sample(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), { numRuns: 12, seed: 5 });
    const all = [...new Set([...names, 'Login', 'login', 'LOGIN ', 'a', 'refs/heads/main', '../x', '-x', 'Ünïcode'])];
    for (const name of all) {
      const id = ctx.clock.newId();
      const data = created({ name, branch: `amp/${id}/1`, worktree: `.worktrees/${id}` });
      await withJournal(ctx, { id, name, command: 'new' }, async (journal) => {
        await journal.decide({ do: 'create', data });
      });
    }
    const known = await summaries(ctx);
    expect(known).toHaveLength(all.length);
    for (const { id, name, branch } of known) {
      for (const given of [id, name, branch, `refs/heads/${branch}`, id.slice(0, -1)])
        expect((await findSession(ctx, given, dir)).id, given).toBe(id);
    }
    await expect(findSession(ctx, 'lOgIn', dir)).rejects.toMatchObject({
      code: 'session.ambiguous',
      details: { candidates: [{ name: 'Login' }, { name: 'login' }] },
    });
    expect((await findSession(ctx, 'üNÏCODE'.normalize('NFD'), dir)).name).toBe('Ünïcode');
    await expect(findSession(ctx, '', dir)).rejects.toBeInstanceOf(AppError);
    await expect(findSession(ctx, 'no such session', dir)).rejects.toMatchObject({ code: 'session.missing' });
    expect((await ctx.store.read(sessionLog(known[0]!.id))).events).toHaveLength(1);
    expect(await git(dir, 'worktree', 'list')).not.toContain('.worktrees');
  });
});
