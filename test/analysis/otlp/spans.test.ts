import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Analysis, openAnalysis } from '../../../src/analysis/open.ts';
import { requestOf, SCHEMA_URL, spansOf } from '../../../src/analysis/otlp/export-spans.ts';
import { attributesOf, between, nanos, type Span, spanIdOf, traceIdOf } from '../../../src/analysis/otlp/span.ts';
import { spanOf } from '../../../src/analysis/otlp/spans.ts';
import { SPAN_KINDS, type SpanScope, STATEMENTS } from '../../../src/analysis/otlp/statements.ts';
import { importHistory, madeHistory } from '../../support/history.ts';
import { plainAttributes } from '../../support/otlp-server.ts';
import { makeRepo } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';

const ALL: SpanScope = { sessions: undefined, without: [] };

describe('the spans of a history', () => {
  let dir: string;
  let analysis: Analysis;
  let spans: Span[];
  let unfinished: number;

  const collect = async (scope: SpanScope, most?: number) => {
    const all: Span[] = [];
    let open = 0;
    const sizes: number[] = [];
    for await (const batch of spansOf(analysis, scope, most)) {
      all.push(...batch.spans);
      open += batch.unfinished;
      sizes.push(batch.spans.length);
    }
    return { all, open, sizes };
  };

  beforeAll(async () => {
    dir = await makeRepo({ empty: true });
    importHistory(dir, 21, 16);
    analysis = await openAnalysis(await contextIn(dir), {});
    ({ all: spans, open: unfinished } = await collect(ALL));
  });
  afterAll(() => analysis?.close());

  const ask = async (sql: string): Promise<unknown[]> => (await analysis.query(sql)).rows.map((row) => row[0]);
  const named = (begin: string): Span[] => spans.filter(({ name }) => name === begin || name.startsWith(`${begin} `));

  it('are all that has ended, each once', async () => {
    const [rows] = await ask(
      `SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM iterations) + (SELECT count(*) FROM tool_calls)
        + (SELECT count(*) FROM test_runs) + (SELECT count(*) FROM git_operations)`,
    );
    expect(spans.length + unfinished).toBe(rows);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
    expect(named('session').length).toBe(16);
    for (const name of ['invoke_agent', 'execute_tool', 'test', 'git']) expect(named(name).length).toBeGreaterThan(10);
  });

  it('make one trace a session: tool calls below their iteration, all else below the session', async () => {
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(16);
    let below = 0;
    for (const { traceId, spanId, parentSpanId, name, attributes } of spans) {
      expect([traceId, spanId]).toEqual([
        expect.stringMatching(/^[0-9a-f]{32}$/),
        expect.stringMatching(/^[0-9a-f]{16}$/),
      ]);
      if (name === 'session') {
        expect(parentSpanId).toBeUndefined();
        continue;
      }
      const parent = byId.get(parentSpanId!);
      if (!parent) {
        expect(name).toMatch(/^execute_tool/);
        continue;
      }
      expect(parent.traceId).toBe(traceId);
      const own = plainAttributes(attributes);
      if (!name.startsWith('execute_tool')) expect(parent.name).toBe('session');
      else if (parent.name !== 'session') {
        below += 1;
        expect(parent.name).toMatch(/^invoke_agent/);
        const above = plainAttributes(parent.attributes);
        for (const key of ['amp_sessions.iteration.number', 'gen_ai.agent.name', 'session.id'])
          expect(above[key]).toBe(own[key]);
      }
    }
    expect(below).toBeGreaterThan(named('execute_tool').length * 0.8);
  });

  it('have times in nanoseconds that never go backwards, the events’ own', () => {
    const times = new Set(
      [...madeHistory(21, 16).logs.values()].flat().map(({ at }) => `${BigInt(Date.parse(at))}000000`),
    );
    for (const { name, startTimeUnixNano: start, endTimeUnixNano: end } of spans) {
      expect(BigInt(end) >= BigInt(start)).toBe(true);
      expect(times.has(end)).toBe(true);
      if (name !== 'test' && !name.startsWith('execute_tool')) expect(times.has(start)).toBe(true);
    }
  });

  it('add up to the tokens and the money of the tables, input with what the cache gave and took', async () => {
    const sum = (key: string): number =>
      named('invoke_agent').reduce((all, { attributes }) => all + Number(plainAttributes(attributes)[key] ?? 0), 0);
    const [total] = (
      await analysis.query(`SELECT sum(tokens_input + coalesce(tokens_cache_read, 0) + coalesce(tokens_cache_write, 0)),
        sum(tokens_output), sum(tokens_cache_read), sum(tokens_cache_write), sum(cost_usd)::DOUBLE
        FROM iterations WHERE finished_at IS NOT NULL`)
    ).rows;
    expect(sum('gen_ai.usage.input_tokens')).toBe(Number(total![0]));
    expect(sum('gen_ai.usage.output_tokens')).toBe(Number(total![1]));
    expect(sum('gen_ai.usage.cache_read.input_tokens')).toBe(Number(total![2]));
    expect(sum('gen_ai.usage.cache_creation.input_tokens')).toBe(Number(total![3]));
    expect(sum('amp_sessions.cost.usd')).toBeCloseTo(Number(total![4]), 6);
    const costs = named('invoke_agent')
      .flatMap(({ attributes }) => attributes)
      .filter(({ key }) => key === 'amp_sessions.cost.usd');
    expect(costs.length).toBeGreaterThan(5);
    for (const { value } of costs) expect(Object.keys(value)).toEqual(['doubleValue']);
    // Nothing but an iteration has tokens: who adds up a trace counts each once.
    const others = spans.filter(({ name }) => !name.startsWith('invoke_agent')).flatMap(({ attributes }) => attributes);
    expect(others.filter(({ key }) => /usage|cost/.test(key))).toEqual([]);
  });

  it('say what is required of them, and what went wrong', () => {
    for (const { name, attributes, status, kind } of spans) {
      const told = plainAttributes(attributes);
      expect(told).toMatchObject({ 'session.id': expect.any(String), 'vcs.repository.name': basename(dir) });
      expect([kind, status.code]).toEqual([1, told['error.type'] === undefined ? 0 : 2]);
      const [operation] = name.split(' ');
      if (operation === 'invoke_agent' || operation === 'execute_tool')
        expect(told['gen_ai.operation.name']).toBe(operation);
      if (operation === 'invoke_agent') expect(told['gen_ai.provider.name']).toBe(told['gen_ai.agent.name']);
      if (operation === 'execute_tool') expect(told['gen_ai.tool.name']).toEqual(expect.any(String));
      if (operation === 'test') expect(told['test.suite.run.status']).toMatch(/^(success|failure|timed_out|aborted)$/);
    }
    const errors = new Set(spans.map(({ attributes }) => plainAttributes(attributes)['error.type']));
    for (const error of [undefined, 'tests.failed', 'tool.exit-code', 'tool.error']) expect(errors).toContain(error);
  });

  it('hold no prompt, no message, no output and no argument of a tool', () => {
    const sent = JSON.stringify(spans);
    const secret = /"(prompt|text|summary|outputTail)":"((?:[^"\\]|\\.){12,})"/g;
    const said = [...madeHistory(21, 16).lines.matchAll(secret)].map(([, , text]) => text!);
    expect(said.length).toBeGreaterThan(100);
    for (const text of said) expect(sent.includes(text)).toBe(false);
  });

  it('are the same each time, in batches of any size', async () => {
    const small = await collect(ALL, 7);
    expect(small.all).toEqual(spans);
    expect(Math.max(...small.sizes)).toBe(7);
    expect(small.sizes.slice(0, -1).every((size) => size === 7)).toBe(true);
  });

  it('are those of some sessions only, and never those that must stay', async () => {
    const ids = (await ask('SELECT session FROM sessions ORDER BY session')) as string[];
    const idsIn = (all: Span[]) =>
      [...new Set(all.map(({ attributes }) => String(plainAttributes(attributes)['session.id'])))].sort();
    const some = await collect({ sessions: [ids[1]!, ids[3]!, "it's none"], without: [ids[3]!] });
    expect(idsIn(some.all)).toEqual([ids[1]]);
    expect(idsIn((await collect({ sessions: undefined, without: [ids[0]!] })).all)).toEqual(ids.slice(1));
    expect((await collect({ sessions: [], without: [] })).sizes).toEqual([]);
  });
});

