import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { totalUsage } from '../../src/session/conclusions.ts';
import { summaries } from '../../src/workflows/summaries.ts';
import { timeline } from '../../src/workflows/timeline.ts';
import { cliJson } from '../support/cli.ts';
import { rarely } from '../support/rarely.ts';
import { git, makeRepo, tempDir } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const WORK = 'after: repeat\niterations:\n  - - run: echo work >> work.txt\n    - message: Worked.\n';
const setUp = async (yaml = WORK, over: Parameters<typeof make>[1] = {}, env: NodeJS.ProcessEnv = {}) => {
  const dir = await makeRepo();
  const ctx = await contextIn(dir, { ...process.env, ...env });
  const agent = { name: 'scripted', mode: null, command: script(yaml) };
  const { session, worktree } = await make(ctx, { agent, ...over });
  return { dir, ctx, id: session.id, worktree, branch: session.branch };
};
type Run = Awaited<ReturnType<typeof runOnce>>;
const dataOf = (run: Run, type: string) => run.events.filter((it) => it.type === type).map(({ data }) => data);

describe('until the tests pass', () => {
  const TEST = 'n=$(wc -l < work.txt 2>/dev/null || echo 0); echo "has $n"; test "$n" -ge 3';
  it('each iteration is given the output of the one before, and says why it ran', async () => {
    const { ctx, id } = await setUp(WORK, { test: TEST });
    const run = await runOnce(ctx, id, { untilPass: true, prompt: 'First words' });
    expect(run.ran).toBe(3);
    expect(run.session.iterations.map(({ reason }) => reason)).toEqual(['prompt', 'until-pass', 'until-pass']);
    expect(run.session.iterations.map(({ prompt }) => /has (\d)|First/.exec(String(prompt))?.[0])).toEqual([
      'First',
      'has 1',
      'has 2',
    ]);
    expect(run.iteration.tests).toMatchObject({ exitCode: 0 });
  });
  rarely('leaves what a person writes while the tests run where it is', async () => {
    const { dir, ctx, id, worktree, branch } = await setUp(WORK, { test: TEST });
    let did = false;
    const run = await runOnce(ctx, id, {
      untilPass: true,
      onTestOutput: (text) => {
        if (!text.includes('has 1')) return;
        did = true;
        writeFileSync(join(worktree, 'person.txt'), 'mine\n');
      },
    });
    expect(did).toBe(true);
    // What appears while the tests run is theirs as far as anybody can tell: it is in nobody's commit.
    expect(await git(dir, 'log', '--format=', '--name-only', `main..${branch}`)).not.toContain('person.txt');
    expect(existsSync(join(worktree, 'person.txt'))).toBe(true);
    expect(run.ran).toBe(3);
  });
  it('a person’s commit between two of them is found before the next', async () => {
    const { ctx, id, worktree } = await setUp(WORK, { test: TEST });
    const own = `cd '${worktree}' && git commit -q --allow-empty -m 'By hand'`;
    const test = `${TEST} || { test "$n" = 1 && git rev-parse -q --verify 'HEAD^2' ; ${own}; exit 1; }`;
    await runOnce(ctx, id);
    const { renameSession } = await import('../../src/workflows/rename-session.ts');
    const [which] = await summaries(ctx);
    await renameSession(ctx, which!, { test, prompt: null });
    const run = await runOnce(ctx, id, { untilPass: true, maxIterations: 2 });
    expect(dataOf(run, 'manual-commit.found')).toMatchObject([{ subject: 'By hand', beforeIteration: 3 }]);
    expect(run.session.iterations.map(({ outcome }) => outcome)).toEqual(['completed', 'completed', 'completed']);
  });
  rarely('stops at once where the agent fails, and needs a test command', async () => {
    const failing = 'after: repeat\niterations:\n  - - fail: { message: Out of credits, code: agent.credits }\n';
    const { ctx, id } = await setUp(failing, { test: 'false' });
    expect(await runOnce(ctx, id, { untilPass: true })).toMatchObject({ ran: 1, failure: { code: 'agent.credits' } });
    const other = await setUp();
    await expect(runOnce(other.ctx, other.id, { untilPass: true })).rejects.toMatchObject({
      code: 'session.refused',
      hint: expect.stringContaining('--test'),
    });
    expect((await summaries(other.ctx))[0]).toMatchObject({ state: 'new' });
  });
});

