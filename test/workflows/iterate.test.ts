import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InterruptSwitch } from '../../src/workflows/interrupts.ts';
import { failureOf } from '../../src/workflows/run-iteration.ts';
import { git, makeRepo, sh } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const twoSteps = `
iterations:
  - - message: Looking.
    - run: cat a.txt
    - usage: { input: 10, output: 20, cacheRead: 30, cacheWrite: 40 }
    - edit: { path: a.txt, append: "four\\n" }
    - edit: { path: new/file.txt, content: "new\\n" }
    - message: "**Added** a line to \`a.txt\`."
  - - edit: { path: b.txt, content: "changed\\n" }
    - message: Changed b.txt.
`;

const setUp = async (yaml = twoSteps, over: Parameters<typeof make>[1] = {}) => {
  const dir = await makeRepo();
  const ctx = await contextIn(dir);
  const { session, worktree } = await make(ctx, {
    agent: { name: 'scripted', mode: null, command: script(yaml) },
    ...over,
  });
  return { dir, ctx, id: session.id, worktree, branch: session.branch };
};

describe('one iteration', () => {
  it('is one commit with trailers, a note, and everything on record', async () => {
    const { dir, ctx, id, worktree, branch } = await setUp();
    const main = await git(dir, 'rev-parse', 'main');
    const run = await runOnce(ctx, id);
    expect(run.failure).toBeNull();
    expect(await git(dir, 'log', '--format=%s', `main..${branch}`)).toBe('amp: Added a line to a.txt.');
    expect(
      await git(
        dir,
        'log',
        '-1',
        '--format=%(trailers:key=Amp-Session,valueonly)%(trailers:key=Amp-Iteration,valueonly)',
        branch,
      ),
    ).toBe(`${id}\n1\n`);
    expect(run.iteration).toMatchObject({
      outcome: 'completed',
      files: 2,
      insertions: 2,
      deletions: 0,
      toolCalls: 3,
      usage: { tokensInput: 10, tokensCacheWrite: 40 },
    });
    expect(run.types).toEqual(
      expect.arrayContaining([
        'iteration.started',
        'agent-message.received',
        'tool-call.started',
        'tool-call.finished',
        'usage.reported',
        'agent.finished',
        'iteration.finished',
      ]),
    );
    const note = (await git(dir, 'notes', '--ref=amp', 'show', branch))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(note[0]).toMatchObject({ type: 'iteration.finished', data: { iteration: 1, usage: { tokensOutput: 20 } } });
    expect(JSON.stringify(note)).not.toContain('Do the task');
    expect(await git(worktree, 'status', '--porcelain')).toBe('');
    expect(await git(dir, 'rev-parse', 'main')).toBe(main);
    expect(await git(dir, 'status', '--porcelain')).toBe('');
    expect((await sh(dir, 'git fsck --full --strict')).exitCode).toBe(0);
    const kept = await git(dir, 'rev-list', '--parents', '--all', '--glob=refs/amp/code');
    expect(kept).toContain(run.iteration.commit);
  });

  it('makes no commit when nothing changed, and says so on record', async () => {
    const { dir, ctx, id, branch } = await setUp('iterations:\n  - - message: Nothing to do.\n');
    const run = await runOnce(ctx, id);
    expect(run.iteration).toMatchObject({ outcome: 'completed', commit: null, files: 0 });
    expect(await git(dir, 'rev-parse', branch)).toBe(await git(dir, 'rev-parse', 'main'));
    const last = run.events.findLast(({ type }) => type === 'iteration.finished')!;
    expect(last.data).not.toHaveProperty('commit');
  });

  it('continues with the second entry, in the same session', async () => {
    const { dir, ctx, id, branch } = await setUp();
    await runOnce(ctx, id);
    const second = await runOnce(ctx, id);
    expect(second.iteration).toMatchObject({ iteration: 2, prompt: 'Go on with the task.', files: 1 });
    expect(await git(dir, 'log', '--format=%s', `main..${branch}`)).toBe(
      'amp: Changed b.txt.\namp: Added a line to a.txt.',
    );
  });
});

