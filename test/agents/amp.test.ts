import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ampOver, fakeEnv, listen, request, runFake } from '../support/agent-run.ts';
import { type FakeRun, makeFakeAmp } from '../support/fake-amp/make-fake-amp.ts';
import { exec, git, makeRepo, tempDir } from '../support/repo.ts';

const THREAD = 'T-01a0f000-0001-7000-8000-000000000001';
const OTHER = 'T-02a0f000-0002-7000-8000-000000000002';
const line = (value: unknown): string => `${JSON.stringify(value)}\n`;
const said = (text: string): string =>
  line({
    type: 'assistant',
    message: { role: 'assistant', content: [{ type: 'text', text }], stop_reason: 'end_turn' },
    parent_tool_use_id: null,
    session_id: THREAD,
  });

const isAlive = async (needle: string): Promise<boolean> => {
  const { stdout } = await exec('/', 'ps', ['-A', '-o', 'stat=,args=']);
  return stdout
    .split('\n')
    .some((entry) => !entry.startsWith('Z') && entry.includes(needle) && !entry.includes('ps -A'));
};

describe.skipIf(process.platform === 'win32')('amp', () => {
  describe('is started', () => {
    test('with the prompt on stdin, in the worktree, with labels, unarchived, and without update checks', async () => {
      const worktree = tempDir();
      const { told, fake } = await runFake(
        { actions: [{ say: 'hi' }] },
        { request: { worktree, prompt: '-x --weird\n"prompt" ü' } },
      );
      expect(told.end.failure).toBeNull();
      const [call] = fake.calls();
      expect(call).toMatchObject({ cwd: worktree, input: '-x --weird\n"prompt" ü' });
      expect(call!.args).toEqual(['-x', '--stream-json', '--no-archive-after-execute', '-l', 'amp-session-k3xyz']);
      expect(call!.env).toMatchObject({
        AMP_SKIP_UPDATE_CHECK: '1',
        AMP_SESSIONS_SESSION: 'k3xyz',
        AMP_SESSIONS_ITERATION: '1',
        AMP_SESSIONS_NAME: 'Test session',
        AMP_SESSIONS_WORKTREE: worktree,
      });
    });

    test('without git variables of ours', async () => {
      const { fake } = await runFake({}, { env: { GIT_DIR: '/elsewhere', GIT_INDEX_FILE: '/x' } });
      expect(Object.keys(fake.calls()[0]!.env!).filter((name) => name.startsWith('GIT_'))).toEqual([]);
    });

    test('in the mode that the request asks for, else in that of the session', async () => {
      const inMode = async (mode: string | null, asked?: string) =>
        (await runFake({}, { mode, request: asked === undefined ? {} : { mode: asked } })).fake.calls()[0]!.args;
      expect(await inMode('high')).toContain('--mode=high');
      expect(await inMode('high', 'low')).toContain('--mode=low');
      expect((await inMode(null)).join(' ')).not.toContain('mode');
    });

    test('on its thread again, so that context is kept', async () => {
      const { told, fake } = await runFake({ actions: [{ say: 'more' }] }, { request: { threadId: THREAD } });
      expect(fake.calls()[0]!.args.slice(0, 5)).toEqual(['threads', 'continue', THREAD, '-x', '--stream-json']);
      expect(told.of('thread')).toEqual([{ kind: 'thread', threadId: THREAD, mode: 'medium', model: null }]);
    });

    test('without labels when they are switched off', async () => {
      const { fake } = await runFake({}, { settings: { labels: false } });
      expect(fake.calls()[0]!.args).not.toContain('-l');
    });

    test.each([
      [false, false, []],
      [true, false, ['Amp-Thread-ID']],
      [true, true, ['Amp-Thread-ID', 'Co-authored-by']],
    ])(
      'with commit trailers as the settings say (thread %s, co-author %s)',
      async (threadTrailer, coauthorTrailer, expected) => {
        const worktree = await makeRepo();
        const run: FakeRun = { actions: [{ edit: { path: 'new.txt', content: 'x\n' } }, { commit: 'own commit' }] };
        const { told } = await runFake(run, { settings: { threadTrailer, coauthorTrailer }, request: { worktree } });
        expect(told.end.failure).toBeNull();
        const trailers = await git(worktree, 'log', '-1', '--format=%(trailers:keyonly)');
        expect(trailers.split('\n').filter(Boolean)).toEqual(expected);
      },
    );

    test('never from inside the repository, neither directly nor through a link, nor relative to the PATH', async () => {
      const root = tempDir();
      const planted = makeFakeAmp(root, { runs: [{}] });
      const outside = tempDir();
      await exec('/', 'ln', ['-s', planted.program, path.join(outside, 'amp')]);
      for (const bin of [planted.bin, outside, '.', 'bin']) {
        const amp = ampOver(planted, { root, env: { PATH: bin } });
        await expect(amp.check()).rejects.toMatchObject({ code: 'agent.missing' });
      }
      const named = ampOver(planted, { root, env: { PATH: planted.bin } });
      await expect(named.check()).rejects.toThrow(/inside the repository/);
    });

    test('by the configured program, relative to the repository', async () => {
      const root = tempDir();
      const fake = makeFakeAmp(root, { runs: [{ actions: [{ say: 'configured' }] }] });
      const amp = ampOver(fake, { root, settings: { path: './bin/amp' }, env: { PATH: '/nowhere' } });
      expect((await listen(await amp.start(request()))).end.failure).toBeNull();
    });
  });

  describe('1 start', () => {
    test('silence before init is no failure as long as it is within the limit', async () => {
      const { told } = await runFake(
        { silenceMs: 400, actions: [{ say: 'late' }] },
        { request: { firstOutputMs: 20_000 } },
      );
      expect(told.end.failure).toBeNull();
    });

    test('a hang before init is ended by the first-output limit', async () => {
      const { told } = await runFake({ hangAtStart: true }, { request: { firstOutputMs: 1_500 } });
      expect(told.end).toMatchObject({ stopped: 'silent', result: null, failure: { code: 'agent.silent' } });
    });

    test('a program without a #! line is run as what it is: it ends without a result', async () => {
      const bin = tempDir();
      writeFileSync(path.join(bin, 'amp'), 'echo no shebang >&2\nexit 3\n', { mode: 0o755 });
      const amp = ampOver(makeFakeAmp(tempDir()), { env: { PATH: `${bin}:/usr/bin:/bin` } });
      const { end } = await listen(await amp.start(request()));
      expect(end).toMatchObject({
        exitCode: 3,
        failure: { code: 'agent.failed', message: expect.stringContaining('no shebang') },
      });
    });

    test('a worktree that is gone is a failed start', async () => {
      const fake = makeFakeAmp(tempDir(), { runs: [{}] });
      const told = await listen(await ampOver(fake).start(request({ worktree: path.join(tempDir(), 'gone') })));
      expect(told.end.failure).toMatchObject({ code: 'agent.missing' });
      expect(fake.calls()).toEqual([]);
    });
  });

  describe('2 ending', () => {
    const outcome = async (run: FakeRun) => (await runFake({ actions: [{ say: 'words' }], ...run })).told.end;

    test('success', async () => {
      expect(await outcome({})).toMatchObject({
        exitCode: 0,
        signal: null,
        stopped: 'no',
        failure: null,
        survivors: 0,
        result: { subtype: 'success', isError: false, turns: 1, text: 'words' },
      });
    });

    const error = { subtype: 'error_during_execution', is_error: true, error: 'Out of Credits', result: undefined };
    test('an error result with exit 0 is a failure', async () => {
      expect(await outcome({ result: error })).toMatchObject({ exitCode: 0, failure: { code: 'agent.credits' } });
    });
    test('an error result with exit 1 is the same failure', async () => {
      expect(await outcome({ result: error, exit: 1 })).toMatchObject({
        exitCode: 1,
        failure: { code: 'agent.credits' },
      });
    });
    test('a result without session_id: the thread of init stands', async () => {
      const { told } = await runFake({ threadId: THREAD, actions: [{ say: 'x' }], result: { session_id: undefined } });
      expect(told.of('thread').map(({ threadId }) => threadId)).toEqual([THREAD]);
      expect(told.end.failure).toBeNull();
    });
    test.each([0, 1, 3])('no result and exit %i is a failure that says so', async (exit) => {
      const end = await outcome({ result: false, exit });
      expect(end).toMatchObject({ exitCode: exit, result: null, failure: { code: 'agent.failed' } });
      expect(end.failure?.message).toContain(`exit code ${exit} without a result`);
    });
    test('killed by 9', async () => {
      expect(await outcome({ result: false, afterwards: [{ kill: 'SIGKILL' }] })).toMatchObject({
        exitCode: null,
        signal: 'SIGKILL',
        failure: { code: 'agent.failed' },
      });
    });
    test('two results: an error among them counts', async () => {
      expect((await outcome({ afterwards: [{ error: 'and then it broke' }] })).failure?.message).toContain(
        'and then it broke',
      );
    });
    test('lines after the result are still told', async () => {
      const { told } = await runFake({ afterwards: [{ say: 'by the way' }] });
      expect(told.of('message').map(({ text }) => text)).toEqual(['by the way']);
      expect(told.end.failure).toBeNull();
    });
    test('a grandchild that holds stdout open holds nobody, and is gone', async () => {
      const { told } = await runFake({ afterwards: [{ orphan: { command: 'sleep 41.7', holdsStdout: true } }] });
      expect(told.end).toMatchObject({ failure: null, survivors: expect.any(Number) });
      expect(told.end.survivors).toBeGreaterThan(0);
      expect(await isAlive('sleep 41.7')).toBe(false);
    });
    test('no edit is made after the end', async () => {
      const worktree = tempDir();
      const late = `until [ -e '${worktree}/go' ]; do sleep 0.02; done; echo late > '${worktree}/late.txt'`;
      await runFake({ afterwards: [{ orphan: { command: late } }] }, { request: { worktree } });
      writeFileSync(path.join(worktree, 'go'), '');
      await sleep(300);
      expect(existsSync(path.join(worktree, 'late.txt'))).toBe(false);
      expect(await isAlive(worktree)).toBe(false);
    });
    test('closed outputs and a process that lives on: the idle limit ends it', async () => {
      const run: FakeRun = { afterwards: [{ closeOutput: true }, { hang: true }] };
      const { told } = await runFake(run, { request: { idleMs: 700 } });
      expect(told.end).toMatchObject({
        stopped: 'silent',
        result: { isError: false },
        failure: { code: 'agent.silent' },
      });
    });
  });

  describe('3 signals', () => {
    test('stopped at its start it dies without a word', async () => {
      const fake = makeFakeAmp(tempDir(), { runs: [{ hangAtStart: true }] });
      const run = await ampOver(fake).start(request());
      const told = listen(run);
      for (let i = 0; i < 400 && fake.calls().length === 0; i++) await sleep(10);
      run.stop('gently');
      expect((await told).end).toMatchObject({
        stopped: 'user',
        result: null,
        signal: 'SIGINT',
        failure: { code: 'agent.failed' },
      });
    });

    const midTool = (run: Partial<FakeRun>): FakeRun => ({
      actions: [{ shell: 'sleep 42.3' }, { say: 'done' }],
      ...run,
    });
    const stopAtTool = (how: 'gently' | 'now') => ({
      onFact: (fact: { kind: string }, run: { stop(how: 'gently' | 'now'): void }) => {
        if (fact.kind === 'tool-started') run.stop(how);
      },
    });

    test('in mid-tool it says that it was cancelled, the tool never comes back, and its process is gone', async () => {
      const { told } = await runFake(midTool({}), stopAtTool('gently'));
      expect(told.end).toMatchObject({
        stopped: 'user',
        result: { isError: true, text: 'User cancelled (SIGINT/SIGTERM)' },
      });
      expect(told.end.failure?.message).toContain('stopped before it had finished');
      expect(told.of('tool-started')).toHaveLength(1);
      expect(told.of('tool-finished')).toEqual([]);
      expect(await isAlive('sleep 42.3')).toBe(false);
    });

    test('cancelled with exit 0 is no success', async () => {
      const { told } = await runFake(midTool({ cancelExit: 0 }), stopAtTool('gently'));
      expect(told.end.exitCode).toBe(0);
      expect(told.end.failure).not.toBeNull();
    });

    test('after its answer, when the signal wins the race, it counts as cancelled', async () => {
      const { told } = await runFake(
        { actions: [{ say: 'answer' }, { hang: true }] },
        { onFact: (fact, run) => fact.kind === 'message' && run.stop('gently') },
      );
      expect(told.end).toMatchObject({ stopped: 'user', result: { isError: true } });
    });

    test('one that ignores SIGINT and SIGTERM is killed after the grace', async () => {
      const { told } = await runFake(midTool({ signals: 'ignore' }), { graceMs: 150, ...stopAtTool('gently') });
      expect(told.end).toMatchObject({ stopped: 'user', signal: 'SIGKILL', result: null });
      expect(await isAlive('sleep 42.3')).toBe(false);
    });

    test('one that finishes with success on a signal succeeded, though it was stopped', async () => {
      const { told } = await runFake(midTool({ signals: 'finish' }), stopAtTool('gently'));
      expect(told.end).toMatchObject({
        stopped: 'user',
        exitCode: 0,
        failure: null,
        result: { text: 'finished anyway' },
      });
    });

    test('"now" ends it at once, and a detached, scrubbed grandchild with it', async () => {
      const run: FakeRun = {
        actions: [{ orphan: { command: 'sleep 43.9', scrubbed: true } }, { shell: 'sleep 42.4' }],
      };
      const { told } = await runFake(run, stopAtTool('now'));
      expect(told.end).toMatchObject({ stopped: 'user', signal: 'SIGKILL' });
      expect([await isAlive('sleep 43.9'), await isAlive('sleep 42.4')]).toEqual([false, false]);
    });

    test('in a process group instead of a namespace the same holds for all who carry the mark', async () => {
      const run: FakeRun = { actions: [{ orphan: { command: 'sleep 45.2' } }, { shell: 'sleep 45.3' }] };
      const { told } = await runFake(run, { strength: 'group', ...stopAtTool('gently') });
      expect(told.end).toMatchObject({ stopped: 'user', result: { isError: true } });
      expect(told.end.survivors).toBeGreaterThanOrEqual(process.platform === 'linux' ? 2 : 0);
      if (process.platform === 'linux')
        expect([await isAlive('sleep 45.2'), await isAlive('sleep 45.3')]).toEqual([false, false]);
    });

    test('a listener that goes away ends the run', async () => {
      const fake = makeFakeAmp(tempDir(), { runs: [{ actions: [{ say: 'hi' }, { shell: 'sleep 44.1' }] }] });
      const run = await ampOver(fake).start(request());
      for await (const fact of run.facts) if (fact.kind === 'tool-started') break;
      for (let i = 0; i < 400 && (await isAlive('sleep 44.1')); i++) await sleep(10);
      expect(await isAlive('sleep 44.1')).toBe(false);
    });
  });

  describe('4 bytes', () => {
    const heard = async (...actions: FakeRun['actions'] & object) => (await runFake({ actions })).told;
    const messages = (told: Awaited<ReturnType<typeof heard>>) => told.of('message').map(({ text }) => text);

    test('a line that comes byte by byte', async () => {
      expect(messages(await heard({ drip: said('drop by drop ü€😀') }))).toEqual(['drop by drop ü€😀']);
    });
    test('a line that is cut inside a character', async () => {
      const text = said('ü€😀');
      const at = Buffer.from(text).indexOf(Buffer.from('😀')) + 2;
      expect(messages(await heard({ cut: { text, at } }))).toEqual(['ü€😀']);
    });
    test('a line of 12 MB', async () => {
      const head = said('@').split('@')[0]!;
      const told = await heard(
        { raw: head },
        { repeat: { text: 'x'.repeat(1000), times: 12_000 } },
        { raw: said('@').split('@')[1]! },
      );
      expect(messages(told).map((text) => text.length)).toEqual([12_000_000]);
    });
    test('a line of 40 MB comes in parts, counts as unreadable, and what follows is read', async () => {
      const told = await heard({ repeat: { text: 'y'.repeat(1000), times: 40_000 } }, { raw: '\n' }, { say: 'after' });
      const parts = told.of('line').filter(({ bytes }) => bytes[0] === 0x79);
      expect(parts.map(({ more }) => more ?? false)).toEqual([true, true, false]);
      expect(parts.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(40_000_000);
      expect(told.end).toMatchObject({ unreadableLines: 1, failure: null });
      expect(messages(told)).toEqual(['after']);
    });
    test('invalid UTF-8 is handed on byte for byte', async () => {
      const told = await heard({ base64: Buffer.from([0xff, 0xfe, 0x80, 0x0a]).toString('base64') });
      expect(told.of('line').some(({ bytes }) => bytes.equals(Buffer.from([0xff, 0xfe, 0x80])))).toBe(true);
      expect(told.end).toMatchObject({ unreadableLines: 1, failure: null });
    });
    test.each<[string, string, number]>([
      ['NUL', 'a\0b\n', 1],
      ['noise', 'npm warn deprecated x\n', 1],
      ['blank lines', '\n\n \n', 0],
      ['U+2028', said('a\u2028b'), 0],
      ['CRLF', said('crlf').replace('\n', '\r\n'), 0],
      ['BOM', `\uFEFF${said('bom')}`, 0],
      ['lone surrogate', said('x').replace('"x"', '"\\ud83d"'), 0],
      ['duplicate keys', said('x').replace('"type":"text"', '"type":"image","type":"text"'), 0],
      ['__proto__', said('x').replace('{"role"', '{"__proto__":{"a":1},"role"'), 0],
    ])('%s: nothing is lost, nothing breaks', async (_name, raw, unreadable) => {
      const told = await heard({ raw }, { say: 'after' });
      expect(messages(told).at(-1)).toBe('after');
      expect(told.end).toMatchObject({ unreadableLines: unreadable, failure: null });
      expect(`${told.text()}\n`).toContain(raw);
    });
    test('deep nesting is read past', async () => {
      const told = await heard({ raw: `${'['.repeat(200_000)}${']'.repeat(200_000)}\n` }, { say: 'after' });
      expect(messages(told)).toEqual(['after']);
    });
    test('a last line that was cut off is kept and counted', async () => {
      const { told } = await runFake({ result: false, actions: [{ raw: '{"type":"assistant","mess' }] });
      expect(told.text().endsWith('{"type":"assistant","mess')).toBe(true);
      expect(told.end).toMatchObject({ unreadableLines: 1, failure: { code: 'agent.failed' } });
    });
    test('a result without a final newline counts', async () => {
      const result = JSON.stringify({
        type: 'result',
        subtype: 'success',
        is_error: false,
        result: 'ok',
        num_turns: 0,
      });
      const { told } = await runFake({ result: false, actions: [{ raw: result }] });
      expect(told.end).toMatchObject({ failure: null, result: { text: 'ok' } });
    });
  });

  describe('5 load', () => {
    test('100,000 small lines are all told', async () => {
      const { told } = await runFake({ actions: [{ repeat: { text: said('x'), times: 100_000 } }] });
      expect(told.of('message')).toHaveLength(100_000);
      expect(told.end.failure).toBeNull();
    });
    test('a flood on stderr while stdout is idle holds nobody, and comes in full', async () => {
      const { told } = await runFake({
        actions: [{ stderr: { text: `${'e'.repeat(1023)}\n`, times: 1000 } }, { say: 'after' }],
      });
      expect(told.of('line').filter(({ stream }) => stream === 'stderr')).toHaveLength(1000);
      expect(told.of('message')).toHaveLength(1);
    });
    test('a large prompt for an agent that reads no stdin is no error', async () => {
      const { told } = await runFake(
        { isDeaf: true, actions: [{ say: 'deaf' }] },
        { request: { prompt: 'p'.repeat(8 << 20) } },
      );
      expect(told.end.failure).toBeNull();
    });
    test('a large prompt arrives whole', async () => {
      const prompt = 'ü'.repeat(1 << 20);
      const { fake } = await runFake({ echo: false }, { request: { prompt } });
      expect(fake.calls()[0]!.input).toBe(prompt);
    });
    test('a slow listener is not taken for a silent agent', async () => {
      const fake = makeFakeAmp(tempDir(), { runs: [{ actions: [{ say: 'a' }, { say: 'b' }] }] });
      const run = await ampOver(fake).start(request({ idleMs: 1_500 }));
      let messages = 0;
      let end: string | undefined;
      for await (const fact of run.facts) {
        if (fact.kind === 'message' && messages++ === 0) await sleep(2_500);
        if (fact.kind === 'finished') end = fact.stopped;
      }
      expect([messages, end]).toEqual([2, 'no']);
    });
  });

  test('6 schema drift: a run full of it succeeds, with everything in the transcript', async () => {
    const strange = [
      line({ type: 'hologram', session_id: THREAD }),
      line({ type: 'assistant', message: { role: 'assistant', content: null }, session_id: THREAD }),
      line({
        type: 'assistant',
        message: { role: 'assistant', content: [{ type: 'aura' }] },
        session_id: THREAD,
        moon: 1,
      }),
      line({
        type: 'user',
        message: { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'TU-none', content: 'x' }] },
        session_id: OTHER,
      }),
    ];
    const { told } = await runFake({
      threadId: THREAD,
      actions: [{ say: 'a', usage: null }, ...strange.map((raw) => ({ raw }))],
    });
    expect(told.end).toMatchObject({ unknownLines: 2, unreadableLines: 0, failure: null });
    expect(told.of('usage')).toEqual([]);
    expect(told.of('thread').map(({ threadId }) => threadId)).toEqual([THREAD, OTHER, THREAD]);
    expect(told.of('tool-finished')).toEqual([
      { kind: 'tool-finished', toolCallId: 'TU-none', tool: null, durationMs: null, isError: false, exitCode: null },
    ]);
    for (const text of strange) expect(`${told.text()}\n`).toContain(text);
  });

  describe('7 time', () => {
    test('a pause within the idle limit is none', async () => {
      const { told } = await runFake(
        { actions: [{ say: 'a' }, { sleep: 500 }, { say: 'b' }] },
        { request: { idleMs: 20_000 } },
      );
      expect(told.end).toMatchObject({ stopped: 'no', failure: null });
    });
    test('a longer one ends the run, gently: it may still say that it was cancelled', async () => {
      const { told } = await runFake({ actions: [{ say: 'a' }, { hang: true }] }, { request: { idleMs: 600 } });
      expect(told.end).toMatchObject({
        stopped: 'silent',
        failure: { code: 'agent.silent' },
        result: { isError: true },
      });
    });
    test('the limit for the whole run counts however much is printed', async () => {
      const chatter: FakeRun = { actions: Array.from({ length: 400 }, () => [{ say: 'x' }, { sleep: 20 }]).flat() };
      const { told } = await runFake(chatter, { request: { timeoutMs: 1_200 } });
      expect(told.end).toMatchObject({ stopped: 'timeout', failure: { code: 'agent.timeout' } });
    });
    test('a wall clock that goes back changes no duration', async () => {
      let wall = Date.parse('2026-01-02T00:00:00Z');
      let steady = 0;
      const clock = {
        now: () => {
          wall -= 60_000;
          return new Date(wall).toISOString();
        },
        elapsed: () => {
          steady += 5;
          return steady;
        },
        newId: () => 'k3',
      };
      const { told } = await runFake({ actions: [{ shell: 'true' }] }, { clock });
      expect(told.of('tool-finished')[0]!.durationMs).toBe(5);
      expect(told.end.durationMs).toBeGreaterThan(0);
    });
    test('0 is no limit', async () => {
      const limits = { firstOutputMs: 0, idleMs: 0, timeoutMs: 0 };
      const { told } = await runFake({ silenceMs: 200, actions: [{ say: 'a' }] }, { request: limits });
      expect(told.end.failure).toBeNull();
    });
  });

  describe('8 follow-ups', () => {
    const usage = (...texts: string[]) => ({ usage: texts.map((stdout) => ({ stdout })) });
    const costOf = async (threads: Parameters<typeof runFake>[1] & object, threadId?: string) => {
      const { told, fake } = await runFake(
        { threadId: THREAD, actions: [{ say: 'x' }] },
        { settings: { cost: true }, ...threads, request: { ...threads.request, ...(threadId && { threadId }) } },
      );
      expect(told.end.failure).toBeNull();
      return { cost: told.of('cost'), asked: fake.calls().filter(({ kind }) => kind === 'threads usage') };
    };

    test('the cost of a new thread is what the thread costs', async () => {
      const { cost, asked } = await costOf({
        threads: usage('$13.08\nDetails: https://ampcode.com/threads/T-x/usage\n'),
      });
      expect(cost).toEqual([{ kind: 'cost', costUsd: 13.08, costSource: 'billed', threadCostUsd: 13.08 }]);
      expect(asked.map(({ args }) => args)).toEqual([['threads', 'usage', THREAD]]);
    });
    test('the cost of a later iteration is the difference', async () => {
      const { cost } = await costOf({ threads: usage('$1.10\n', '$1.45\n') }, THREAD);
      expect(cost).toEqual([{ kind: 'cost', costUsd: 0.35, costSource: 'billed', threadCostUsd: 1.45 }]);
    });
    test('a known earlier cost is not asked for', async () => {
      const { cost, asked } = await costOf({ threads: usage('$1.45\n'), request: { threadCostUsd: 1.1 } }, THREAD);
      expect(cost).toMatchObject([{ costUsd: 0.35 }]);
      expect(asked).toHaveLength(1);
    });
    test.each<[string, NonNullable<Parameters<typeof runFake>[1]>['threads']]>([
      ['fails', { usage: [{ stderr: 'Error: no\n', exit: 1 }] }],
      ['is in new words', { usage: [{ stdout: 'Thirteen credits\n' }] }],
      ['is 0, which nothing costs', { usage: [{ stdout: '$0.00\n' }] }],
    ])('an answer that %s is no cost at all, never 0', async (_name, threads) => {
      expect((await costOf({ threads })).cost).toEqual([]);
    });
    test('an answer that does not come is not waited for', async () => {
      expect(
        (await costOf({ threads: { usage: [{ ms: 60_000, stdout: '$1.00' }] }, costTimeoutMs: 400 })).cost,
      ).toEqual([]);
    });
    test('an earlier cost that is unknown leaves the new one unknown', async () => {
      const { cost } = await costOf({ threads: { usage: [{ exit: 1 }, { stdout: '$1.45\n' }] } }, THREAD);
      expect(cost).toEqual([]);
    });
    test('switched off, nothing is asked', async () => {
      const { told, fake } = await runFake({ actions: [{ say: 'x' }] }, { threads: usage('$1.00') });
      expect(told.of('cost')).toEqual([]);
      expect(fake.calls().map(({ kind }) => kind)).toEqual(['run']);
    });
    test('a failed login is not asked about', async () => {
      const { fake } = await runFake({ status: 401 }, { settings: { cost: true }, threads: usage('$1.00') });
      expect(fake.calls().map(({ kind }) => kind)).toEqual(['run']);
    });
    test('a stop while the cost is awaited ends the waiting', async () => {
      const fake = makeFakeAmp(tempDir(), {
        runs: [{ actions: [{ say: 'x' }] }],
        threads: { usage: [{ ms: 60_000 }] },
      });
      const run = await ampOver(fake, { settings: { cost: true }, costTimeoutMs: 60_000 }).start(request());
      const told = listen(run);
      for (let i = 0; i < 500 && fake.calls().length < 2; i++) await sleep(10);
      run.stop('gently');
      expect((await told).end).toMatchObject({ failure: null, exitCode: 0 });
    });
    test('an export that is empty at first is complete a little later', async () => {
      const fake = makeFakeAmp(tempDir(), {
        runs: [{}],
        threads: { export: [{ stdout: '{"messages":[]}' }, { stdout: '{"messages":[{"role":"user"}]}' }] },
      });
      const ask = async () =>
        JSON.parse((await exec('/', fake.program, ['threads', 'export', THREAD])).stdout).messages.length;
      expect([await ask(), await ask()]).toEqual([0, 1]);
    });
    test('two runs at once do not meet', async () => {
      const fake = makeFakeAmp(tempDir(), { runs: [{ actions: [{ shell: 'sleep 0.2; echo hi' }, { say: 'x' }] }] });
      const amp = ampOver(fake);
      const two = await Promise.all([1, 2].map(async (iteration) => listen(await amp.start(request({ iteration })))));
      for (const told of two) expect(told.end).toMatchObject({ failure: null, unknownLines: 0, unreadableLines: 0 });
      expect(two[0]!.of('thread')[0]!.threadId).not.toBe(two[1]!.of('thread')[0]!.threadId);
    });
  });

  describe('9 secrets', () => {
    test('the key is in no argument, and what a tool echoes comes as it is, for the one place that redacts', async () => {
      const { told, fake } = await runFake({ actions: [{ shell: 'echo "$AMP_API_KEY"' }, { say: 'x' }] });
      expect(fake.calls()[0]!.args.join(' ')).not.toContain('sgamp_test_key');
      expect(told.text()).toContain('sgamp_test_key');
      expect(JSON.stringify(told.facts.filter(({ kind }) => kind !== 'line'))).not.toContain('sgamp_test_key');
    });
    test('a login address on stderr stands nowhere either', async () => {
      const { told } = await runFake({
        stderr: 'visit https://ampcode.com/auth/cli-login?authToken=abc\n',
        hangAtStart: true,
      });
      expect(told.text('stderr')).toBe('');
      expect(told.end.failure?.code).toBe('agent.login');
    });
    test('a login address inside a message of the stream is the agent’s own text', async () => {
      const { told } = await runFake({ actions: [{ say: 'see https://ampcode.com/auth/cli-login?authToken=abc' }] });
      expect(told.end.failure).toBeNull();
    });
  });

  describe('tells', () => {
    test('tokens once a message, tools with their exit codes, and edits that were really made', async () => {
      const worktree = tempDir();
      const { told } = await runFake(
        {
          mode: 'high',
          actions: [
            {
              shell: 'echo out; exit 3',
              usage: { input_tokens: 5, output_tokens: 6, cache_read_input_tokens: 7, cache_creation_input_tokens: 8 },
            },
            { edit: { path: 'made.txt', content: 'hello\n' }, usage: null },
            { tool: { name: 'finder', input: { query: 'where is it' }, result: 'there', isError: true }, usage: null },
            { say: 'Done.', usage: null },
          ],
        },
        { request: { worktree } },
      );
      expect(readFileSync(path.join(worktree, 'made.txt'), 'utf8')).toBe('hello\n');
      expect(told.of('usage')).toEqual([
        { kind: 'usage', tokensInput: 5, tokensOutput: 6, tokensCacheRead: 7, tokensCacheWrite: 8, model: null },
      ]);
      expect(told.of('tool-started').map(({ tool, summary }) => [tool, summary])).toEqual([
        ['shell_command', 'echo out; exit 3'],
        ['apply_patch', 'made.txt'],
        ['finder', 'where is it'],
      ]);
      expect(told.of('tool-finished').map(({ isError, exitCode }) => [isError, exitCode])).toEqual([
        [false, 3],
        [false, null],
        [true, null],
      ]);
      expect(told.of('thread')[0]!.mode).toBe('high');
    });

    test('each line before what was made of it', async () => {
      const { told } = await runFake({ actions: [{ say: 'x', usage: null }] });
      expect(told.facts.map(({ kind }) => kind)).toEqual([
        'line',
        'thread',
        'line',
        'line',
        'message',
        'line',
        'finished',
      ]);
    });
  });

  describe('version', () => {
    test('is asked of the program', async () => {
      const fake = makeFakeAmp(tempDir(), {
        runs: [{}],
        version: '0.0.1790142911-g7618fb (released 2026-09-23, 2mo ago)',
      });
      expect(await ampOver(fake).version()).toBe('0.0.1790142911-g7618fb');
    });
    test('is null when there is no program', async () => {
      expect(await ampOver(makeFakeAmp(tempDir()), { env: { PATH: '/nowhere' } }).version()).toBeNull();
    });
  });

  test('the stand-in plays several messages of stdin as turns, with one result', async () => {
    const fake = makeFakeAmp(tempDir(), { runs: [{ turns: [[{ say: 'first' }], [{ say: 'second' }]] }] });
    const input = readFileSync(path.join(import.meta.dirname, 'samples/3-multiturn-stdin.input.jsonl'), 'utf8');
    writeFileSync(path.join(path.dirname(fake.bin), 'input'), input);
    const { stdout } = await exec(
      path.dirname(fake.bin),
      'sh',
      ['-c', './bin/amp -x --stream-json --stream-json-input < input'],
      fakeEnv(fake),
    );
    const kinds = stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text).type);
    expect(kinds).toEqual(['system', 'user', 'assistant', 'user', 'user', 'assistant', 'result']);
  });
});