describe('files that a test run left behind', () => {
  it('go into a commit once the agent changes them, and not before', async () => {
    const yaml = `
iterations:
  - - edit: { path: a.txt, append: "four\\n" }
    - message: One.
  - - edit: { path: report.txt, content: "by the agent\\n" }
    - edit: { path: kept.txt, append: "x\\n" }
    - message: Two.
`;
    const test =
      'test -f report.txt || echo by-the-test > report.txt; test -f other.txt || echo o > other.txt; rm -f b.txt';
    const { dir, ctx, id, branch, worktree } = await setUp(yaml, { test });
    await runOnce(ctx, id);
    expect(await git(dir, 'show', '--format=', '--name-only', branch)).toBe('a.txt');
    const second = await runOnce(ctx, id);
    expect((await git(dir, 'show', '--format=', '--name-only', branch)).split('\n')).toEqual([
      'kept.txt',
      'report.txt',
    ]);
    expect(second.types).not.toContain('manual-commit.found');
    // What the tests deleted is a leftover too: nobody's deletion.
    expect(second.session.leftovers.map(({ path, object }) => [path, object === null])).toEqual([
      ['b.txt', true],
      ['other.txt', false],
    ]);
    expect(await git(dir, 'show', `${branch}:b.txt`)).toBe('hello');
    expect(existsSync(join(worktree, 'b.txt'))).toBe(false);
  });
  rarely('and that a person changed are the person’s', async () => {
    const { ctx, id, worktree } = await setUp(WORK, { test: 'test -f r.txt || echo r > r.txt' });
    await runOnce(ctx, id);
    writeFileSync(join(worktree, 'r.txt'), 'edited by hand\n');
    const run = await runOnce(ctx, id);
    expect(dataOf(run, 'manual-commit.found')).toMatchObject([{ origin: 'uncommitted-edits', files: 1 }]);
  });
  it('are remembered up to 5,000, with a word about the rest', async () => {
    const { ctx, id } = await setUp(WORK, {
      test: 'test -d many && exit 0; mkdir many && cd many && seq 1 5003 | xargs touch',
    });
    const run = await runOnce(ctx, id);
    expect(ctx.warnings.join()).toMatch(/left 5003 files.*only 5000/);
    expect(run.types).toContain('iteration.finished');
  });
});

describe('what a test run said', () => {
  it('is kept by its last 16 KiB, never beginning with half a character', async () => {
    const { ctx, id } = await setUp(WORK, { test: "printf 'é%.0s' $(seq 1 9000); printf x; exit 3" });
    const { tests } = (await runOnce(ctx, id)).iteration;
    expect(tests).toMatchObject({ exitCode: 3, signal: null });
    const tail = tests!.outputTail as string;
    expect(tail).toMatch(/^é+x$/);
    expect(Buffer.byteLength(tail)).toBeGreaterThan(16 * 1024 - 4);
    expect(Buffer.byteLength(tail)).toBeLessThanOrEqual(16 * 1024);
  });
  rarely('comes to the listener whole, and its environment names the session but no git', async () => {
    const { ctx, id, worktree } = await setUp(
      WORK,
      { test: 'echo "$AMP_SESSIONS_SESSION|$AMP_SESSIONS_WORKTREE|$PWD|$GIT_DIR|$MINE"' },
      { GIT_DIR: '/nowhere', MINE: 'kept' },
    );
    const heard: string[] = [];
    const run = await runOnce(ctx, id, { onTestOutput: (text) => void heard.push(text) });
    const line = `${id}|${worktree}|${worktree}||kept\n`;
    expect([heard.join(''), run.iteration.tests!.outputTail]).toEqual([line + line, line]);
    expect(dataOf(run, 'test-run.finished')).toMatchObject([
      { target: 'base', outputBytes: line.length },
      { target: 'iteration', iteration: 1, commit: run.iteration.commit, command: expect.stringContaining('echo') },
    ]);
  });
  it('and of what commit it spoke when nothing changed: the branch’s', async () => {
    const { ctx, id } = await setUp('iterations:\n  - - message: Nothing.\n', { test: 'true' });
    const run = await runOnce(ctx, id);
    expect(run.iteration.tests!.commit).toBe(run.session.baseCommit);
  });
});

