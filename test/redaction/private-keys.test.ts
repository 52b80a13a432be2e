import { describe, expect, it } from 'vitest';
import { findPrivateKeys } from '../../src/redaction/private-keys.ts';
import { createRedactor } from '../../src/redaction/redactor.ts';
import { ALNUM, HEX, made, privateKey } from './corpus.ts';

const redact = createRedactor({ env: {}, key: Buffer.alloc(32, 7) });
const found = (text: string) => findPrivateKeys(text).map(({ start, end }) => text.slice(start, end));
const body = (pem: string) => pem.split('\n').slice(1, -1).join('\n');

describe('private keys', () => {
  it.each(['', 'RSA ', 'EC ', 'OPENSSH ', 'ENCRYPTED ', 'DSA '])('%s: what stands between the marks', (kind) => {
    const pem = privateKey(kind);
    expect(found(`x\n${pem}\ny`)).toEqual([body(pem)]);
    expect(found(pem.replaceAll('\n', '\\n'))).toEqual([body(pem).replaceAll('\n', '\\n')]);
    expect(found(pem.replaceAll('\n', '\r\n'))).toEqual([body(pem).replaceAll('\n', '\r\n')]);
  });

  it('several in one text, also when one is cut off', () => {
    const [one, two] = [privateKey('RSA '), privateKey('EC ')];
    expect(found(`${one}\n${two}`)).toEqual([body(one), body(two)]);
    const cut = one.split('\n').slice(0, 3).join('\n');
    expect(found(`${cut}\n${two}`)).toHaveLength(2);
  });

  it('a PGP block with its headers', () => {
    const mark = (word: string) => `-----${word} PGP ${['PRIV', 'ATE'].join('')} KEY BLOCK-----`;
    const text = `${mark('BEGIN')}\nVersion: GnuPG v2\n\n${made('pgp', 64)}\n=aB3d\n${mark('END')}`;
    expect(found(text)[0]).toContain(made('pgp', 64));
  });

  it('no public key, no certificate, no mention', () => {
    for (const kind of ['PUBLIC KEY', 'CERTIFICATE', 'RSA PUBLIC KEY'])
      expect(found(`-----BEGIN ${kind}-----\n${made(kind, 64)}\n-----END ${kind}-----`)).toEqual([]);
    expect(found(`${privateKey('RSA ').split('\n')[0]} begins a key, -----END ends it`)).toEqual([]);
  });
});

describe('a key printed line by line', () => {
  it('goes, line by line', async () => {
    for (const line of privateKey('RSA ').split('\n').slice(1, -1)) {
      const result = await redact(`  ${line}\n`);
      expect(result).toMatch(/^ {2}\[REDACTED:key-line:[0-9a-f]{8}\]\n$/);
      expect(await redact(result)).toBe(result);
    }
  });

  it.each([
    made('x', 64, HEX),
    made('x', 64, HEX).toUpperCase(),
    made('x', 64, 'abcdefgh'),
    made('x', 63, ALNUM),
    made('x', 65, ALNUM),
    `x ${made('x', 64, ALNUM)}`,
    `${made('x', 40, HEX)} ${made('y', 40, HEX)}`,
  ])('%s stays', async (text) => expect(await redact(text)).toBe(text));
});
