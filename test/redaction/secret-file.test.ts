import { describe, expect, it } from 'vitest';
import { parseDotenv } from '../../src/redaction/dotenv.ts';
import { secretsAmong } from '../../src/redaction/environment-secrets.ts';
import { isDotenv, parseSecretFile } from '../../src/redaction/secret-file.ts';
import { made } from './corpus.ts';

describe('.env', () => {
  it('is read as the usual libraries read it', () => {
    const text = [
      '\ufeffPLAIN=one',
      '# COMMENT=no',
      '  export SPACED = two # and why',
      "SINGLE='a \\n # b'",
      'DOUBLE="a\\nb \\"c\\""',
      'TICKS=`it\'s "so"`',
      'HASH=a#b',
      'YAMLISH: three',
      'EMPTY=',
      'LINES="first',
      'second"',
      'OPEN="never ends',
      'no assignment here',
      'LAST=four\r',
    ].join('\n');
    expect(parseDotenv(text)).toEqual([
      ['PLAIN', 'one'],
      ['SPACED', 'two'],
      ['SINGLE', 'a \\n # b'],
      ['DOUBLE', 'a\nb "c"'],
      ['TICKS', 'it\'s "so"'],
      ['HASH', 'a#b'],
      ['YAMLISH', 'three'],
      ['EMPTY', ''],
      ['LINES', 'first\nsecond'],
      ['OPEN', '"never ends'],
      ['LAST', 'four'],
    ]);
  });

  it.each(['.env', '.env.local', '.env.production', '.env.test.local'])('%s counts', (name) =>
    expect(isDotenv(name)).toBe(true),
  );

  it.each(['.env.example', '.env.sample', '.env.template', '.env.local.example', 'env', '.envrc', '.env.'])(
    '%s does not',
    (name) => expect(isDotenv(name)).toBe(false),
  );

  it('a hostile one takes no time: a million quotes that never end', () => {
    expect(parseDotenv('A="x\n'.repeat(50_000)).length).toBeGreaterThan(0);
    expect(parseDotenv(`A="${'\\'.repeat(500_000)}`).length).toBe(1);
  });
});

describe('stores', () => {
  const [a, b] = [made('store a', 24), made('store b', 24)];
  it.each([
    ['secrets.json', JSON.stringify({ db: { url: 'x', list: [{ password: a }, b] } })],
    ['secrets.yaml', `db:\n  password: ${a}\n---\nother: [${b}]\n`],
    ['.netrc', `machine h login ann password ${a}\nmachine i\n  login bob\n  password "${b}"\n`],
    ['.npmrc', `registry=https://r.test/\n//r.test/:_authToken=${a}\n; no = no\n_auth = "${b}"\n`],
    ['credentials', `[default]\naws_secret_access_key = ${a}\n# x = y\n[other]\nkey=${b}\n`],
    ['app.ini', `[x]\npassword=${a}\ntoken='${b}'`],
    ['secrets', `A=${a}\nB="${b}"`],
  ])('%s', async (name, text) => {
    expect(secretsAmong(await parseSecretFile(`/somewhere/${name}`, text), 'store')).toEqual([a, b]);
  });

  it('what is not what its name says is an error', async () => {
    await expect(parseSecretFile('x.json', '{')).rejects.toThrow();
  });

  it('aliases of YAML do not blow up', async () => {
    const bomb = `a: &a [${'x,'.repeat(50)}]\n${[...'bcdefgh'].map((n, k) => `${n}: &${n} [${`*${'abcdefgh'[k]},`.repeat(50)}]`).join('\n')}`;
    await expect(parseSecretFile('x.yml', bomb)).rejects.toThrow(/alias/i);
  });
});

describe('which values count', () => {
  const RANDOM = made('some', 20);
  it.each([
    ['DB_PASSWORD', 'correcthorse'],
    ['STRIPE', RANDOM],
    ['DATABASE_URL', `postgres://app:${RANDOM}@db/app`],
    ['PIN_CODE_TOKEN', 'abcdefg1'],
  ])('%s=%s in .env', (name, value) => expect(secretsAmong([[name, value]], 'dotenv')[0]).toBe(value));

  it.each([
    ['DEBUG', 'true'],
    ['NODE_ENV', 'development'],
    ['HOST', 'localhost'],
    ['PORT', '3000'],
    ['DB_PASSWORD', 'postgres'],
    ['DB_USER', 'application'],
    ['REDIS', 'localhost:6379'],
    ['URL', 'https://example.test/a/b'],
    ['MAIL', 'somebody@example.test'],
    ['NODE_OPTIONS', '--max-old-space-size=4096'],
    ['VERSION', '1.20.300-beta.4'],
    ['START', '2026-11-22T10:00:00Z'],
    ['FILE', '/home/ann/project/data'],
    ['TITLE', 'My own application, version 2'],
    ['REGION', 'eu-central-1'],
    ['API_KEY', 'short77'],
    ['DATABASE_URL', 'postgres://localhost:5432/app'],
  ])('%s=%s in .env does not', (name, value) => expect(secretsAmong([[name, value]], 'dotenv')).toEqual([]));

  it('the password of an address counts on its own', () => {
    const url = 'postgres://app:p%40ss-w0rd-77@db/app';
    expect(secretsAmong([['DATABASE_URL', url]], 'dotenv')).toEqual([url, 'p@ss-w0rd-77']);
  });
});
