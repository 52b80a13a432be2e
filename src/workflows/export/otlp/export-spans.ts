import type { AppError } from '../../../errors.ts';
import type { Context, ContextOptions } from '../../context.ts';
import { type Admitted, type ExportWish, withAdmitted } from '../export.ts';
import type { HeldLog } from '../leaving.ts';
import { type Endpoint, endpointOf } from './endpoint.ts';
import { OtlpPost, type PostOptions, rejectedError } from './post.ts';

/** Makes the requests: the part that needs a database, which is another room's. */
export type WriteSpans = (
  ctx: Context,
  admitted: Admitted,
  send: (request: string, spans: number) => Promise<void>,
) => Promise<{ unfinished: number }>;

export interface SentSpans {
  /** As a person may see it. */
  out: string;
  sessions: number;
  /** Spans that were taken. */
  rows: number;
  bytes: number;
  requests: number;
  rejected: number;
  unfinished: number;
  held: HeldLog[];
}

const LOCAL = /^(localhost|127(\.\d+){3}|\[::1\])$/;

const isOpen = ({ url, headers }: Endpoint): boolean =>
  url.protocol === 'http:' && headers.length > 0 && !LOCAL.test(url.hostname);

/**
 * Looks through whole sessions, as every export does, then sends them as spans to one endpoint.
 * @returns what was sent, and the error for what the endpoint left out of it
 * @throws AppError usage.invalid, endpoint.unreachable, endpoint.refused, interrupted, and as `withAdmitted`
 */
export const exportSpans = async (
  options: ContextOptions,
  wish: ExportWish & { to: string } & Omit<PostOptions, 'clock'>,
  write: WriteSpans,
): Promise<{ sent: SentSpans; error: AppError | undefined }> => {
  const endpoint = endpointOf(wish.to, options.env ?? process.env);
  if (isOpen(endpoint)) options.warn?.(`The headers go to ${endpoint.url.host} without encryption.`);
  const { done, sessions, held } = await withAdmitted(options, wish, async (ctx, admitted) => {
    const post = new OtlpPost(endpoint, { clock: ctx.clock, signal: wish.signal, backoffMs: wish.backoffMs });
    const { unfinished } = await write(ctx, admitted, (request, spans) => post.send(request, spans));
    return { ...post.done, unfinished };
  });
  const { spans: rows, bytes, requests, rejected, unfinished } = done;
  const sent = { out: endpoint.shown, sessions, rows, bytes, requests, rejected, unfinished, held };
  return { sent, error: rejectedError(done, endpoint, { ...sent }) };
};
