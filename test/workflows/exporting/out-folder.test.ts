import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeOutFolder } from '../../../src/workflows/export/out-folder.ts';
import { errorOf } from '../../config/support.ts';
import { tempDir } from '../../support/repo.ts';

describe('a folder for what comes of a command', () => {
  it('is made with those above it, and one that is there is as good', () => {
    const dir = join(tempDir(), 'größe', 'b c');
    makeOutFolder(dir);
    makeOutFolder(dir);
    expect(statSync(dir).isDirectory()).toBe(true);
  });

  it.each([
    ['a file of that name', 'taken'],
    ['a file above it', 'taken/results'],
  ])('%s is told, and stays', async (_, name) => {
    const dir = tempDir();
    writeFileSync(join(dir, 'taken'), 'mine');
    const wanted = join(dir, name);
    expect(await errorOf(() => makeOutFolder(wanted))).toMatchObject({
      code: 'usage.invalid',
      message: `${wanted} cannot be a folder: a file is in the way.`,
      hint: expect.stringContaining('--out'),
    });
    expect(statSync(join(dir, 'taken')).size).toBe(4);
  });

  it.skipIf(process.platform === 'win32')('what the disk says against it is told as that', async () => {
    const above = join(tempDir(), 'a');
    mkdirSync(above);
    expect(await errorOf(() => makeOutFolder(join(above, 'x'.repeat(300))))).toMatchObject({ code: 'store.io' });
  });
});
