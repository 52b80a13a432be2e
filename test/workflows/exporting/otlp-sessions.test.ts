import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { spansWriter } from '../../../src/analysis/otlp/export-spans.ts';
import type { Span } from '../../../src/analysis/otlp/span.ts';
import { colors } from '../../../src/cli/color.ts';
import { exportUsage, sentText } from '../../../src/cli/export-text.ts';
import type { ExportWish } from '../../../src/workflows/export/export.ts';
import { exportSpans } from '../../../src/workflows/export/otlp/export-spans.ts';
import { type OtlpServer, otlpServer, plainAttributes } from '../../support/otlp-server.ts';
import { makeRepo, tempDir } from '../../support/repo.ts';
import { contextIn, make } from '../../support/sessions.ts';
import { exportFrom, seeded } from './support.ts';

const sessionsIn = (spans: Span[]): string[] =>
  [...new Set(spans.map(({ attributes }) => String(plainAttributes(attributes)['session.id'])))].sort();

interface Over extends Partial<ExportWish> {
  env?: Record<string, string>;
  to?: string;
}

/** Sends what a person asked for, as the command does. */
const sendTo = async (server: OtlpServer, dir: string, { env = {}, to = server.url, ...over }: Over = {}) => {
  server.received.length = 0;
  const warnings: string[] = [];
  const warn = (text: string): void => void warnings.push(text);
  const wish = { sessions: [], all: false, repos: [], to, backoffMs: 1, ...over };
  const writer = spansWriter({ repos: wish.repos, all: wish.all, version: '0.0.0' }, warn);
  const options = { dir, syncs: false, warn, env: { ...process.env, ...env } };
  const { sent, error } = await exportSpans(options, wish, writer);
  return { sent, error, warnings, spans: server.spans() };
};