describe('a set-up command', () => {
  it('that failed runs again before each iteration until it succeeds once', async () => {
    const mark = join(tempDir(), 'mark');
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const agent = { name: 'scripted', mode: null, command: script(WORK) };
    await expect(make(ctx, { agent, setup: `echo again >> log.txt; test -f '${mark}'` })).rejects.toMatchObject({
      code: 'setup.failed',
      message: expect.stringContaining('failed with exit code 1'),
      hint: expect.stringContaining('amp-sessions iterate'),
    });
    const [made] = await summaries(ctx);
    await expect(runOnce(ctx, made!.id)).rejects.toMatchObject({ code: 'setup.failed' });
    writeFileSync(mark, '');
    const run = await runOnce(ctx, made!.id);
    expect(dataOf(run, 'setup.finished')).toMatchObject([{ exitCode: 0, leftovers: [{ path: 'log.txt' }] }]);
    expect((await runOnce(ctx, made!.id)).types).not.toContain('setup.finished');
    expect(run.types).not.toContain('manual-commit.found');
    rmSync(join(dir, '.worktrees', made!.id), { recursive: true });
    expect((await runOnce(ctx, made!.id)).types.slice(0, 2)).toEqual(['worktree.added', 'setup.finished']);
  });
  rarely('that takes too long is ended, has not succeeded whatever it says, and runs again', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir, { ...process.env, AMP_SESSIONS_SETUP_TIMEOUT_SEC: '1' });
    const agent = { name: 'scripted', mode: null, command: script(WORK) };
    const setup = "trap 'exit 0' TERM; test -f a.txt && { sleep 30 & wait; }";
    await expect(make(ctx, { agent, setup })).rejects.toMatchObject({
      code: 'setup.failed',
      message: expect.stringContaining('took longer than 1 s'),
    });
    const [made] = await summaries(ctx);
    rmSync(join(dir, '.worktrees', made!.id, 'a.txt'));
    await expect(runOnce(ctx, made!.id)).rejects.toMatchObject({ code: 'setup.failed' });
    expect((await timeline(ctx, made!.id)).session.setupExitCode).not.toBe(0);
  });
});

describe('an agent that cannot be started any more', () => {
  it('in the midst of --until-pass ends its iteration as failed', async () => {
    const file = script(WORK);
    const yaml = `after: repeat\niterations:\n  - - run: echo w >> work.txt; rm -f '${file}'\n    - message: Gone.\n`;
    writeFileSync(file, yaml);
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const { session } = await make(ctx, { agent: { name: 'scripted', mode: null, command: file }, test: 'false' });
    const run = await runOnce(ctx, session.id, { untilPass: true });
    expect(run).toMatchObject({ ran: 2, failure: { code: 'file.missing' }, interrupted: false });
    expect(run.iteration).toMatchObject({ iteration: 2, outcome: 'failed', failure: { code: 'file.missing' } });
  });
});

describe('what changes in the repository while the agent runs', () => {
  it('is on record by name: hooks, attributes, refs; its own branch is not', async () => {
    const yaml = `
iterations:
  - - run: printf '#!/bin/sh\\n' > ../../.git/hooks/post-checkout; chmod +x ../../.git/hooks/post-checkout
    - run: mkdir -p ../../.git/info; echo '* text' > ../../.git/info/attributes
    - run: git tag sneaky; git update-ref refs/heads/other HEAD
    - message: Changed.
`;
    const { dir, ctx, id } = await setUp(yaml);
    const head = await git(dir, 'rev-parse', 'main');
    const run = await runOnce(ctx, id);
    expect(dataOf(run, 'repository-change.found')).toMatchObject([
      {
        iteration: 1,
        config: false,
        hooks: ['post-checkout'],
        attributes: true,
        refs: [
          { ref: 'refs/heads/other', from: null, to: head },
          { ref: 'refs/tags/sneaky', from: null, to: head },
        ],
      },
    ]);
    expect(ctx.warnings.join()).toMatch(/\.git\/hooks\/post-checkout, \.git\/info\/attributes changed/);
  });
  rarely('that are refs alone is on record and no warning; nothing is nothing', async () => {
    const yaml =
      'iterations:\n  - - run: git tag mine\n    - message: T.\n  - - run: echo x > x.txt\n    - message: X.\n';
    const { ctx, id } = await setUp(yaml);
    expect((await runOnce(ctx, id)).types).toContain('repository-change.found');
    expect((await runOnce(ctx, id)).types).not.toContain('repository-change.found');
    expect(ctx.warnings).toEqual([]);
  });
});

