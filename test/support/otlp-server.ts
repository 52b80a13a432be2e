import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterAll } from 'vitest';
import type { KeyValue, Span } from '../../src/analysis/otlp/span.ts';

/** One request, as it came over the wire. */
export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** Unpacked and parsed. */
  body: {
    resourceSpans: {
      resource: { attributes: KeyValue[] };
      schemaUrl: string;
      scopeSpans: { scope: { name: string; version: string }; schemaUrl: string; spans: Span[] }[];
    }[];
  };
}

export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** Nothing is answered, and the connection ends. */
  drops?: boolean;
  /** Nothing is answered ever. */
  hangs?: boolean;
}

export interface OtlpServer {
  url: string;
  port: number;
  received: Received[];
  spans(): Span[];
  /** What the next requests are answered with; after that all is taken. */
  replies: Reply[];
  /** Called with each request, before it is answered. */
  onRequest?: () => void;
  close(): Promise<void>;
}

const answer = (response: ServerResponse, { status = 200, headers, body = '{}', drops, hangs }: Reply): void => {
  if (hangs) return;
  if (drops) {
    response.socket?.destroy();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
};

const open: OtlpServer[] = [];
afterAll(async () => {
  for (const server of open.splice(0)) await server.close();
});

/** An endpoint for OTLP over HTTP, on a free port of this machine. */
export const otlpServer = async (): Promise<OtlpServer> => {
  const made = { received: [] as Received[], replies: [] as Reply[] } as OtlpServer;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      const bytes = Buffer.concat(parts);
      const text = headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
      made.received.push({ method, path, headers, body: JSON.parse(text.toString() || 'null') });
      made.onRequest?.();
      answer(response, made.replies.shift() ?? {});
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  const spans = (): Span[] =>
    made.received.flatMap(({ body }) =>
      body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
    );
  Object.assign(made, { url: `http://127.0.0.1:${port}`, port, close, spans });
  open.push(made);
  return made;
};

/** Attributes by their names, as plain values. */
export const plainAttributes = (attributes: KeyValue[]): Record<string, unknown> =>
  Object.fromEntries(
    attributes.map(({ key, value }) => {
      if ('arrayValue' in value) return [key, value.arrayValue.values.map((item) => Object.values(item)[0])];
      return [key, 'intValue' in value ? Number(value.intValue) : Object.values(value)[0]];
    }),
  );
