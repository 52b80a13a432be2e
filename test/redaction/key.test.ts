import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { redactionKey } from '../../src/redaction/key.ts';
import { bundle } from '../support/bundle.ts';
import { exec, tempDir } from '../support/repo.ts';

it('is 32 random bytes, private, made once', () => {
  const dir = join(tempDir(), 'amp-sessions');
  const key = redactionKey(dir);
  expect(key).toHaveLength(32);
  expect(redactionKey(dir)).toEqual(key);
  expect(readFileSync(join(dir, 'redaction.key'))).toEqual(key);
  expect(readdirSync(dir)).toEqual(['redaction.key']);
  if (process.platform !== 'win32') expect(statSync(join(dir, 'redaction.key')).mode & 0o777).toBe(0o600);
  expect(redactionKey(join(tempDir(), 'x'))).not.toEqual(key);
});

it('replaces a file that is no key', () => {
  const dir = tempDir();
  writeFileSync(join(dir, 'redaction.key'), 'short');
  const key = redactionKey(dir);
  expect(key).toHaveLength(32);
  expect(redactionKey(dir)).toEqual(key);
});

it('is one for many processes that start at once', { timeout: 120_000 }, async () => {
  const program = await bundle(`
    import { redactionKey } from './src/redaction/key.ts';
    console.log(redactionKey(process.argv[2]!).toString('hex'));`);
  for (let round = 0; round < 3; round++) {
    const dir = join(tempDir(), 'data');
    const runs = await Promise.all(Array.from({ length: 12 }, () => exec('.', process.execPath, [program, dir])));
    expect(new Set(runs.map(({ stdout }) => stdout.trim()))).toEqual(new Set([redactionKey(dir).toString('hex')]));
    expect(readdirSync(dir)).toEqual(['redaction.key']);
  }
});

it('is the process’s own where nothing can be kept', () => {
  const dir = tempDir();
  writeFileSync(join(dir, 'file'), '');
  expect(redactionKey(join(dir, 'file', 'below'))).toHaveLength(32);
  mkdirSync(join(dir, 'closed'));
  chmodSync(join(dir, 'closed'), 0o500);
  expect(redactionKey(join(dir, 'closed'))).toHaveLength(32);
});
