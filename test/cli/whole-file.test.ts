import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reportPlace } from '../../src/cli/report-text.ts';
import { writeWhole } from '../../src/cli/whole-file.ts';
import { tempDir } from '../support/repo.ts';

describe('a file that is written whole', () => {
  it('is there under its name alone', () => {
    const dir = tempDir();
    writeWhole(join(dir, 'a.md'), 'all of it\n');
    expect(readdirSync(dir)).toEqual(['a.md']);
    expect(readFileSync(join(dir, 'a.md'), 'utf8')).toBe('all of it\n');
  });

  it('replaces nothing, unless it is told to', () => {
    const dir = tempDir();
    const file = join(dir, 'a.md');
    writeFileSync(file, 'mine');
    expect(() => writeWhole(file, 'yours')).toThrow(expect.objectContaining({ code: 'file.exists' }));
    expect([readdirSync(dir), readFileSync(file, 'utf8')]).toEqual([['a.md'], 'mine']);
    writeWhole(file, 'yours', { replace: true });
    expect([readdirSync(dir), readFileSync(file, 'utf8')]).toEqual([['a.md'], 'yours']);
  });

  it('says what is in its way, and leaves nothing behind', () => {
    const dir = tempDir();
    const missing = join(dir, 'no', 'a.md');
    expect(() => writeWhole(missing, 'x')).toThrow(
      expect.objectContaining({ code: 'file.missing', hint: `Make it: mkdir -p ${join(dir, 'no')}` }),
    );
    mkdirSync(join(dir, 'folder'));
    expect(() => writeWhole(join(dir, 'folder'), 'x', { replace: true })).toThrow(
      expect.objectContaining({ code: 'store.readonly' }),
    );
    expect(readdirSync(dir)).toEqual(['folder']);
  });

  it.skipIf(process.getuid?.() === 0)('says that a folder is not ours', () => {
    const dir = tempDir();
    chmodSync(dir, 0o500);
    expect(() => writeWhole(join(dir, 'a.md'), 'x')).toThrow(expect.objectContaining({ code: 'store.readonly' }));
    chmodSync(dir, 0o700);
  });
});

describe('where a report goes', () => {
  const dir = tempDir();
  const resolve = (given: string): string => join(dir, given);

  it('is stdout without a file, and what it is the name says', () => {
    expect(reportPlace({}, resolve)).toEqual({ format: 'markdown', path: null, force: false });
    expect(reportPlace({ output: '-', format: 'html' }, resolve)).toMatchObject({ format: 'html', path: null });
    expect(reportPlace({ output: 'a.HTML' }, resolve)).toMatchObject({ format: 'html', path: join(dir, 'a.HTML') });
    expect(reportPlace({ output: 'a.html', format: 'markdown' }, resolve)).toMatchObject({ format: 'markdown' });
    expect(reportPlace({ output: 'a.txt' }, resolve)).toMatchObject({ format: 'markdown' });
  });

  it('is refused before any work where a file is there', () => {
    writeFileSync(resolve('there.md'), '');
    expect(() => reportPlace({ output: 'there.md' }, resolve)).toThrow(
      expect.objectContaining({ code: 'file.exists' }),
    );
    expect(reportPlace({ output: 'there.md', force: true }, resolve).force).toBe(true);
    expect(() => reportPlace({ output: '' }, resolve)).toThrow(expect.objectContaining({ code: 'usage.invalid' }));
  });
});
