import { describe, expect, it } from 'vitest';
import { hasRandomRun, isIdentifier, isSecretValue, kindOfKey } from '../../src/redaction/plausible.ts';
import { ALNUM, HEX, made } from './corpus.ts';

const random = made('random', 24, ALNUM);

describe('names that say what stands beside them', () => {
  it.each([
    ['password', 'password'],
    ['DB_PASSWD', 'password'],
    ['userPassword', 'password'],
    ['passphrase', 'password'],
    ['pwd', 'password'],
    ['clientSecret', 'secret'],
    ['secret', 'secret'],
    ['secret_access_key', 'token'],
    ['accessToken', 'token'],
    ['x-api-key', 'token'],
    ['credentials', 'token'],
  ] as const)('%s: %s', (name, kind) => expect(kindOfKey(name)).toBe(kind));

  it.each(['key', 'author', 'tokens', 'input_tokens', 'tokenType', 'secretName', 'passwordLength', 'primary_key', ''])(
    '%s: nothing',
    (name) => expect(kindOfKey(name)).toBeUndefined(),
  );
});

describe('a password', () => {
  it.each(['hunter2', 'Tr0ub4dor&3', 'abc!def', 'camelCase', 'alllowercaseletters', made('p', 40, HEX)])(
    '%s in quotes is one',
    (value) => expect(isSecretValue('password', value, true)).toBe(true),
  );
  it.each([
    '',
    'short',
    'hidden',
    'two words',
    '********',
    '<password>',
    '$PASSWORD',
    '{{ password }}',
    'your-password',
    'changeme',
    'password1',
    'xxxxxxxx',
  ])('%s in quotes is none', (value) => expect(isSecretValue('password', value, true)).toBe(false));
  it.each(['hunter2', 'q1w2e3r4'])('%s without quotes is one', (value) => {
    expect(isSecretValue('password', value, false)).toBe(true);
  });
  it.each([
    'string',
    'getPassword2()',
    'config.password2',
    'user?.pass2',
    'a::b2',
    'z.string2',
    'correct-horse',
    'a1b2c3,',
  ])('%s without quotes is code', (value) => expect(isSecretValue('password', value, false)).toBe(false));
});

describe('a token', () => {
  it.each([random, `${random}==`, made('h', 32, HEX), `a.${random}`])('%s is one', (value) => {
    expect(isSecretValue('token', value, true)).toBe(true);
  });
  it.each([
    made('h', 40, HEX),
    made('h', 64, HEX),
    '5928a90d-d53b-488f-a829-4e36442142ee',
    'T-5928a90d-d53b-488f-a829-4e36442142ee',
    `sha512-${random}`,
    'aaaaaaaaaaaaaaaaaaaa1111',
    'my-token-name-for-production-2',
    'https://example.test/a1b2c3d4e5f6',
    '/run/secrets/a1b2c3d4e5f6g7',
    'two words and 12345678',
    'tooshort123',
  ])('%s is none', (value) => expect(isSecretValue('token', value, true)).toBe(false));
  it('a shorter one will do where the name says secret', () => {
    expect(isSecretValue('secret', 'a1b2c3d4e5', true)).toBe(true);
    expect(isSecretValue('token', 'a1b2c3d4e5', true)).toBe(false);
  });
});

describe('identifiers', () => {
  it.each([made('s', 40, HEX), made('s', 64, HEX), 'sha256:abc', 'sha512-x', 'h1:x'])('%s', (value) => {
    expect(isIdentifier(value)).toBe(true);
  });
  it.each([made('s', 39, HEX), made('s', 41, HEX), made('s', 32, HEX), 'x'])('not %s', (value) => {
    expect(isIdentifier(value)).toBe(false);
  });
});

it('a run of letters and digits that no one has thought up', () => {
  expect(hasRandomRun(random)).toBe(true);
  expect(hasRandomRun('fading-circle-2-animation-delay')).toBe(false);
  expect(hasRandomRun('animationiteration')).toBe(false);
});
