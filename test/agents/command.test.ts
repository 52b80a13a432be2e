import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AgentRequest } from '../../src/agents/agent.ts';
import { CommandAgent } from '../../src/agents/command.ts';
import { systemClock } from '../../src/clock.ts';
import { listen, request } from '../support/agent-run.ts';
import { tempDir } from '../support/repo.ts';

const env = { PATH: process.env['PATH'], HOME: '/nowhere', GIT_DIR: '/elsewhere' };
const agent = (line: string | undefined) => new CommandAgent({ env, clock: systemClock, line });
const play = async (line: string, changes: Partial<AgentRequest> = {}) =>
  listen(await agent(line).start(request(changes)));

describe.skipIf(process.platform === 'win32')('the agent command', () => {
  test('gets the prompt on stdin and works in the worktree', async () => {
    const worktree = tempDir();
    const told = await play('cat > prompt.txt; pwd', { worktree, prompt: 'do\nit ü' });
    expect(readFileSync(path.join(worktree, 'prompt.txt'), 'utf8')).toBe('do\nit ü');
    expect(told.text()).toBe(worktree);
  });

  test('is told where it is, and keeps the rest of the environment less what steers git', async () => {
    const line =
      'echo "$AMP_SESSIONS_SESSION|$AMP_SESSIONS_NAME|$AMP_SESSIONS_ITERATION|$AMP_SESSIONS_WORKTREE|$HOME|$GIT_DIR"';
    const worktree = tempDir();
    const told = await play(line, { worktree, iteration: 3, sessionName: 'My work' });
    expect(told.text()).toBe(`k3xyz|My work|3|${worktree}|/nowhere|`);
  });

  test('has its last line as its message and its result; its output is the transcript', async () => {
    const told = await play("printf 'one\\n\\033[1mtwo\\033[0m\\n\\n'; echo err >&2");
    expect(told.of('message')).toEqual([{ kind: 'message', text: 'two' }]);
    expect(told.end).toMatchObject({
      exitCode: 0,
      failure: null,
      result: { isError: false, turns: null, text: 'two' },
    });
    expect(told.text('stderr')).toBe('err');
    expect(told.of('line').filter(({ stream }) => stream === 'stdout')).toHaveLength(3);
    expect([told.of('usage'), told.of('cost'), told.of('thread')]).toEqual([[], [], []]);
  });

  test('that says nothing has no result', async () => {
    expect((await play('exit 0')).end).toMatchObject({ result: null, failure: null, unreadableLines: 0 });
  });

  test('fails with its exit code and its last word on stderr', async () => {
    const { end } = await play('echo out; echo broken >&2; exit 7');
    expect(end).toMatchObject({ exitCode: 7, result: { isError: true }, failure: { code: 'agent.failed' } });
    expect(end.failure?.message).toBe('The agent command ended with exit code 7: broken');
  });

  test('that the shell does not find is missing', async () => {
    expect((await play('no-such-agent --now')).end.failure).toMatchObject({
      code: 'agent.missing',
      message: expect.stringContaining('no-such-agent'),
    });
  });

  test('that is killed tells the signal', async () => {
    expect((await play('kill -TERM $$')).end).toMatchObject({ signal: 'SIGTERM', failure: { code: 'agent.failed' } });
  });

  test('is ended with its whole tree by its time limit', async () => {
    const { end } = await play('setsid sleep 30 & sleep 30', { timeoutMs: 400 });
    expect(end).toMatchObject({ stopped: 'timeout', failure: { code: 'agent.timeout' } });
  });

  test('may be silent as long as it likes, unless somebody sets a limit', async () => {
    expect((await play('sleep 0.6; echo x')).end.stopped).toBe('no');
    expect((await play('sleep 30', { firstOutputMs: 300 })).end).toMatchObject({
      stopped: 'silent',
      failure: { code: 'agent.silent' },
    });
  });

  test('that was stopped by the user says so', async () => {
    const run = await agent('echo up; sleep 30').start(request());
    const told = await listen(run, (fact) => fact.kind === 'line' && run.stop('gently'));
    expect(told.end).toMatchObject({ stopped: 'user', failure: { message: expect.stringContaining('stopped') } });
  });

  test.each([undefined, '', '  '])('without a command (%j) is refused with the next step', async (line) => {
    await expect(agent(line).check()).rejects.toMatchObject({
      code: 'agent.missing',
      hint: expect.stringContaining('agents.command.run'),
    });
  });

  test('has no version', async () => {
    expect(await agent('true').version()).toBeNull();
  });
});
