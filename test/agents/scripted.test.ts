import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, test } from 'vitest';
import type { AgentFact, AgentRequest, AgentRun } from '../../src/agents/agent.ts';
import { ScriptedAgent, scriptedEntry } from '../../src/agents/scripted.ts';
import { systemClock } from '../../src/clock.ts';
import { listen, request } from '../support/agent-run.ts';
import { bundle } from '../support/bundle.ts';
import { tempDir } from '../support/repo.ts';
import schema from './amp-stream-json.schema.json' with { type: 'json' };

const isValid = new Ajv2020({ strict: false }).compile(schema);
let entry = '';
beforeAll(async () => {
  entry = await bundle("import './src/agents/scripted-main.ts';".replace("import '", "export * from '"));
});

const agentOf = (yaml: string, mode: string | null = null): ScriptedAgent => {
  const script = path.join(tempDir(), 'script.yaml');
  writeFileSync(script, yaml);
  return new ScriptedAgent({ env: process.env, clock: systemClock, script, mode, entry });
};
type Options = Partial<AgentRequest> & { onFact?: (fact: AgentFact, run: AgentRun) => void };
const play = async (yaml: string, { onFact, ...changes }: Options = {}) =>
  listen(await agentOf(yaml).start(request(changes)), onFact);
const steps = (...lines: string[]): string => `iterations:\n  - ${lines.map((line) => `- ${line}`).join('\n    ')}\n`;

