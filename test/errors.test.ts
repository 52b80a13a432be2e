import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError, EXIT, errorCodes, inShell } from '../src/errors.ts';
import { exec } from './support/repo.ts';

describe('a name in a command line to copy', () => {
  it('stays as it is where a shell would not change it', () => {
    for (const name of ['main', 'feature/login', 'v1.2+3', '/tmp/a,b', 'a@b:c%']) expect(inShell(name)).toBe(name);
  });

  it.skipIf(process.platform === 'win32')('is one word of a shell, whatever is in it', async () => {
    const odd = ['', ' ', "it's", '$(touch x)', '`x`', 'a;b', '*', '-x', '~', '#', 'ü', '!!', '\\', "'''", 'a\nb'];
    const random = fc.sample(fc.string({ unit: 'binary-ascii' }), 50).map((name) => name.replaceAll('\0', ''));
    const names = [...odd, ...random];
    const line = names.map((name) => `printf '%s\\0' ${inShell(name)}`).join('\n');
    const { stdout } = await exec('/', 'sh', ['-c', line]);
    expect(stdout.split('\0').slice(0, -1)).toEqual(names);
  });
});

describe('errors', () => {
  it('all have an exit status of the closed set', () => {
    const known = new Set<number>(Object.values(EXIT));
    for (const code of errorCodes()) expect(known.has(new AppError(code, 'x').exit), code).toBe(true);
  });
});