describe('cost', () => {
  it('of several iterations of one thread adds up, and one that is unknown makes all of it unknown', async () => {
    const step = (cost: string) => `  - - usage: { input: 10, output: 1 }\n${cost}    - message: Said.\n`;
    const yaml = `iterations:\n${step('    - cost: 0.25\n')}${step('    - cost: 0.5\n    - cost: 0.25\n')}${step('')}`;
    const { ctx, id } = await setUp(yaml);
    const costs: (number | null)[] = [];
    for (let i = 0; i < 3; i++) {
      const run = await runOnce(ctx, id);
      costs.push(run.iteration.usage.costUsd, totalUsage(run.session).costUsd);
      expect(dataOf(run, 'iteration.finished')).toMatchObject([{ usage: run.iteration.usage }]);
      expect(dataOf(run, 'iteration.started')).toMatchObject([
        { agent: { threadId: i === 0 ? null : run.iteration.threadId } },
      ]);
    }
    expect(costs).toEqual([0.25, 0.25, 0.75, 1, null, null]);
    expect((await summaries(ctx))[0]!.costUsd).toBeNull();
  });
});

describe('new --iterate --json', () => {
  const flags = (agent: string) => ['new', '--name', 'n', '-p', 'Do', '-a', agent, '--iterate'];
  it('that fails tells of the session it made, and of the run', async () => {
    const dir = await makeRepo();
    const tests = await cliJson(dir, [...flags(`scripted:${script(WORK)}`), '--test', 'test ! -f work.txt']);
    expect(tests).toMatchObject({ exitCode: 4, json: { error: { code: 'tests.failed' }, iteration: 1, files: 1 } });
    expect((await cliJson(dir, ['status', tests.json.id])).json).toMatchObject({ branch: tests.json.branch });
    const failed = await cliJson(dir, flags('command:exit 7'));
    expect(failed).toMatchObject({ exitCode: 5, json: { error: { code: 'agent.failed' }, outcome: 'failed' } });
    expect(existsSync(failed.json.worktree)).toBe(true);
  });
  rarely('whose agent is not there tells of the session all the same', async () => {
    const dir = await makeRepo();
    const ran = await cliJson(dir, flags('amp'), { PATH: '/usr/bin:/bin' });
    expect(ran).toMatchObject({ exitCode: 5, json: { error: { code: 'agent.missing' } } });
    const { items } = (await cliJson(dir, ['list'])).json;
    expect(items).toMatchObject([{ id: ran.json.id, branch: ran.json.branch, state: 'new' }]);
  });
});

describe('another agent for one run', () => {
  it('leaves the session’s own as it is, and each keeps its own thread', async () => {
    const { ctx, id } = await setUp();
    await runOnce(ctx, id);
    const run = await runOnce(ctx, id, { agent: { agent: 'command:cat > got.txt' }, prompt: 'Once' });
    expect(run.iteration).toMatchObject({ agent: { name: 'command', threadId: null }, threadId: null, files: 1 });
    expect(run.session.agent.name).toBe('scripted');
    const back = await runOnce(ctx, id, { agent: { model: 'deep' } });
    expect(back.iteration.agent).toMatchObject({
      name: 'scripted',
      mode: 'deep',
      threadId: run.session.threads['scripted'],
    });
    await expect(runOnce(ctx, id, { agent: { agent: 'clod' } })).rejects.toMatchObject({ code: 'agent.unknown' });
    expect((await timeline(ctx, id)).session.iterations).toHaveLength(3);
  });
});
