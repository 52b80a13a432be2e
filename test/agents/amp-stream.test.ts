import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import type { AgentFact } from '../../src/agents/agent.ts';
import { AmpStream } from '../../src/agents/amp-stream.ts';
import type { Clock } from '../../src/clock.ts';
import schema from './amp-stream-json.schema.json' with { type: 'json' };

const SAMPLES = path.join(import.meta.dirname, 'samples');
const sample = (name: string): string[] => readFileSync(path.join(SAMPLES, name), 'utf8').trim().split('\n');
const isValid = new Ajv2020({ strict: false }).compile(schema);

/** Each look is 100 ms later. */
const tickingClock = (): Clock => {
  let at = 0;
  const elapsed = (): number => {
    at += 100;
    return at;
  };
  return { now: () => '2026-01-01T00:00:00.000Z', newId: () => 'k3', elapsed };
};

const read = (lines: (string | Buffer)[]): { stream: AmpStream; facts: AgentFact[]; kinds: string[] } => {
  const stream = new AmpStream(tickingClock());
  const heard = lines.map((line) => stream.read({ bytes: Buffer.from(line as string) }));
  return { stream, facts: heard.flatMap(({ facts }) => facts), kinds: heard.map(({ kind }) => kind) };
};
const json = (value: unknown): string => JSON.stringify(value);

const THREAD = 'T-01a0f000-0001-7000-8000-000000000001';
const assistant = (content: unknown, more: object = {}, id: string = THREAD): string =>
  json({
    type: 'assistant',
    message: { role: 'assistant', content, stop_reason: null, ...more },
    parent_tool_use_id: null,
    session_id: id,
  });
const results = (...content: object[]): string =>
  json({ type: 'user', message: { role: 'user', content }, parent_tool_use_id: null, session_id: THREAD });

describe('the samples', () => {
  const outputs = readdirSync(SAMPLES).filter((name) => !name.includes('.input.'));
  test.each(outputs)('%s follows the schema', (name) => {
    for (const line of sample(name)) expect(isValid(JSON.parse(line)), `${line}: ${json(isValid.errors)}`).toBe(true);
  });

  test.each(outputs)('%s has no line that is unknown to us', (name) => {
    const { stream } = read(sample(name));
    expect([stream.unknownLines, stream.unreadableLines]).toEqual([0, 0]);
  });
});

describe('a run with edits', () => {
  const { stream, facts } = read(sample('1-success-with-edits.jsonl'));
  const of = (kind: AgentFact['kind']) => facts.filter((fact) => fact.kind === kind);

  test('names thread and mode once', () => {
    expect(of('thread')).toEqual([{ kind: 'thread', threadId: THREAD, mode: 'medium', model: null }]);
  });

  test('tells what the agent said, and not the prompt', () => {
    expect(of('message').map((fact) => 'text' in fact && fact.text)).toEqual([
      'I will look for the function first.',
      'Renamed greet() to hello(); 3 tests pass.',
    ]);
  });

  test('tells each tool call with a summary, and its end with our own time, exit code and no error for a failing command', () => {
    expect(of('tool-started')).toHaveLength(4);
    expect(of('tool-started')[1]).toEqual({
      kind: 'tool-started',
      toolCallId: 'TU-0002',
      tool: 'apply_patch',
      summary: 'src/greet.ts',
    });
    expect(of('tool-finished')).toEqual([
      {
        kind: 'tool-finished',
        toolCallId: 'TU-0001',
        tool: 'shell_command',
        durationMs: 100,
        isError: false,
        exitCode: 0,
      },
      {
        kind: 'tool-finished',
        toolCallId: 'TU-0002',
        tool: 'apply_patch',
        durationMs: 100,
        isError: false,
        exitCode: null,
      },
      {
        kind: 'tool-finished',
        toolCallId: 'TU-0003',
        tool: 'shell_command',
        durationMs: 100,
        isError: false,
        exitCode: 1,
      },
      {
        kind: 'tool-finished',
        toolCallId: 'TU-0004',
        tool: 'shell_command',
        durationMs: 100,
        isError: false,
        exitCode: 0,
      },
    ]);
  });

  test('tells tokens once a message, caches apart', () => {
    expect(of('usage')).toHaveLength(5);
    expect(of('usage')[1]).toEqual({
      kind: 'usage',
      tokensInput: 0,
      tokensOutput: 88,
      tokensCacheRead: 15120,
      tokensCacheWrite: 210,
      model: null,
    });
  });

  test('has its last word as the result', () => {
    expect(stream.result).toEqual({
      subtype: 'success',
      isError: false,
      turns: 5,
      text: 'Renamed greet() to hello(); 3 tests pass.',
    });
  });

  test('has no cost: the stream does not know it', () => {
    expect(of('cost')).toEqual([]);
  });
});

