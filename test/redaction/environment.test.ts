import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { environmentSecrets } from '../../src/redaction/environment-secrets.ts';
import { createRedactor } from '../../src/redaction/redactor.ts';
import { spellings } from '../../src/redaction/spellings.ts';
import { made, privateKey } from './corpus.ts';

const key = Buffer.alloc(32, 7);
const VALUE = made('value', 20);
const MARK = /\[REDACTED:env:[0-9a-f]{8}\]/;

describe('which variables count', () => {
  it.each([
    'API_KEY',
    'APIKEY',
    'OPENAI_API_KEY',
    'AMP_API_KEY',
    'GITHUB_TOKEN',
    'gitHubToken',
    'npm_config__authToken',
    'DB_PASSWORD',
    'PGPASSWORD',
    'MYSQL_PWD',
    'SMTP_PASS',
    'SSH_PASSPHRASE',
    'CLIENT_SECRET',
    'JWT_SECRET_KEY',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    'GOOGLE_CREDENTIALS',
    'REGISTRY_AUTH',
    'GITHUB_PAT',
    'SENTRY_DSN',
    'SESSION_COOKIE',
  ])('%s', (name) => expect(environmentSecrets({ [name]: VALUE })).toEqual([VALUE]));

  it.each(['PATH', 'GIT_AUTHOR_NAME', 'KEYBOARD', 'MONKEY', 'COMPASS', 'TOKENIZER', 'AMP_SESSIONS_TOKEN', 'SECRETARY'])(
    '%s does not',
    (name) => expect(environmentSecrets({ [name]: VALUE })).toEqual([]),
  );

  it.each([
    ['API_KEY', 'short77'],
    ['USE_TOKEN', 'disabled'],
    ['AUTH', 'required'],
    ['SSH_AUTH_KEY', '/home/ann/.ssh/id_ed25519'],
    ['DB_PASSWORD', '/run/secrets/db'],
    ['API_KEY', '~/keys/api'],
    ['API_KEY', './keys/api'],
    ['API_KEY', 'C:\\keys\\api'],
    ['CACHE_KEY', 'linux-node-modules'],
    ['SORT_KEY', 'created_at'],
    ['MAX_TOKEN', '100000000'],
    ['AUTH', 'https://login.example.test/oauth'],
    ['DB_PASSWORD', 'password'],
    ['DB_PASSWORD', ''],
  ])('%s=%s is no secret', (name, value) => expect(environmentSecrets({ [name]: value })).toEqual([]));

  it.each([
    ['DB_PASSWORD', 'correcthorse'],
    ['DB_PASSWORD', '12345678'],
    ['API_KEY', `/${made('slash', 39)}`],
    ['SECRET', 'a b c d e'],
    ['SENTRY_DSN', 'https://0123456789abcdef0123456789abcdef@o1.ingest.sentry.io/2'],
    ['API_KEY', made('hex', 40, '0123456789abcdef')],
  ])('%s=%s is one', (name, value) => expect(environmentSecrets({ [name]: value })).toEqual([value]));

  it('a key over many lines counts line by line too', async () => {
    const pem = privateKey('EC ', 4);
    const lines = pem.split('\n').slice(1, -1);
    expect(environmentSecrets({ DEPLOY_KEY: `${pem}\n` })).toEqual([pem, ...lines]);
    const redact = createRedactor({ env: { DEPLOY_KEY: pem }, key });
    for (const line of lines) expect(await redact(line)).toMatch(MARK);
  });
});

