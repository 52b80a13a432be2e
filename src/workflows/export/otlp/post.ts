import { STATUS_CODES } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Clock } from '../../../clock.ts';
import { AppError } from '../../../errors.ts';
import { type Said, saidBy } from './answer.ts';
import { type Endpoint, withoutSecrets } from './endpoint.ts';

const compress = promisify(gzip);

export interface PostOptions {
  clock: Clock;
  signal?: AbortSignal;
  /** Before the first repetition; doubled with each. */
  backoffMs?: number;
}

/** What has been taken so far. */
export interface Posted {
  spans: number;
  requests: number;
  /** Bytes that went out, compressed, without repetitions. */
  bytes: number;
  /** Spans that the endpoint refused, and why, in its own words. */
  rejected: number;
  reason: string;
}

/** A request is tried so often. */
const TRIES = 5;

/** Nobody waits longer than this before the next try. */
const MOST_WAIT_MS = 60_000;

/** Source: OTLP 1.11, "Retryable Response Codes". */
const LATER = new Set([429, 502, 503, 504]);

/** Mistakes in the address: trying again changes nothing as long as nothing was ever reached. */
const NOT_THERE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

type Outcome = { said: Said } | { why: string; isThere: boolean };

/** Node's own words lie in the causes of an error. */
const codeOf = (error: unknown): string => {
  const { cause, code, errors, message } = (error ?? {}) as Error & { code?: string; errors?: unknown[] };
  if (cause) return codeOf(cause);
  if (errors?.length) return codeOf(errors[0]);
  return code ?? message ?? 'no reason given';
};

/** Sends requests to one endpoint, one after the other, and to nothing else: where it leads on is not followed. */
export class OtlpPost {
  readonly done: Posted = { spans: 0, requests: 0, bytes: 0, rejected: 0, reason: '' };
  readonly #endpoint: Endpoint;
  readonly #options: PostOptions;
  #wasThere = false;

  constructor(endpoint: Endpoint, options: PostOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
  }

  /** @throws AppError endpoint.unreachable, endpoint.refused, interrupted */
  async send(request: string, spans: number): Promise<void> {
    const body = await compress(request);
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#try(body);
      if ('said' in outcome) this.#wasThere = true;
      if ('said' in outcome && this.#isTaken(outcome.said)) {
        this.#count(outcome.said, spans, body.length);
        return;
      }
      const waitMs = this.#waitMs(outcome, attempt);
      if (waitMs === undefined) throw this.#failed(outcome, attempt);
      await this.#pause(waitMs);
    }
  }

  #isTaken({ status, isPage }: Said): boolean {
    return status >= 200 && status < 300 && !isPage;
  }

  #count({ rejected, message }: Said, spans: number, bytes: number): void {
    const { done } = this;
    done.requests += 1;
    done.bytes += bytes;
    done.spans += spans - Math.min(spans, rejected);
    done.rejected += Math.min(spans, rejected);
    if (rejected > 0 && done.reason === '') done.reason = withoutSecrets(message, this.#endpoint);
  }

  async #try(body: Buffer): Promise<Outcome> {
    const { url, headers, timeoutMs } = this.#endpoint;
    const { signal, clock } = this.#options;
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(url, {
        method: 'POST',
        body: new Uint8Array(body),
        headers: [...headers, ['content-type', 'application/json'], ['content-encoding', 'gzip']],
        redirect: 'manual',
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
      return { said: await saidBy(response, clock.now()) };
    } catch (error) {
      if (signal?.aborted) throw this.#interrupted();
      if (limit.aborted) return { why: `no answer within ${timeoutMs / 1000} s`, isThere: true };
      const code = codeOf(error);
      return { why: code, isThere: !NOT_THERE.has(code) };
    }
  }

  /** How long to wait before the next try; undefined: there is none. */
  #waitMs(outcome: Outcome, attempt: number): number | undefined {
    const isLater = 'said' in outcome ? LATER.has(outcome.said.status) : outcome.isThere || this.#wasThere;
    if (!isLater || attempt >= TRIES) return undefined;
    const asked = 'said' in outcome ? outcome.said.retryAfterMs : undefined;
    if (asked !== undefined) return asked > MOST_WAIT_MS ? undefined : asked;
    // So that many that failed together do not come back together.
    const jitter = 0.5 + Number.parseInt(this.#options.clock.newId().slice(1, 5), 36) / 36 ** 4;
    return (this.#options.backoffMs ?? 1000) * 2 ** (attempt - 1) * jitter;
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#options;
    try {
      await pause(ms, undefined, { signal });
    } catch {
      throw this.#interrupted();
    }
  }

  /** What arrived needs no second time, and a second time does it no harm. */
  #taken(): string {
    const { spans } = this.done;
    return spans === 0 ? 'No span was sent.' : `${spans} ${spans === 1 ? 'span was' : 'spans were'} taken before.`;
  }

  #interrupted(): AppError {
    return new AppError('interrupted', `The export was interrupted. ${this.#taken()}`, {
      hint: 'Run it again: spans have the same ids each time.',
    });
  }

  #failed(outcome: Outcome, tries: number): AppError {
    const { shown } = this.#endpoint;
    const often = tries > 1 ? ` after ${tries} tries` : '';
    if (!('said' in outcome))
      return new AppError(
        'endpoint.unreachable',
        `${shown} cannot be reached${often}: ${outcome.why}. ${this.#taken()}`,
        {
          hint: this.#addressHint('Look at the address, and whether anybody listens there.'),
        },
      );
    const { status, message, isPage } = outcome.said;
    const own = withoutSecrets(message, this.#endpoint);
    const what = isPage && status < 300 ? 'a page for people' : `${status} ${STATUS_CODES[status] ?? ''}`.trim();
    const words = own === '' ? '' : ` (“${own}”)`;
    return new AppError('endpoint.refused', `${shown} answered${often} with ${what}${words}. ${this.#taken()}`, {
      hint: this.#hintFor(status),
      details: { status },
    });
  }

  #addressHint(otherwise: string): string {
    const isGrpc = this.#endpoint.url.port === '4317';
    return isGrpc ? '4317 is mostly the port of gRPC; OTLP over HTTP is mostly at 4318.' : otherwise;
  }

  #hintFor(status: number): string {
    if (status === 401 || status === 403)
      return 'Give what it asks for in OTEL_EXPORTER_OTLP_HEADERS, such as authorization=Bearer%20….';
    if (LATER.has(status)) return 'Run it again later: spans have the same ids each time.';
    if (status >= 300 && status < 400) return 'It leads elsewhere, where nothing is sent. Name the final address.';
    return this.#addressHint('Is that an endpoint for OTLP over HTTP, with JSON? `/v1/traces` is put behind its path.');
  }
}

/** The error for spans that did not arrive although their request was taken. */
export const rejectedError = (
  { rejected, reason }: Posted,
  { shown }: Endpoint,
  answer: Record<string, unknown>,
): AppError | undefined => {
  if (rejected === 0) return undefined;
  const words = reason === '' ? '' : `: “${reason}”`;
  return new AppError('endpoint.refused', `${shown} did not take ${rejected} of the spans${words}.`, { answer });
};
