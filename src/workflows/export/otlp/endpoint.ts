import { AppError } from '../../../errors.ts';

/** Where spans go. */
export interface Endpoint {
  /** With its path, and whatever else it needs to be reached. */
  url: URL;
  /** As a person may see it: without what stands behind a `?`. */
  shown: string;
  /** The user's own, such as the key of an account. */
  headers: [name: string, value: string][];
  /** For one request. */
  timeoutMs: number;
}

type Env = Record<string, string | undefined>;

const EXAMPLE = 'For example: --to http://localhost:4318';

/** What OTLP calls an endpoint is the address that `/v1/traces` comes after. Source: OTLP exporter configuration. */
const PATH = '/v1/traces';

/** An address that has a colon in it is one of a scheme of its own: `localhost:4318`. */
const parsed = (given: string): URL | undefined => {
  try {
    const url = new URL(given);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
  } catch {
    return undefined;
  }
};

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const CONTROL = /[^\t\x20-\x7e\x80-\xff]/;

/** The request itself decides these. */
const OURS = new Set(['content-type', 'content-encoding', 'content-length', 'host', 'connection', 'transfer-encoding']);

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** `name=value,name=value`, values as in an address. Source: OTLP exporter configuration, W3C baggage. */
const headersIn = (variable: string, env: Env): [string, string][] =>
  (env[variable] ?? '').split(',').flatMap((part): [string, string][] => {
    const text = part.trim();
    if (text === '') return [];
    const at = text.indexOf('=');
    const [name, value] = [text.slice(0, at).trim().toLowerCase(), decoded(text.slice(at + 1).trim())];
    // What stands there may be a key: it is not repeated.
    if (at < 1 || !TOKEN.test(name) || CONTROL.test(value))
      throw new AppError('usage.invalid', `${variable} is not as it should be.`, {
        hint: 'Write name=value, several with commas between them, and %20 for a space: authorization=Bearer%20….',
      });
    return OURS.has(name) ? [] : [[name, value]];
  });

const timeoutIn = (env: Env): number => {
  const given = env['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT'] || env['OTEL_EXPORTER_OTLP_TIMEOUT'];
  const number = Number(given);
  return given && Number.isFinite(number) && number > 0 ? number : 10_000;
};

/**
 * Where `--to` leads, with the headers and the time limit of OpenTelemetry's own variables. Nothing is contacted.
 * @throws AppError usage.invalid
 */
export const endpointOf = (given: string, env: Env): Endpoint => {
  const url = parsed(given);
  if (!url)
    throw new AppError('usage.invalid', '--to is no address that begins with http:// or https://.', { hint: EXAMPLE });
  if (url.username !== '' || url.password !== '')
    throw new AppError('usage.invalid', '--to holds a name or a password.', {
      hint: 'Give it in OTEL_EXPORTER_OTLP_HEADERS, such as authorization=Basic%20….',
    });
  url.hash = '';
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith(PATH) ? path : `${path}${PATH}`;
  const all = ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_TRACES_HEADERS'];
  const headers = new Map(all.flatMap((variable) => headersIn(variable, env)));
  return { url, shown: `${url.origin}${url.pathname}`, headers: [...headers], timeoutMs: timeoutIn(env) };
};

/** Takes out of a text what the endpoint was given in confidence: servers repeat what they were sent. */
export const withoutSecrets = (text: string, { url, headers }: Endpoint): string => {
  const secrets = [...headers.map(([, value]) => value), ...url.searchParams.values(), url.search.slice(1)]
    .flatMap((value) => [value, ...value.split(/\s+/)])
    .filter((value) => value.length > 3)
    .sort((a, b) => b.length - a.length);
  return secrets.reduce(
    (said, secret) => said.replaceAll(secret, '…').replaceAll(encodeURIComponent(secret), '…'),
    text,
  );
};
