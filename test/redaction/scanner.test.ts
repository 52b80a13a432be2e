import { describe, expect, it } from 'vitest';
import { createScanner } from '../../src/redaction/scanner.ts';
import { environmentOnly } from '../../src/redaction/sources.ts';

const github = `ghp_${'a1B2'.repeat(9)}`;
const aws = 'AKIAQRSTUVWXYZ234567';
const scan = createScanner(environmentOnly({ MY_SECRET: 'zq8-Kw3-pL5-xY7', HOME: '/home/somebody' }));

describe('createScanner', () => {
  it('says where and of what kind, and never which', async () => {
    const text = `one\nconst token = "${github}";\nid ${aws}\n`;
    const found = await scan(text);
    expect(found).toEqual([
      { start: text.indexOf(github), kind: expect.stringMatching(/^github$|^keyed$/) },
      { start: text.indexOf(aws), kind: expect.stringContaining('aws') },
    ]);
    expect(JSON.stringify(found)).not.toContain('ghp_');
  });

  it('knows the values of secret variables, and private keys as one', async () => {
    expect(await scan('it says zq8-Kw3-pL5-xY7 here')).toEqual([{ start: 8, kind: 'env' }]);
    const key = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEpAIBAAKCAQEA'.repeat(4)}\n${'q1w2e3r4t5y6u7i8'.repeat(4)}\n-----END RSA PRIVATE KEY-----\n`;
    expect(await scan(`a\n${key}`)).toEqual([{ start: expect.any(Number), kind: 'private-key' }]);
  });

  it.each([
    ['an object id', `commit ${'0123456789abcdef'.repeat(2)}01234567`],
    ['an integrity sum', '"integrity": "sha512-abcABC012345678901234567890123456789abcABC=="'],
    ['a placeholder', 'API_KEY="<your key>" password="changeme"'],
    ['code', 'const password = process.env.PASSWORD; token: string'],
    ['a path', 'HOME=/home/somebody'],
    ['nothing', ''],
  ])('passes over %s', async (_, text) => {
    expect(await scan(text)).toEqual([]);
  });
});
