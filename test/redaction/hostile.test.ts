import { expect, it } from 'vitest';
import { createRedactor } from '../../src/redaction/redactor.ts';
import { made, privateKey } from './corpus.ts';

/** Bytes; quadratic time would show at either. TEST_ALL=1 (`npm run test:all`) takes the larger. */
const SIZE = process.env['TEST_ALL'] ? 1 << 20 : 1 << 18;
/** Far above what any of them takes, far below what a pattern with two ways to go on would. */
const BOUND_MS = 20_000;

const env = { DB_PASSWORD: 'aaaaaaaaab', API_KEY: '\\\\"nightly', OTHER_TOKEN: made('t', 30) };
const redact = createRedactor({ env, key: Buffer.alloc(32, 7) });
const fill = (unit: string): string => unit.repeat(Math.ceil(SIZE / unit.length)).slice(0, SIZE);
const begin = privateKey('RSA ').split('\n')[0]!;

const UNITS = [
  'a',
  ' ',
  '\n',
  '\\',
  '"',
  '\\"',
  '\\n',
  ':',
  '=',
  '.',
  '-',
  '_',
  '@',
  '/',
  '://',
  '://a',
  '://a:',
  '://a:b',
  '://a:b@',
  'https://a@b:',
  'mongodb://a',
  'mongodb://a:b',
  'eyJ',
  'eyJaaaaaaaa.',
  'eyJaaaaaaaa.eyJ',
  'password',
  'password:',
  'password= ',
  'password "',
  'password:"',
  'secret_access_key',
  'authorization: ',
  'bearer ',
  'basic aaaaaaaa',
  'ghp_',
  'xoxb-1',
  'xoxb-1-',
  'SG.a',
  'SG.a.',
  'sk-',
  'sk-a1',
  'AKIA',
  'secret:       ',
  'token\\\\\\\\:',
  '-----BEGIN',
  begin,
  `${begin}A`,
  `${begin}\nA: b\n`,
  `${begin}-----END`,
  '[REDACTED:',
  '[REDACTED:a:0123abcd]',
  '[',
  '{"a":',
  '["',
  '{"password":"a1b2c3d4"},',
  'é',
  '\ud83d',
  '?key=',
  'hooks.slack.com/services/',
  'x-oauth-basic@github.com/',
  'dapi0',
  'ops_eyA',
];

it.each(UNITS)('much of %j', { timeout: BOUND_MS }, async (unit) => {
  expect(await redact(`password: hunter22x ${fill(unit)}`)).not.toContain('hunter22x');
});

it('much of each in a string of JSON', { timeout: 10 * BOUND_MS }, async () => {
  for (const unit of UNITS) {
    const line = JSON.stringify({ content: fill(unit).slice(0, SIZE / 4), password: 'hunter22x' });
    const result = (await redact(line)) as string;
    expect(JSON.parse(result).password).toMatch(/^\[REDACTED:keyed:/);
  }
});

it('many secrets in one line', { timeout: BOUND_MS }, async () => {
  const items = Array.from({ length: SIZE / 10 }, (_, n) => ({ password: `a1b2c3d4${n}` }));
  const result = JSON.parse((await redact(JSON.stringify(items))) as string) as typeof items;
  expect(result.every(({ password }) => password.startsWith('[REDACTED:keyed:'))).toBe(true);
});

it('JSON nested as deeply as its parser goes', { timeout: BOUND_MS }, async () => {
  const deep = `${'['.repeat(4000)}"password: hunter22x"${']'.repeat(4000)}`;
  const result = (await redact(deep)) as string;
  expect(() => JSON.parse(result)).not.toThrow();
  expect(result).not.toContain('hunter22x');
  let line = '"password: hunter22x"';
  for (let n = 0; n < 12; n++) line = JSON.stringify(line);
  expect(await redact(line)).not.toContain('hunter22x');
});