describe('manual work', () => {
  it('is recorded apart: commits as they are, edits as a commit of their own, never in an amp: commit', async () => {
    const { dir, ctx, id, worktree, branch } = await setUp();
    await runOnce(ctx, id);
    writeFileSync(join(worktree, 'mine.txt'), 'by hand\n');
    await git(worktree, 'add', '-A');
    await git(worktree, 'commit', '-q', '-m', 'By hand, committed');
    appendFileSync(join(worktree, 'mine.txt'), 'and not committed\n');
    const run = await runOnce(ctx, id);
    const found = run.events.filter(({ type }) => type === 'manual-commit.found').map(({ data }) => data);
    expect(found).toMatchObject([
      {
        subject: 'By hand, committed',
        origin: 'commit',
        files: 1,
        insertions: 1,
        beforeIteration: 2,
        author: { name: 'Test User' },
      },
      { origin: 'uncommitted-edits', files: 1, insertions: 1, beforeIteration: 2 },
    ]);
    const subjects = (await git(dir, 'log', '--format=%s', `main..${branch}`)).split('\n');
    expect(subjects).toEqual([
      'amp: Changed b.txt.',
      'Manual edits before iteration 2',
      'By hand, committed',
      'amp: Added a line to a.txt.',
    ]);
    expect(await git(dir, 'show', '--format=', '--name-only', branch)).toBe('b.txt');
  });

  it('that rewrote the branch is noticed', async () => {
    const { ctx, id, worktree } = await setUp();
    await runOnce(ctx, id);
    await git(worktree, 'commit', '-q', '--amend', '-m', 'Reworded by hand');
    const run = await runOnce(ctx, id);
    expect(run.types).toContain('manual-rewrite.found');
    expect(run.iteration).toMatchObject({ outcome: 'completed', iteration: 2 });
  });

  it('on another branch in the worktree stops the iteration before it begins', async () => {
    const { ctx, id, worktree } = await setUp();
    await git(worktree, 'switch', '-q', '-c', 'elsewhere');
    await expect(runOnce(ctx, id)).rejects.toMatchObject({
      code: 'worktree.blocked',
      hint: expect.stringContaining('switch'),
    });
  });
});

describe('the agent’s own git', () => {
  it('folds its commits into one and keeps them reachable', async () => {
    const yaml = `
iterations:
  - - run: "echo x > x.txt && git add -A && git -c user.name=a -c user.email=a@a commit -q -m 'agent one'"
    - run: "echo y > y.txt && git add -A && git -c user.name=a -c user.email=a@a commit -q -m 'agent two'"
    - edit: { path: z.txt, content: "z\\n" }
    - message: Three files.
`;
    const { dir, ctx, id, branch } = await setUp(yaml);
    const run = await runOnce(ctx, id);
    expect(await git(dir, 'log', '--format=%s', `main..${branch}`)).toBe('amp: Three files.');
    expect(run.iteration.files).toBe(3);
    const folded = run.events
      .filter(({ type }) => type === 'agent-commit.folded')
      .map(({ data }) => data as { commit: string; subject: string });
    expect(folded.map(({ subject }) => subject)).toEqual(['agent one', 'agent two']);
    await sh(dir, 'git reflog expire --expire=now --all && git gc -q --prune=now');
    for (const { commit } of folded) expect(await git(dir, 'cat-file', '-t', commit)).toBe('commit');
  });

  it('is put right when it switched branches, and a changed configuration is reported', async () => {
    const yaml = `
iterations:
  - - run: git switch -q -c sneaky
    - run: git config core.hooksPath .hooks
    - edit: { path: s.txt, content: "s\\n" }
    - message: Switched.
`;
    const { dir, ctx, id, worktree, branch } = await setUp(yaml);
    const run = await runOnce(ctx, id);
    expect(await git(worktree, 'symbolic-ref', '--short', 'HEAD')).toBe(branch);
    expect(await git(dir, 'log', '--format=%s', `main..${branch}`)).toBe('amp: Switched.');
    expect(run.events.find(({ type }) => type === 'repository-change.found')?.data).toMatchObject({ config: true });
    expect(ctx.warnings.join()).toContain('.git/config changed');
  });
});

