import { describe, expect, it } from 'vitest';
import { endpointOf, withoutSecrets } from '../../../src/workflows/export/otlp/endpoint.ts';

describe('the address of an endpoint', () => {
  it.each([
    ['http://localhost:4318', 'http://localhost:4318/v1/traces'],
    ['http://localhost:4318/', 'http://localhost:4318/v1/traces'],
    ['https://otlp.example.com/otlp', 'https://otlp.example.com/otlp/v1/traces'],
    ['https://otlp.example.com/otlp///', 'https://otlp.example.com/otlp/v1/traces'],
    ['https://example.com/v1/traces', 'https://example.com/v1/traces'],
    ['https://example.com/api/v1/traces/', 'https://example.com/api/v1/traces'],
    ['HTTPS://Example.COM:443', 'https://example.com/v1/traces'],
    ['http://[::1]:4318#part', 'http://[::1]:4318/v1/traces'],
    ['https://example.com/otlp?key=abcdef', 'https://example.com/otlp/v1/traces?key=abcdef'],
  ])('%s leads to %s', (given, to) => expect(endpointOf(given, {}).url.href).toBe(to));

  it('is shown without what stands behind it', () => {
    expect(endpointOf('https://example.com/otlp?key=abcdef', {}).shown).toBe('https://example.com/otlp/v1/traces');
  });

  it.each(['', 'localhost:4318', 'example.com', 'ftp://example.com', 'file:///etc/passwd', 'http://', 'grpc://x:4317'])(
    '“%s” is none',
    (given) =>
      expect(() => endpointOf(given, {})).toThrow(
        expect.objectContaining({ code: 'usage.invalid', hint: 'For example: --to http://localhost:4318' }),
      ),
  );

  it('holds no password, and an error repeats none', () => {
    for (const given of ['https://me:hunter2@example.com', 'https://hunter2@example.com'])
      try {
        endpointOf(given, {});
        expect.unreachable();
      } catch (error) {
        expect(error).toMatchObject({
          code: 'usage.invalid',
          hint: expect.stringContaining('OTEL_EXPORTER_OTLP_HEADERS'),
        });
        expect(JSON.stringify([(error as Error).message, (error as { hint: string }).hint])).not.toContain('hunter2');
      }
  });
});

describe('what OpenTelemetry’s own variables say', () => {
  const headersOf = (text: string, more: Record<string, string> = {}) =>
    Object.fromEntries(endpointOf('http://h', { OTEL_EXPORTER_OTLP_HEADERS: text, ...more }).headers);

  it('is headers, their values as in an address', () => {
    expect(headersOf('Authorization=Bearer%20abc%3D%2C, x-team = core ,,')).toEqual({
      authorization: 'Bearer abc=,',
      'x-team': 'core',
    });
    expect(headersOf('k=a=b')).toEqual({ k: 'a=b' });
    expect(headersOf('k=100%')).toEqual({ k: '100%' });
    expect(headersOf('')).toEqual({});
  });

  it('is for traces alone where it says so', () => {
    expect(headersOf('a=1,b=1', { OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'b=2,c=3' })).toEqual({ a: '1', b: '2', c: '3' });
  });

  it('does not decide what a request is', () => {
    expect(headersOf('content-type=text/html,Content-Length=1,host=x,a=1')).toEqual({ a: '1' });
  });

  it.each(['secretkey', '=secretkey', 'a b=secretkey', 'k=secretkey%0d%0ax: y', 'ü=secretkey'])(
    'is refused where it is wrong (%s), and not repeated',
    (text) => {
      try {
        headersOf(text);
        expect.unreachable();
      } catch (error) {
        expect(error).toMatchObject({ code: 'usage.invalid' });
        expect((error as Error).message).toBe('OTEL_EXPORTER_OTLP_HEADERS is not as it should be.');
      }
    },
  );

  it('is a time limit in milliseconds', () => {
    const limit = (env: Record<string, string>) => endpointOf('http://h', env).timeoutMs;
    expect(limit({})).toBe(10_000);
    expect(limit({ OTEL_EXPORTER_OTLP_TIMEOUT: '250' })).toBe(250);
    expect(limit({ OTEL_EXPORTER_OTLP_TIMEOUT: '250', OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '50' })).toBe(50);
    for (const wrong of ['', '0', '-1', 'soon', 'Infinity'])
      expect(limit({ OTEL_EXPORTER_OTLP_TIMEOUT: wrong })).toBe(10_000);
  });
});

describe('what was given in confidence', () => {
  it('is taken out of whatever a server says', () => {
    const env = { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc%2Fdef,x-key=k' };
    const endpoint = endpointOf('https://h/?token=querysecret', env);
    const said = 'bad token abc/def (Bearer abc/def, abc%2Fdef) at /v1/traces?token=querysecret, key k';
    const shown = withoutSecrets(said, endpoint);
    for (const secret of ['abc/def', 'abc%2Fdef', 'querysecret']) expect(shown).not.toContain(secret);
    expect(shown).toContain('bad token …');
    expect(withoutSecrets('all is well', endpoint)).toBe('all is well');
  });
});