describe('how they are found', () => {
  const value = 'p&ss w/rd"\\+ü7';
  const redact = createRedactor({ env: { DB_PASSWORD: value, API_KEY: VALUE }, key });
  const spelled: [string, string][] = [
    ['raw', value],
    ['URL-encoded', encodeURIComponent(value)],
    [
      'URL-encoded with small letters',
      encodeURIComponent(value).replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    ],
    ['as a form', new URLSearchParams({ v: value }).toString().slice(2)],
    ['base64', Buffer.from(value).toString('base64')],
    ['base64url', Buffer.from(value).toString('base64url')],
    ['JSON', JSON.stringify(value).slice(1, -1)],
    ['JSON in JSON', JSON.stringify(JSON.stringify(value)).slice(3, -3)],
    ['JSON in ASCII', JSON.stringify(value).slice(1, -1).replace('ü', '\\u00fc')],
  ];

  it.each(spelled)('%s', async (_, text) => {
    const whole = (await redact(value)) as string;
    expect(whole).toMatch(/^\[REDACTED:env:[0-9a-f]{8}\]$/);
    expect(await redact(`before ${text} after`)).toBe(`before ${whole} after`);
    expect(await redact(text + text)).toBe(whole + whole);
    expect(await redact(`x${text}`)).toBe(`x${whole}`);
  });

  it.each(['', 'a', 'ab', 'user:', 'abcd'])('inside base64 of a longer text, after %j', async (before) => {
    const text = Buffer.from(`${before}${VALUE}:behind`).toString('base64');
    const result = (await redact(text)) as string;
    expect(result).toMatch(MARK);
    const left = result.split(MARK).map((part) => Buffer.from(part, 'base64').toString('latin1'));
    for (let n = 0; n + 4 <= VALUE.length; n++)
      for (const part of left) expect(part).not.toContain(VALUE.slice(n, n + 4));
  });

  it('escaped strings of any producer, keys and numbers of JSON', async () => {
    const escaped = `{"a":"${[...VALUE].map((char) => `\\u00${char.charCodeAt(0).toString(16)}`).join('')}"}`;
    expect(JSON.parse((await redact(escaped)) as string).a).toMatch(MARK);
    const named = (await redact(JSON.stringify({ [VALUE]: 1 }))) as string;
    expect(Object.keys(JSON.parse(named))[0]).toMatch(MARK);
    const digits = createRedactor({ env: { PIN_PASSWORD: '90817263' }, key });
    expect(JSON.parse((await digits('{"pin": 90817263, "n": 1}')) as string)).toEqual({
      pin: expect.stringMatching(MARK),
      n: 1,
    });
  });

  it('half an escape is not left behind in a piece of JSON', async () => {
    const names = createRedactor({ env: { DB_PASSWORD: 'nightly-9x' }, key });
    const line = JSON.stringify({ a: 'x\nightly-9x', b: 'nightly-9x' });
    const piece = `${line.slice(0, -1)},"c":"cut off`;
    const result = (await names(piece)) as string;
    expect(() => JSON.parse(`${result}"}`)).not.toThrow();
  });

  it('an object id that is a known secret goes, another stays', async () => {
    const [mine, other] = [made('m', 40, '0123456789abcdef'), made('o', 40, '0123456789abcdef')];
    const ids = createRedactor({ env: { LEGACY_TOKEN: mine }, key });
    expect(await ids(`${mine} ${other}`)).toMatch(new RegExp(`^\\[REDACTED:env:.{8}\\] ${other}$`));
  });

  it('property: no spelling of any value survives, whatever stands around it', async () => {
    const secret = fc.string({ unit: 'grapheme', minLength: 8, maxLength: 24 }).filter((text) => {
      return environmentSecrets({ X_PASSWORD: text })[0] === text && Buffer.from(text).toString() === text;
    });
    await fc.assert(
      fc.asyncProperty(secret, fc.string(), fc.string(), async (text, before, behind) => {
        const hide = createRedactor({ env: { X_PASSWORD: text }, key });
        const forms = spellings(text);
        const escaped = JSON.stringify(text).slice(1, -1);
        const inLine = JSON.stringify(escaped).slice(1, -1);
        expect(forms).toEqual(expect.arrayContaining([text, escaped, inLine, encodeURIComponent(text)]));
        for (const form of forms) {
          expect(await hide(before + form + behind)).not.toContain(form);
          if (!forms.includes(JSON.stringify(form).slice(1, -1))) continue;
          const line = JSON.stringify({ message: before + form + behind, list: [form] });
          const result = (await hide(line)) as string;
          expect(JSON.parse(result).message).not.toContain(form);
          expect(JSON.parse(result).list[0]).not.toContain(form);
        }
      }),
      { numRuns: 150 },
    );
  });
});