describe('tests', () => {
  const failing = `
iterations:
  - - edit: { path: state.txt, content: "broken\\n" }
    - message: First try.
  - - edit: { path: state.txt, content: "good\\n" }
    - message: Mended it.
`;
  const check = 'test ! -f state.txt || { cat state.txt; grep -q good state.txt; }';

  it('tell newly failing from failing before, and go on until they pass', async () => {
    const { ctx, id } = await setUp(failing, { test: check });
    const first = await runOnce(ctx, id);
    expect(first.session.baseTests).toMatchObject({ exitCode: 0 });
    expect(first.iteration.tests).toMatchObject({ exitCode: 1, outputTail: 'broken\n' });
    expect(failureOf(first, {})).toMatchObject({ code: 'tests.failed', exit: 4 });
    const rest = await runOnce(ctx, id, { untilPass: true });
    expect(rest).toMatchObject({ ran: 1, iteration: { iteration: 2, tests: { exitCode: 0 } } });
    expect(rest.iteration.prompt).toContain('broken');
    expect(
      rest.events.filter(
        ({ type, data }) => type === 'test-run.finished' && (data as { target: string }).target === 'base',
      ),
    ).toHaveLength(0);
  });

  it('stop at the limit of iterations', async () => {
    const { ctx, id } = await setUp('after: repeat\niterations:\n  - - run: date >> log.txt\n    - message: Tried.\n', {
      test: 'false',
    });
    const run = await runOnce(ctx, id, { untilPass: true, maxIterations: 3 });
    expect(run).toMatchObject({ ran: 3, session: { baseTests: { exitCode: 1 } } });
    expect(failureOf(run, {})?.message).toContain('after 3 iterations');
  });

  it('may leave files behind: nobody’s work, in no commit', async () => {
    const { dir, ctx, id, worktree, branch } = await setUp(twoSteps, {
      test: 'echo report > coverage.txt; echo x >> a.txt',
    });
    await runOnce(ctx, id);
    const second = await runOnce(ctx, id);
    expect(existsSync(join(worktree, 'coverage.txt'))).toBe(true);
    expect(second.types).not.toContain('manual-commit.found');
    expect(await git(dir, 'log', '--format=', '--name-only', `main..${branch}`)).toBe('b.txt\na.txt\nnew/file.txt');
  });

  it('have a time limit', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir, {
      ...process.env,
      AMP_SESSIONS_TESTTIMEOUTSEC: '1',
      AMP_SESSIONS_TEST_TIMEOUT_SEC: '1',
    });
    const { session } = await make(ctx, {
      agent: { name: 'scripted', mode: null, command: script(twoSteps) },
      test: 'sleep 60',
    });
    const run = await runOnce(ctx, session.id);
    expect(run.iteration.tests).toMatchObject({ timedOut: true });
    expect(failureOf(run, {})?.message).toContain('time limit');
  });
});

describe('an agent that fails', () => {
  it('has what it did committed, with its cause on record, and is no success', async () => {
    const { ctx, id } = await setUp(
      'iterations:\n  - - edit: { path: half.txt, content: "half\\n" }\n    - fail: { message: Out of credits, code: agent.credits }\n',
    );
    const run = await runOnce(ctx, id, {});
    expect(run.iteration).toMatchObject({ outcome: 'failed', files: 1, tests: null });
    expect(failureOf(run, { x: 1 })).toMatchObject({ exit: 5, answer: { x: 1 } });
    expect(run.types.at(-1)).toBe('iteration.finished');
  });

  it('and hangs is ended by the time limit', async () => {
    const { ctx, id } = await setUp('iterations:\n  - - message: Thinking.\n    - hang: true\n');
    const run = await runOnce(ctx, id, { timeoutSec: 1 });
    expect(run.iteration.outcome).toBe('timed-out');
    expect(failureOf(run, {})).toMatchObject({ code: 'agent.timeout', exit: 5 });
  });

  it('and is interrupted keeps what it did', async () => {
    const { dir, ctx, id, branch } = await setUp(
      'iterations:\n  - - edit: { path: half.txt, content: "half\\n" }\n    - message: Half done.\n    - hang: true\n',
    );
    const interrupts = new InterruptSwitch();
    const run = await runOnce(ctx, id, {
      interrupts,
      onEvent: ({ type }) => type === 'agent-message.received' && interrupts.stop(),
    });
    expect(run).toMatchObject({ interrupted: true, iteration: { outcome: 'interrupted', files: 1 } });
    expect(await git(dir, 'show', `${branch}:half.txt`)).toBe('half');
    expect(failureOf(run, {})).toMatchObject({ exit: 130 });
  });
});