describe('sessions as spans', () => {
  let server: OtlpServer;
  let dir: string;
  let firstAt: Map<string, string>;
  let lastAt: Map<string, string>;
  beforeAll(async () => {
    server = await otlpServer();
    const made = await seeded(9, 5);
    dir = made.dir;
    [firstAt, lastAt] = [new Map(), new Map()];
    for (const line of made.lines) {
      const { log, at } = JSON.parse(line) as { log: string; at: string };
      const id = log.slice('sessions/'.length);
      if (at < (firstAt.get(id) ?? '9')) firstAt.set(id, at);
      if (at > (lastAt.get(id) ?? '')) lastAt.set(id, at);
    }
  });

  it('are all of them, or those that are named', async () => {
    const ids = [...firstAt.keys()].sort();
    const all = await sendTo(server, dir);
    expect(all).toMatchObject({ error: undefined, warnings: [], sent: { sessions: 5, held: [], rejected: 0 } });
    expect([all.sent.rows, sessionsIn(all.spans)]).toEqual([all.spans.length, ids]);
    const some = await sendTo(server, dir, { sessions: [ids[0]!, ids[2]!] });
    expect([some.sent.sessions, sessionsIn(some.spans)]).toEqual([2, [ids[0], ids[2]]]);
    expect(some.spans).toEqual(all.spans.filter(({ traceId }) => some.spans.some((span) => span.traceId === traceId)));
    await expect(sendTo(server, dir, { sessions: ['none'] })).rejects.toMatchObject({ code: 'session.missing' });
    expect(server.received).toEqual([]);
  });

  it('with dates are whole sessions that were at work then', async () => {
    const since = [...lastAt.values()].sort()[2]!;
    const later = await sendTo(server, dir, { since });
    const expected = [...lastAt].filter(([, at]) => at >= since).map(([id]) => id);
    expect(sessionsIn(later.spans)).toEqual(expected.sort());
    const begun = later.spans.filter(({ name }) => name === 'session');
    expect(begun).toHaveLength(expected.length);
    const none = await sendTo(server, dir, { until: '2000-01-01T00:00:00.000Z' });
    expect([none.sent, server.received]).toMatchObject([{ sessions: 0, rows: 0, requests: 0, bytes: 0 }, []]);
  });

  it('of two repositories that have the same are sent once', async () => {
    const other = await seeded(9, 5);
    const both = await sendTo(server, dir, { repos: [dir, other.dir] });
    const ids = both.spans.map(({ spanId }) => spanId);
    expect([both.sent.sessions, new Set(ids).size]).toEqual([5, ids.length]);
    expect(both.warnings).toEqual(['5 sessions are in more than one of these repositories, and counted once.']);
  });

  it('stay here where something in them looks like a secret', async () => {
    const ctx = await contextIn(await makeRepo());
    const secret = 'moonlit-harbour-4417-quartz';
    const bad = await make(ctx, { name: 'bad', prompt: `use ${secret} here` });
    const good = await make(ctx, { name: 'good' });
    await ctx.store.close();
    writeFileSync(join(ctx.repo.root, '.env'), `API_TOKEN=${secret}\n`);
    const { sent, spans } = await sendTo(server, ctx.repo.root);
    expect([sent.sessions, sessionsIn(spans)]).toEqual([1, [good.session.id]]);
    expect(sent.held.map(({ session }) => session)).toEqual([bad.session.id]);
    expect(JSON.stringify(server.received)).not.toContain(bad.session.id);
  });

  it('that the endpoint leaves out are told, with what was taken', async () => {
    server.replies = [{ body: '{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}' }];
    const { sent, error, spans } = await sendTo(server, dir);
    expect(sent).toMatchObject({ rejected: 3, rows: spans.length - 3 });
    expect(error).toMatchObject({ code: 'endpoint.refused', exit: 1, answer: { rejected: 3 } });
    expect(error?.message).toContain('did not take 3 of the spans: “too old”.');
  });

  it('go nowhere when the address is wrong, and nothing is read', async () => {
    const nowhere = tempDir();
    await expect(sendTo(server, nowhere, { to: 'localhost' })).rejects.toMatchObject({ code: 'usage.invalid' });
    await expect(sendTo(server, nowhere)).rejects.toMatchObject({ code: 'repository.missing' });
  });

  it('stay where they are when a person stops it, before or while they go', async () => {
    const before = new AbortController();
    before.abort();
    await expect(sendTo(server, dir, { signal: before.signal })).rejects.toMatchObject({
      code: 'interrupted',
      exit: 130,
      message: 'The export was interrupted before anything left.',
    });
    expect(server.received).toEqual([]);
    const path = join(tempDir(), 'out.ndjson');
    await expect(exportFrom(dir, { path, signal: before.signal })).rejects.toMatchObject({ code: 'interrupted' });
    expect(existsSync(path)).toBe(false);
    const later = new AbortController();
    server.replies = [{ hangs: true }];
    server.onRequest = () => later.abort();
    await expect(sendTo(server, dir, { signal: later.signal })).rejects.toMatchObject({
      message: 'The export was interrupted. No span was sent.',
    });
    server.onRequest = () => {};
  });

  it('are not sent with a key over an open line without a word', async () => {
    const env = { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20sk-very-secret' };
    const warned = async (to: string, more = {}): Promise<string[]> => {
      const warnings: string[] = [];
      const options = {
        dir,
        syncs: false,
        env: { ...process.env, ...more },
        warn: (text: string) => warnings.push(text),
      };
      const wish = { sessions: [], all: false, repos: [], to };
      await exportSpans(options, wish, async () => ({ unfinished: 0 }));
      return warnings;
    };
    expect(await warned('http://collector.example:4318', env)).toEqual([
      'The headers go to collector.example:4318 without encryption.',
    ]);
    expect(await warned('http://collector.example:4318')).toEqual([]);
    for (const to of ['https://collector.example', 'http://localhost:4318', 'http://127.0.0.1:1', 'http://[::1]:2'])
      expect(await warned(to, env)).toEqual([]);
  });
});

describe('what a person reads of spans', () => {
  it('is how many went where, and how many wait', () => {
    const sent = { out: 'http://h/v1/traces', rows: 1, sessions: 1, unfinished: 0 };
    const said = (over = {}) => sentText({ ...sent, ...over }, colors('stdout'));
    expect(said()).toBe('✓ 1 span of 1 session to http://h/v1/traces');
    expect(said({ rows: 1200, sessions: 3, unfinished: 1 })).toMatch(
      /spans of 3 sessions .*\n {2}What has not ended yet .*: 1\./,
    );
    expect(said({ unfinished: 2 })).toContain('Those that have not ended yet are not among them: 2.');
  });

  it('is which flags belong together', () => {
    const base = { json: false };
    expect(() => exportUsage({ ...base, format: 'otlp', to: 'http://h' })).not.toThrow();
    expect(() => exportUsage({ ...base, format: 'ndjson' })).toThrow('--out is missing.');
    expect(() => exportUsage({ ...base, format: 'csv', out: 'x', to: 'http://h' })).toThrow('--to is about spans.');
    expect(() => exportUsage({ ...base, format: 'otlp' })).toThrow('--to is missing');
    for (const over of [{ out: 'x' }, { table: 'usage' }, { force: true }])
      expect(() => exportUsage({ ...base, format: 'otlp', to: 'http://h', ...over })).toThrow('exclude each other');
    expect(() => exportUsage({ ...base, format: 'otlp', to: 'http://h', raw: true })).toThrow('--raw is about CSV.');
  });
});