test('an interrupted run ends in an error, with a call that never came back', () => {
  const { stream, facts } = read(sample('2-error-interrupted.jsonl'));
  expect(stream.result).toEqual({
    subtype: 'error_during_execution',
    isError: true,
    turns: 1,
    text: 'User cancelled (SIGINT/SIGTERM)',
  });
  expect(facts.filter((fact) => fact.kind === 'tool-finished')).toEqual([]);
});

describe('a stream of another version', () => {
  const facts = (...lines: string[]) => read(lines).facts.filter((fact) => fact.kind !== 'thread');

  test('unknown type: counted, passed over', () => {
    const { stream, kinds } = read([
      json({ type: 'rate_limit_event', session_id: THREAD }),
      json({ type: 'system', subtype: 'new' }),
    ]);
    expect([stream.unknownLines, stream.unreadableLines, kinds]).toEqual([2, 0, ['unknown', 'unknown']]);
  });

  test('unknown block: counted once a line, what is known beside it is told', () => {
    const line = assistant([{ type: 'hologram' }, { type: 'aura' }, { type: 'text', text: 'hi' }]);
    const { stream, facts: all } = read([line]);
    expect(stream.unknownLines).toBe(1);
    expect(all).toContainEqual({ kind: 'message', text: 'hi' });
  });

  test('unknown field: nothing to count', () => {
    const { stream } = read([
      json({ type: 'user', message: { role: 'user', content: [], mood: 1 }, moon: 'full', session_id: THREAD }),
    ]);
    expect(stream.unknownLines).toBe(0);
  });

  test('missing usage: no usage', () => {
    expect(facts(assistant([{ type: 'text', text: 'a' }]))).toEqual([{ kind: 'message', text: 'a' }]);
  });

  test('usage of no use: what is no count is 0', () => {
    const usage = {
      input_tokens: -1,
      output_tokens: 'many',
      cache_read_input_tokens: 2.5,
      cache_creation_input_tokens: 7,
    };
    expect(facts(assistant([], { usage }))).toEqual([
      { kind: 'usage', tokensInput: 0, tokensOutput: 0, tokensCacheRead: 0, tokensCacheWrite: 7, model: null },
    ]);
  });

  test('a message that comes in several lines has its tokens counted once, and may name a model', () => {
    const message = { id: 'msg_1', model: 'claude-x', usage: { input_tokens: 1, output_tokens: 2 } };
    const all = facts(
      assistant([{ type: 'text', text: 'a' }], message),
      assistant([{ type: 'text', text: 'b' }], message),
    );
    expect(all.filter((fact) => fact.kind === 'usage')).toEqual([
      { kind: 'usage', tokensInput: 1, tokensOutput: 2, tokensCacheRead: 0, tokensCacheWrite: 0, model: 'claude-x' },
    ]);
  });

  test.each([
    ['null content', json({ type: 'assistant', message: { content: null }, session_id: THREAD })],
    ['null message', json({ type: 'assistant', message: null, session_id: THREAD })],
    ['no message', json({ type: 'user', session_id: THREAD })],
    ['null blocks', assistant([null, 3, 'x'])],
  ])('%s: no facts, no crash', (_name, line) => {
    expect(facts(line)).toEqual([]);
  });

  test('content as plain text is a message', () => {
    expect(facts(assistant('just words'))).toEqual([{ kind: 'message', text: 'just words' }]);
  });

  test('a session_id that changes in mid-stream is another thread', () => {
    const other = 'T-02a0f000-0001-7000-8000-000000000002';
    const { facts: all, stream } = read([assistant([]), assistant([], {}, other), assistant([], {}, other)]);
    expect(all.map((fact) => 'threadId' in fact && fact.threadId)).toEqual([THREAD, other]);
    expect(stream.threadId).toBe(other);
  });

  test('an init after the first line still tells the mode', () => {
    const init = json({ type: 'system', subtype: 'init', session_id: THREAD, agent_mode: 'high' });
    const { facts: all } = read([results({ type: 'text', text: 'echo' }), init, init]);
    expect(all.map((fact) => fact.kind === 'thread' && fact.mode)).toEqual([null, 'high']);
  });

  test('a tool_result without its call: no name, no duration, exit code as far as it says', () => {
    expect(
      facts(
        results({ type: 'tool_result', tool_use_id: 'TU-9', content: '{"output":"","exitCode":4}', is_error: false }),
      ),
    ).toEqual([
      { kind: 'tool-finished', toolCallId: 'TU-9', tool: null, durationMs: null, isError: false, exitCode: 4 },
    ]);
  });

  test('thinking is known and says nothing', () => {
    const { stream, facts: all } = read([
      assistant([
        { type: 'thinking', thinking: '' },
        { type: 'redacted_thinking', data: 'x' },
      ]),
    ]);
    expect([stream.unknownLines, all.filter((fact) => fact.kind === 'message')]).toEqual([0, []]);
  });

  test('a result without session_id, duration and turns keeps its error', () => {
    const { stream, facts: all } = read([
      json({ type: 'result', subtype: 'error_during_execution', is_error: true, error: 'too old' }),
    ]);
    expect(stream.result).toEqual({ subtype: 'error_during_execution', isError: true, turns: null, text: 'too old' });
    expect(all).toEqual([]);
  });

  test('a system error is a last word', () => {
    const { stream } = read([
      json({ type: 'system', subtype: 'error_max_turns', error: 'enough', session_id: THREAD }),
    ]);
    expect(stream.result).toMatchObject({ isError: true, text: 'enough' });
  });

  test('success with is_error is no success', () => {
    expect(
      read([json({ type: 'result', subtype: 'success', is_error: true, result: 'x' })]).stream.result?.isError,
    ).toBe(true);
  });

  test('of two results an error stands, whichever came first', () => {
    const good = json({ type: 'result', subtype: 'success', is_error: false, result: 'done', num_turns: 1 });
    const bad = json({ type: 'result', subtype: 'error_during_execution', is_error: true, error: 'cancelled' });
    for (const lines of [
      [good, bad],
      [bad, good],
    ])
      expect(read(lines).stream.result).toMatchObject({ isError: true, text: 'cancelled' });
  });

  test('a cost that the stream itself reports is told', () => {
    expect(
      facts(json({ type: 'result', subtype: 'success', is_error: false, result: '', total_cost_usd: 0.25 })),
    ).toEqual([{ kind: 'cost', costUsd: 0.25, costSource: 'reported', threadCostUsd: null }]);
  });
});

