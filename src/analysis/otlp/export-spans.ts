import type { AnalysisContext } from '../context.ts';
import { type Analysis, openAnalysis } from '../open.ts';
import { attributesOf, type Span } from './span.ts';
import { type SpanRow, spanOf } from './spans.ts';
import { SPAN_KINDS, type SpanScope, STATEMENTS } from './statements.ts';

/**
 * The conventions that names of spans and attributes are from. GenAI's are still in development and have moved to a
 * repository without a release; this is the last release that has them.
 */
export const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.41.0';

/** Spans in one request. */
const BATCH = 500;

/** One request to an endpoint. Source: opentelemetry-proto 1.11, `ExportTraceServiceRequest`. */
export const requestOf = (spans: readonly Span[], version: string): string =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: attributesOf({ 'service.name': 'amp-sessions', 'service.version': version }) },
        scopeSpans: [{ scope: { name: 'amp-sessions', version }, spans, schemaUrl: SCHEMA_URL }],
        schemaUrl: SCHEMA_URL,
      },
    ],
  });

/** Spans as they come, in batches, and what has no end yet and so is none. */
export async function* spansOf(
  analysis: Analysis,
  scope: SpanScope,
  most = BATCH,
): AsyncGenerator<{ spans: Span[]; unfinished: number }> {
  let spans: Span[] = [];
  let unfinished = 0;
  for (const kind of SPAN_KINDS)
    for await (const { columns, rows } of analysis.stream(STATEMENTS[kind](scope)))
      for (const values of rows) {
        const row: SpanRow = Object.fromEntries(columns.map(({ name }, at) => [name, values[at]!]));
        const span = spanOf(kind, row);
        if (span) spans.push(span);
        else unfinished += 1;
        if (spans.length < most) continue;
        yield { spans, unfinished };
        [spans, unfinished] = [[], 0];
      }
  if (spans.length > 0 || unfinished > 0) yield { spans, unfinished };
}

export interface SpansWish {
  repos: string[];
  all: boolean;
  /** Of the program. */
  version: string;
}

/** Takes one request, with so many spans. */
export type SendSpans = (request: string, spans: number) => Promise<void>;

/** What sends the spans of sessions, request by request. */
export const spansWriter =
  (wish: SpansWish, warn: (text: string) => void) =>
  async (ctx: AnalysisContext, scope: SpanScope, send: SendSpans): Promise<{ spans: number; unfinished: number }> => {
    const analysis = await openAnalysis(ctx, { repos: wish.repos, all: wish.all });
    try {
      for (const text of analysis.warnings) warn(text);
      const done = { spans: 0, unfinished: 0 };
      for await (const { spans, unfinished } of spansOf(analysis, scope)) {
        if (spans.length > 0) await send(requestOf(spans, wish.version), spans.length);
        done.spans += spans.length;
        done.unfinished += unfinished;
      }
      return done;
    } finally {
      await analysis.close();
    }
  };
