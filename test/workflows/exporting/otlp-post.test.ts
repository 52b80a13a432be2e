import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import type { AppError } from '../../../src/errors.ts';
import { endpointOf } from '../../../src/workflows/export/otlp/endpoint.ts';
import { OtlpPost, type PostOptions, rejectedError } from '../../../src/workflows/export/otlp/post.ts';
import { type OtlpServer, otlpServer, type Reply } from '../../support/otlp-server.ts';

const KEY = 'sk-very-secret';

const postTo = (to: string, over: Partial<PostOptions> & { env?: Record<string, string> } = {}) => {
  const { env = { OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${KEY}` }, ...options } = over;
  return new OtlpPost(endpointOf(to, env), { clock: systemClock, backoffMs: 1, ...options });
};

const failureOf = async (work: Promise<unknown>): Promise<AppError> => {
  try {
    await work;
  } catch (error) {
    expect(JSON.stringify([(error as Error).message, (error as AppError).hint])).not.toContain(KEY);
    return error as AppError;
  }
  return expect.unreachable();
};

/** A request of three spans, answered so; then another try. */
const sendWith = async (server: OtlpServer, replies: Reply[], over: Parameters<typeof postTo>[1] = {}) => {
  server.received.length = 0;
  server.replies = replies;
  const post = postTo(server.url, over);
  await post.send('{"n":1}', 3);
  return { post, tries: server.received.length };
};

describe('a request', () => {
  it('is JSON, packed, with the user’s headers, to the path for traces', async () => {
    const server = await otlpServer();
    const { post } = await sendWith(server, []);
    const [{ method, path, headers, body }] = server.received as [OtlpServer['received'][0]];
    expect([method, path, body]).toEqual(['POST', '/v1/traces', { n: 1 }]);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      authorization: `Bearer ${KEY}`,
    });
    expect(post.done).toEqual({
      spans: 3,
      requests: 1,
      bytes: Number(headers['content-length']),
      rejected: 0,
      reason: '',
    });
  });

  it('is sent again where the endpoint is busy or the line was cut, and no other time', async () => {
    const server = await otlpServer();
    for (const status of [429, 502, 503, 504])
      expect((await sendWith(server, [{ status, headers: { 'retry-after': '0' } }])).tries).toBe(2);
    expect((await sendWith(server, [{ status: 503 }, { status: 429 }, { drops: true }])).tries).toBe(4);
    for (const status of [400, 401, 403, 404, 405, 413, 415, 500, 501, 302]) {
      const failed = await failureOf(sendWith(server, [{ status, body: '' }]));
      expect([failed.code, failed.exit, server.received.length]).toEqual(['endpoint.refused', 1, 1]);
      expect(failed.message).toContain(` answered with ${status}`);
    }
  });

  it('is given up after five tries, or where the endpoint asks for too long a time', async () => {
    const server = await otlpServer();
    const busy = await failureOf(sendWith(server, Array(9).fill({ status: 503 })));
    expect([busy.code, server.received.length]).toEqual(['endpoint.refused', 5]);
    expect(busy.message).toBe(
      `${server.url}/v1/traces answered after 5 tries with 503 Service Unavailable. No span was sent.`,
    );
    expect(busy.hint).toContain('Run it again later');
    const later = new Date(Date.now() + 3_600_000).toUTCString();
    for (const wait of ['3600', later]) {
      await failureOf(sendWith(server, [{ status: 429, headers: { 'retry-after': wait } }]));
      expect(server.received.length).toBe(1);
    }
    const soon = [{ status: 429, headers: { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' } }];
    expect((await sendWith(server, soon)).tries).toBe(2);
    await failureOf(sendWith(server, Array(9).fill({ drops: true })));
    expect(server.received.length).toBe(5);
  });

  it('waits no longer than its time limit', async () => {
    const server = await otlpServer();
    const env = { OTEL_EXPORTER_OTLP_TIMEOUT: '30' };
    const slow = await failureOf(sendWith(server, Array(9).fill({ hangs: true }), { env }));
    expect(slow).toMatchObject({ code: 'endpoint.unreachable', exit: 1 });
    expect(slow.message).toContain('cannot be reached after 5 tries: no answer within 0.03 s. No span was sent.');
  });

  it('to where nobody listens fails at once; later on it may come back', async () => {
    const server = await otlpServer();
    await server.close();
    const gone = await failureOf(postTo(server.url).send('{}', 1));
    expect([gone.code, gone.message]).toEqual([
      'endpoint.unreachable',
      `${server.url}/v1/traces cannot be reached: ECONNREFUSED. No span was sent.`,
    ]);
    const other = await otlpServer();
    const post = postTo(other.url);
    await post.send('{}', 2);
    await other.close();
    const lost = await failureOf(post.send('{}', 1));
    expect(lost.message).toContain('cannot be reached after 5 tries: ECONNREFUSED. 2 spans were taken before.');
  });

  it('follows nothing', async () => {
    const [server, trap] = [await otlpServer(), await otlpServer()];
    const led = await failureOf(sendWith(server, [{ status: 307, headers: { location: trap.url }, body: '' }]));
    expect(led.message).toContain('answered with 307 Temporary Redirect');
    expect(led.hint).toContain('Name the final address');
    expect(trap.received).toEqual([]);
  });
});

describe('what an endpoint says', () => {
  it('is repeated without what it was given in confidence, on one line and short', async () => {
    const server = await otlpServer();
    const body = JSON.stringify({ error: { message: `no such key:\n Bearer ${KEY}${' x'.repeat(500)}` } });
    const failed = await failureOf(sendWith(server, [{ status: 401, body }]));
    expect(failed.message).toContain('answered with 401 Unauthorized (“no such key: …');
    expect(failed.message.length).toBeLessThan(350);
    expect(failed.hint).toContain('OTEL_EXPORTER_OTLP_HEADERS');
    const plain = await failureOf(
      sendWith(server, [{ status: 400, headers: { 'content-type': 'text/plain' }, body: 'bad\nspan' }]),
    );
    expect(plain.message).toContain('400 Bad Request (“bad span”)');
  });

  it('is not read for ever, nor unpacked into more than that', async () => {
    const server = await otlpServer();
    const huge = gzipSync(Buffer.alloc(5_000_000, 32));
    const headers = { 'content-encoding': 'gzip' };
    const failed = await failureOf(sendWith(server, [{ status: 400, headers, body: huge }]));
    expect(failed.message).toMatch(/400 Bad Request\. /);
    expect((await sendWith(server, [{ headers, body: huge }])).post.done.spans).toBe(3);
  });

  it('counts where it leaves spans out', async () => {
    const server = await otlpServer();
    const body = JSON.stringify({ partialSuccess: { rejectedSpans: '2', errorMessage: `old spans, ${KEY}` } });
    const { post, tries } = await sendWith(server, [{ body }]);
    expect([tries, post.done]).toMatchObject([1, { spans: 1, rejected: 2, reason: 'old spans, …' }]);
    await post.send('{}', 5);
    expect(post.done).toMatchObject({ spans: 6, requests: 2, rejected: 2 });
    const endpoint = endpointOf(server.url, {});
    expect(rejectedError(post.done, endpoint, { rows: 6 })).toMatchObject({
      code: 'endpoint.refused',
      answer: { rows: 6 },
      message: `${server.url}/v1/traces did not take 2 of the spans: “old spans, …”.`,
    });
    expect(rejectedError({ ...post.done, rejected: 0 }, endpoint, {})).toBeUndefined();
    expect(rejectedError({ ...post.done, reason: '' }, endpoint, {})?.message).toContain('2 of the spans.');
  });

  it('may be nothing, or a warning, or no number', async () => {
    const server = await otlpServer();
    for (const reply of [
      { status: 204, body: '' },
      { status: 202, body: 'ok', headers: { 'content-type': 'text/plain' } },
      { body: '{"partialSuccess":{"rejectedSpans":0,"errorMessage":"careful"}}' },
      { body: '{"partialSuccess":{"rejectedSpans":"many"}}' },
      { body: 'null' },
    ])
      expect((await sendWith(server, [reply])).post.done).toMatchObject({ spans: 3, rejected: 0 });
  });

  it('as a page for people is no endpoint', async () => {
    const server = await otlpServer();
    const headers = { 'content-type': 'text/html; charset=utf-8' };
    const failed = await failureOf(sendWith(server, [{ headers, body: '<h1>Welcome</h1>' }]));
    expect(failed.message).toContain('answered with a page for people. No span was sent.');
  });
});

describe('an interrupt', () => {
  it('ends a request that hangs, and a wait', async () => {
    const server = await otlpServer();
    for (const reply of [{ hangs: true }, { status: 503, headers: { 'retry-after': '50' } }]) {
      const stop = new AbortController();
      server.onRequest = () => setImmediate(() => stop.abort());
      const ended = await failureOf(sendWith(server, [reply], { signal: stop.signal }));
      expect([ended.code, ended.exit, ended.message]).toEqual([
        'interrupted',
        130,
        'The export was interrupted. No span was sent.',
      ]);
      const before = await failureOf(postTo(server.url, { signal: stop.signal }).send('{}', 1));
      expect(before.code).toBe('interrupted');
    }
  });
});