describe('bytes', () => {
  test.each([
    ['CRLF', `${assistant([{ type: 'text', text: 'a' }])}\r`],
    ['a BOM', `\uFEFF${assistant([{ type: 'text', text: 'a' }])}`],
    ['U+2028 inside', assistant([{ type: 'text', text: 'a' }]).replace('"role"', '"x":"\u2028","role"')],
    ['duplicate keys', assistant([{ type: 'text', text: 'a' }]).replace('"type":"text"', '"type":"zzz","type":"text"')],
    ['a lone surrogate escape', assistant([{ type: 'text', text: 'a' }]).replace('"role"', '"x":"\\ud800","role"')],
  ])('a message with %s is a message', (_name, line) => {
    const { stream, facts } = read([line]);
    expect(facts).toContainEqual({ kind: 'message', text: 'a' });
    expect(stream.unreadableLines).toBe(0);
  });

  test('invalid UTF-8 inside a text is replaced, and the message told', () => {
    const [before, after] = assistant([{ type: 'text', text: 'a@b' }]).split('@');
    const { facts } = read([Buffer.concat([Buffer.from(before!), Buffer.of(0xff, 0xc3), Buffer.from(after!)])]);
    expect(facts.find((fact) => fact.kind === 'message')).toEqual({ kind: 'message', text: 'a\uFFFD\uFFFDb' });
  });

  test.each([
    ['blank', '', 0],
    ['only white space', ' \t\r', 0],
    ['plain words', 'npm warn deprecated', 1],
    ['a NUL', 'a\0b', 1],
    ['a line that was cut off', '{"type":"assistant","message":{"con', 1],
  ])('a line that is %s counts as unreadable %s', (_name, line, count) => {
    expect(read([line]).stream.unreadableLines).toBe(count);
  });

  test.each(['42', '"text"', 'null', '[1]', 'true', '{}', '{"type":7}'])(
    'JSON that is no message (%s) is unknown',
    (line) => {
      const { stream } = read([line]);
      expect([stream.unknownLines, stream.unreadableLines]).toEqual([1, 0]);
    },
  );

  test('a million brackets are unknown or unreadable, never a crash', () => {
    const { stream } = read([`${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`, `{"a":${'['.repeat(1_000_000)}`]);
    expect(stream.unknownLines + stream.unreadableLines).toBe(2);
  });

  test('a deep tool input is told without its depth', () => {
    const deep = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`;
    const line = assistant([{ type: 'tool_use', id: 'x', name: 'f', input: 'DEEP' }]).replace('"DEEP"', deep);
    expect(read([line]).facts).toContainEqual({ kind: 'tool-started', toolCallId: 'x', tool: 'f', summary: '' });
  });

  test('a __proto__ key pollutes nothing', () => {
    read(['{"type":"assistant","__proto__":{"polluted":1},"message":{"__proto__":{"polluted":1},"content":[]}}']);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test('a line in parts counts once, whatever its parts hold, and the next line is itself again', () => {
    const stream = new AmpStream(tickingClock());
    for (const more of [true, true, undefined] as const)
      stream.read({ bytes: Buffer.from('{}'), ...(more && { more }) });
    const { facts } = stream.read({ bytes: Buffer.from(assistant([{ type: 'text', text: 'a' }])) });
    expect([stream.unreadableLines, stream.unknownLines]).toEqual([1, 0]);
    expect(facts).toContainEqual({ kind: 'message', text: 'a' });
  });
});