describe('a span', () => {
  const row = { session: 'abc', repo: '/home/me/shop', writer: 'w', seq: 7 };
  const at = (second: number) => `2026-11-22T10:00:0${second}.000Z`;

  it('of a call that never came back ends with its iteration, in an error', () => {
    const call = { ...row, tool: 'bash', started_at: at(1), finished_at: null, run: 3, run_finished_at: at(5) };
    const span = spanOf('tool', call)!;
    expect(span).toMatchObject({ name: 'execute_tool bash', status: { code: 2 }, endTimeUnixNano: nanos(at(5)) });
    expect(span.parentSpanId).toBe(spanIdOf('abc', { kind: 'iteration', writer: 'w', seq: 3 }));
    expect(plainAttributes(span.attributes)).toMatchObject({ 'error.type': 'tool.no-result' });
    expect(spanOf('tool', { ...call, run_finished_at: null })).toBeUndefined();
    expect(spanOf('tool', { ...call, finished_at: at(2), tool: null })).toMatchObject({ name: 'execute_tool' });
  });

  it('of an iteration names what stopped it', () => {
    const run = { ...row, agent: 'amp', started_at: at(1), finished_at: at(2), cost_usd: '5.000000', tokens_input: 3 };
    const errorOf = (over: Record<string, string>) =>
      plainAttributes(spanOf('iteration', { ...run, ...over })!.attributes)['error.type'];
    expect(errorOf({ outcome: 'completed' })).toBeUndefined();
    expect(errorOf({ outcome: 'interrupted' })).toBeUndefined();
    expect(errorOf({ outcome: 'timed-out' })).toBe('timeout');
    expect(errorOf({ outcome: 'failed' })).toBe('iteration.failed');
    expect(errorOf({ outcome: 'failed', failure: 'agent.offline' })).toBe('agent.offline');
    const { attributes } = spanOf('iteration', run)!;
    expect(attributes).toContainEqual({ key: 'amp_sessions.cost.usd', value: { doubleValue: 5 } });
    expect(attributes).toContainEqual({ key: 'gen_ai.usage.input_tokens', value: { intValue: '3' } });
  });

  it('of tests begins as long before its end as they took', () => {
    const run = { ...row, finished_at: at(5), duration_ms: 1500, passed: null, interrupted: true };
    const span = spanOf('test', run)!;
    expect(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)).toBe(1_500_000_000n);
    expect([span.status.code, plainAttributes(span.attributes)['test.suite.run.status']]).toEqual([0, 'aborted']);
    const late = spanOf('test', { ...run, interrupted: false, timed_out: true, passed: false })!;
    expect(plainAttributes(late.attributes)).toMatchObject({
      'error.type': 'timeout',
      'test.suite.run.status': 'timed_out',
    });
  });

  it('of git has an id of its own, although a rebase and its conflict begin with one event', () => {
    const operation = { ...row, started_at: at(1), finished_at: at(2), outcome: 'given-up', gates_failed: ['tests'] };
    const [rebase, conflict] = ['rebase', 'conflict'].map((verb) => spanOf('git', { ...operation, verb })!);
    expect([rebase!.name, conflict!.name]).toEqual(['git rebase', 'git conflict']);
    expect(rebase!.spanId).not.toBe(conflict!.spanId);
    expect(plainAttributes(rebase!.attributes)).toMatchObject({
      'error.type': 'operation.given-up',
      'amp_sessions.git.gates_failed': ['tests'],
    });
  });

  it('has ids that depend on the session and the event alone', () => {
    expect(traceIdOf('abc')).toBe(traceIdOf('abc'));
    expect(traceIdOf('abc')).not.toBe(traceIdOf('abd'));
    const one = { kind: 'tool', writer: 'w', seq: 1 };
    const ids = [one, { ...one, seq: 2 }, { ...one, writer: 'v' }, { ...one, kind: 'test' }].map((from) =>
      spanIdOf('abc', from),
    );
    expect(new Set([...ids, spanIdOf('abc')]).size).toBe(5);
  });

  it('has values of each type, and none where nothing is known', () => {
    expect(
      attributesOf({ a: 'x', b: 1, c: 1.5, d: false, e: ['x'], f: null, g: undefined, h: { double: null } }),
    ).toEqual([
      { key: 'a', value: { stringValue: 'x' } },
      { key: 'b', value: { intValue: '1' } },
      { key: 'c', value: { doubleValue: 1.5 } },
      { key: 'd', value: { boolValue: false } },
      { key: 'e', value: { arrayValue: { values: [{ stringValue: 'x' }] } } },
    ]);
  });

  it('never ends before it began, nor before 1970', () => {
    expect(between(at(2), at(1))).toEqual({ start: at(1), end: at(1) });
    expect(between(null, at(5), 2000)).toEqual({ start: at(3), end: at(5) });
    expect(between(at(1), null)).toBeUndefined();
    const old = '1969-12-31T00:00:00.000Z';
    expect(between(old, old)).toEqual({ start: '1970-01-01T00:00:00.000Z', end: '1970-01-01T00:00:00.000Z' });
    expect(between('soon', at(1))).toBeUndefined();
  });
});

describe('a request', () => {
  it('says which program and which conventions its spans are of', () => {
    const document = JSON.parse(requestOf([], '1.2.3'));
    const [{ resource, scopeSpans, schemaUrl }] = document.resourceSpans;
    expect(plainAttributes(resource.attributes)).toEqual({
      'service.name': 'amp-sessions',
      'service.version': '1.2.3',
    });
    expect(scopeSpans).toEqual([
      { scope: { name: 'amp-sessions', version: '1.2.3' }, spans: [], schemaUrl: SCHEMA_URL },
    ]);
    expect(schemaUrl).toBe('https://opentelemetry.io/schemas/1.41.0');
  });

  it('asks in SQL what a person gave, quoted', () => {
    for (const kind of SPAN_KINDS)
      expect(STATEMENTS[kind]({ sessions: ["a'b"], without: ["c'd"] })).toMatch(/'a''b'[\s\S]*'c''d'/);
  });
});