describe('the scripted agent', () => {
  test('makes its edits, runs its commands, says its messages and counts its tokens', async () => {
    const worktree = tempDir();
    writeFileSync(path.join(worktree, 'old.txt'), 'a\n');
    writeFileSync(path.join(worktree, 'both.txt'), 'x = 1; y = 1;\n');
    const told = await play(
      steps(
        'message: I will begin.',
        'edit: { path: src/new.txt, content: "hello\\n" }',
        'edit: { path: both.txt, replace: "= 1", with: "= $&2" }',
        'edit: { path: src/new.txt, append: "more\\n" }',
        'edit: { path: old.txt, delete: true }',
        "run: 'cat src/new.txt; exit 3'",
        'usage: { input: 1, output: 2, cacheRead: 3, cacheWrite: 4, model: m1 }',
        'cost: 0.25',
        'cost: 0.5',
        'delay: 5',
        'message: All done.',
      ),
      { worktree },
    );
    expect(readFileSync(path.join(worktree, 'src/new.txt'), 'utf8')).toBe('hello\nmore\n');
    expect(readFileSync(path.join(worktree, 'both.txt'), 'utf8')).toBe('x = $&2; y = 1;\n');
    expect(existsSync(path.join(worktree, 'old.txt'))).toBe(false);
    expect(told.of('message').map(({ text }) => text)).toEqual(['I will begin.', 'All done.']);
    expect(told.of('tool-started').map(({ tool, summary }) => [tool, summary])).toEqual([
      ['apply_patch', 'src/new.txt'],
      ['apply_patch', 'both.txt'],
      ['apply_patch', 'src/new.txt'],
      ['apply_patch', 'old.txt'],
      ['shell_command', 'cat src/new.txt; exit 3'],
    ]);
    expect(told.of('tool-finished').at(-1)).toMatchObject({ exitCode: 3, isError: false });
    expect(told.of('usage')).toEqual([
      { kind: 'usage', tokensInput: 1, tokensOutput: 2, tokensCacheRead: 3, tokensCacheWrite: 4, model: 'm1' },
    ]);
    expect(told.of('cost')).toEqual([{ kind: 'cost', costUsd: 0.75, costSource: 'reported', threadCostUsd: null }]);
    expect(told.end).toMatchObject({
      exitCode: 0,
      failure: null,
      survivors: 0,
      unknownLines: 0,
      result: { text: 'All done.' },
    });
  });

  test("speaks Amp's stream: every line follows the schema", async () => {
    const told = await play(steps('message: a', 'run: exit 1', 'edit: { path: x, content: y }', 'usage: { input: 1 }'));
    const lines = told
      .text()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ type }) => type)).toEqual([
      'system',
      'user',
      'assistant',
      'assistant',
      'user',
      'assistant',
      'user',
      'assistant',
      'result',
    ]);
    for (const line of lines) expect(isValid(line), JSON.stringify(isValid.errors)).toBe(true);
  });

  test('plays entry n in iteration n, on one thread', async () => {
    const agent = agentOf(
      'model: m9\nmode: deep\niterations:\n  - - message: first\n    - usage: {}\n  - - message: second\n',
    );
    const worktree = tempDir();
    const said = [];
    const threads = new Set<string>();
    for (const iteration of [1, 2, 3]) {
      const told = await listen(await agent.start(request({ iteration, worktree })));
      said.push(told.of('message').at(-1)?.text);
      for (const { threadId } of told.of('thread')) threads.add(threadId);
      if (iteration === 1) expect([told.of('thread')[0]?.mode, told.of('usage')[0]?.model]).toEqual(['deep', 'm9']);
      expect(told.end.failure).toBeNull();
    }
    expect(said).toEqual(['first', 'second', 'The script has nothing more to do.']);
    expect(threads.size).toBe(1);
  });

  test('repeats its last entry when told to', async () => {
    const told = await play(`after: repeat\n${steps('message: again')}`, { iteration: 9 });
    expect(told.of('message')[0]?.text).toBe('again');
  });

  test('sessions have threads of their own; a given one is continued', async () => {
    const yaml = steps('message: a');
    const of = async (changes: Options) => (await play(yaml, changes)).of('thread')[0]!.threadId;
    expect(await of({ session: 'a' })).not.toBe(await of({ session: 'b' }));
    expect(await of({ threadId: 'T-given' })).toBe('T-given');
  });

  test('fails as its script says, with the code', async () => {
    const told = await play(
      steps('message: a', 'fail: { message: no money left, code: agent.credits }', 'message: never'),
    );
    expect(told.end).toMatchObject({
      exitCode: 1,
      failure: { code: 'agent.credits', message: expect.stringContaining('no money left') },
    });
    expect(told.of('message')).toHaveLength(1);
  });

  test('ends without a result when told to exit', async () => {
    expect((await play(steps('exit: 3'))).end).toMatchObject({
      exitCode: 3,
      result: null,
      failure: { code: 'agent.failed' },
    });
  });

  test('an edit that cannot be made is an error of the tool and of the run', async () => {
    const told = await play(steps('edit: { path: gone.txt, replace: a, with: b }'));
    expect(told.of('tool-finished')[0]).toMatchObject({ isError: true });
    expect(told.end.failure?.message).toContain('gone.txt');
  });

  test('a text that is not there cannot be replaced', async () => {
    const told = await play(
      steps('edit: { path: a.txt, content: abc }', 'edit: { path: a.txt, replace: xyz, with: b }'),
    );
    expect(told.end.failure?.message).toContain('does not contain');
  });

  test('noise counts as noise', async () => {
    const told = await play(steps('noise: not json', 'noise: { stderr: oops }', 'message: a'));
    expect(told.end).toMatchObject({ unreadableLines: 1, failure: null });
    expect(told.text('stderr')).toBe('oops');
  });

  test('hangs until it is stopped, and says that it was', async () => {
    const told = await play(steps('message: a', 'hang: true'), {
      onFact: (fact, run) => fact.kind === 'message' && run.stop('gently'),
    });
    expect(told.end).toMatchObject({
      stopped: 'user',
      result: { isError: true, text: expect.stringContaining('cancelled') },
    });
  });

  test('hangs against everything but SIGKILL when it is stubborn', async () => {
    const told = await play(steps('message: a', 'hang: stubborn'), {
      onFact: (fact, run) => {
        if (fact.kind !== 'message') return;
        run.stop('gently');
        setTimeout(() => run.stop('now'), 300);
      },
    });
    expect(told.end).toMatchObject({ stopped: 'user', signal: 'SIGKILL', result: null });
  });

  test('meets the same limits as a real agent', async () => {
    expect((await play(steps('hang: true'), { timeoutMs: 800 })).end.stopped).toBe('timeout');
    expect((await play(steps('message: a', 'hang: true'), { idleMs: 500 })).end.stopped).toBe('silent');
  });

  test('without a script, or with one that is not there, is refused', async () => {
    const options = { env: process.env, clock: systemClock, mode: null, entry };
    await expect(new ScriptedAgent({ ...options, script: undefined }).check()).rejects.toMatchObject({
      code: 'agent.missing',
    });
    await expect(new ScriptedAgent({ ...options, script: '/nowhere.yaml' }).check()).rejects.toMatchObject({
      code: 'file.missing',
    });
  });
});

describe('the program that plays scripts', () => {
  const place = (...parts: string[]) => {
    const root = tempDir();
    const dir = path.join(root, ...parts);
    mkdirSync(dir, { recursive: true });
    cpSync(entry, path.join(dir, 'scripted-main.js'));
    return { root, file: path.join(dir, 'scripted-main.js') };
  };
  test('is beside the running file in dist, also for a chunk', () => {
    const { root, file } = place('dist', 'agents');
    expect(scriptedEntry(path.join(root, 'dist', 'chunks'))).toBe(file);
    expect(scriptedEntry(path.join(root, 'dist'))).toBe(file);
  });
  test('is in dist of the repository when this runs from its source', () => {
    const { root, file } = place('dist', 'agents');
    expect(scriptedEntry(path.join(root, 'src', 'agents'))).toBe(file);
  });
  test('that was never built is said to be so', () => {
    expect(() => scriptedEntry(tempDir())).toThrow(
      expect.objectContaining({ code: 'agent.missing', hint: 'Run `npm run build`.' }),
    );
  });
});