describe('secrets', () => {
  it('reach neither log, note, commit message nor transcript', async () => {
    const secret = `${'sk'}-live-${'Zq8'.repeat(10)}`;
    const dir = await makeRepo();
    const ctx = await contextIn(dir, { ...process.env, DEPLOY_TOKEN: secret });
    const yaml = `iterations:\n  - - run: echo "$DEPLOY_TOKEN"\n    - edit: { path: c.txt, content: "c\\n" }\n    - message: The token is ${secret}.\n`;
    const { session } = await make(ctx, {
      prompt: `Use ${secret}`,
      agent: { name: 'scripted', mode: null, command: script(yaml) },
      test: 'echo $DEPLOY_TOKEN',
    });
    await runOnce(ctx, session.id);
    await ctx.store.close();
    const objects = await sh(dir, 'git cat-file --batch-all-objects --batch --buffer');
    expect(objects.stdout).toContain('REDACTED');
    expect(objects.stdout).not.toContain(secret);
    const files = await sh(dir, `grep -r -a -l '${secret}' .git`);
    expect(files.stdout).toBe('');
  });
});

describe('a worktree', () => {
  it('that somebody deleted is made again', async () => {
    const { dir, ctx, id, worktree } = await setUp();
    await runOnce(ctx, id);
    await sh(dir, `rm -rf '${worktree}'`);
    const run = await runOnce(ctx, id);
    expect(run.iteration).toMatchObject({ iteration: 2, outcome: 'completed', files: 1 });
    expect(readFileSync(join(worktree, 'new/file.txt'), 'utf8')).toBe('new\n');
  });

  it('gets the ignored files that .worktreeinclude names, and its set-up', async () => {
    const dir = await makeRepo();
    writeFileSync(join(dir, '.gitignore'), '.env\nlocal/\n');
    writeFileSync(join(dir, '.worktreeinclude'), '.env\nlocal/\n');
    await git(dir, 'add', '-A');
    await git(dir, 'commit', '-q', '-m', 'ignore');
    writeFileSync(join(dir, '.env'), 'A=1\n');
    mkdirSync(join(dir, 'local'));
    writeFileSync(join(dir, 'local', 'x'), 'x\n');
    const ctx = await contextIn(dir);
    const { worktree, session } = await make(ctx, {
      setup: 'cat .env > made-by-setup.txt',
      agent: { name: 'scripted', mode: null, command: script(twoSteps) },
    });
    expect(readFileSync(join(worktree, 'local', 'x'), 'utf8')).toBe('x\n');
    expect(readFileSync(join(worktree, 'made-by-setup.txt'), 'utf8')).toBe('A=1\n');
    const run = await runOnce(ctx, session.id);
    expect(run.types).not.toContain('manual-commit.found');
    expect(run.iteration.files).toBe(2);
  });
});

describe('an agent that rebases', () => {
  it('is not credited with the upstream commits it moved onto', async () => {
    const yaml = `
iterations:
  - - edit: { path: one.txt, content: "1\\n" }
    - message: One.
  - - run: git -c user.name=a -c user.email=a@a rebase -q main
    - run: "echo 2 > two.txt && git add -A && git -c user.name=a -c user.email=a@a commit -q -m 'two by the agent'"
    - message: Rebased and went on.
`;
    const { dir, ctx, id, branch } = await setUp(yaml);
    await runOnce(ctx, id);
    await sh(dir, 'echo up > up.txt && git add -A && git commit -q -m upstream');
    const run = await runOnce(ctx, id);
    const folded = run.events
      .filter(({ type }) => type === 'agent-commit.folded')
      .map(({ data }) => (data as { subject: string }).subject);
    expect(folded).toEqual(['two by the agent']);
    expect(await git(dir, 'log', '--format=%s', `${run.iteration.head}..${branch}`)).toBe('amp: Rebased and went on.');
    expect(await git(dir, 'show', `${branch}:two.txt`)).toBe('2');
    expect(run.types).not.toContain('manual-commit.found');
  });
});
