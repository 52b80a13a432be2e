import { describe, expect, test } from 'vitest';
import { startInNamespace } from '../../src/process/namespace-child.ts';
import { namespacePrefix, namespacePrefixes, prefixWorks, stopStrength } from '../../src/process/strength.ts';
import { KINDS, makeBrood } from '../support/descendants.ts';
import { tempDir } from '../support/repo.ts';

const prefixes = await Promise.all(
  namespacePrefixes().map(async (prefix) => ({
    prefix,
    works: await prefixWorks(prefix),
    name: prefix.slice(4).join(' '),
  })),
);

describe.each(prefixes)('a namespace by unshare $name', ({ prefix, works }) => {
  test.skipIf(!works)('is left by nobody, whatever they do', async () => {
    const brood = makeBrood(KINDS);
    const env = { PATH: process.env['PATH'] ?? '' };
    const options = { command: '/bin/sh', args: ['-c', brood.command('id -u; exit 6')], cwd: tempDir(), env };
    const child = await startInNamespace(prefix, options);
    let output = '';
    for await (const chunk of child!.stdout) output += chunk;
    expect(await child!.ended).toMatchObject({ exitCode: 6, signal: null });
    expect(output).toBe(`${process.getuid?.()}\n`);
    expect(await brood.alive()).toEqual([]);
  });
});

describe('the strength of a stop', () => {
  test('is that of the first way that works, asked once', async () => {
    const first = prefixes.find(({ works }) => works);
    expect(await namespacePrefix()).toEqual(first?.prefix);
    expect(namespacePrefix()).toBe(namespacePrefix());
    expect(await stopStrength()).toBe(first ? 'namespace' : 'group');
  });

  test('is not there by a way that fails', async () => {
    expect(await prefixWorks(['/bin/false'])).toBe(false);
    expect(await prefixWorks(['/no/such/program'])).toBe(false);
  });

  test.skipIf(process.platform === 'win32')(
    'that fails at the start itself gives no child, so that another way is taken',
    async () => {
      const options = { command: '/bin/sh', args: ['-c', 'exit 0'], cwd: tempDir(), env: {} };
      expect(await startInNamespace(['/bin/false'], options)).toBeUndefined();
    },
  );
});
