import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { type Out, type OutWish, withOut } from '../../../src/workflows/export/out-file.ts';
import { tempDir } from '../../support/repo.ts';

const wishFor = (path: string, over: Partial<OutWish> = {}) => {
  const shown: Buffer[] = [];
  const wish: OutWish = {
    path,
    force: false,
    clock: systemClock,
    temporary: tempDir(),
    stdout: async (bytes) => {
      shown.push(Buffer.from(bytes));
    },
    ...over,
  };
  return { wish, shown: () => Buffer.concat(shown).toString(), pieces: shown };
};

const writing =
  (...parts: string[]) =>
  async (out: Out): Promise<string> => {
    for (const part of parts) await out.write(part);
    return 'done';
  };

describe('a file', () => {
  it('has its name when it is whole, and nothing lies beside it', async () => {
    const dir = tempDir();
    const path = join(dir, 'out.csv');
    const { wish } = wishFor(path);
    const seen: string[][] = [];
    const result = await withOut(wish, async (out) => {
      await out.write('a'.repeat(300_000));
      seen.push(readdirSync(dir));
      await out.write(Buffer.from('é\n'));
      return 'done';
    });
    expect(result).toBe('done');
    expect(seen).toEqual([[expect.stringMatching(/^\.out\.csv\..*\.tmp$/)]]);
    expect(readdirSync(dir)).toEqual(['out.csv']);
    expect(readFileSync(path, 'utf8')).toBe(`${'a'.repeat(300_000)}é\n`);
  });

  it('counts its bytes, also those that somebody else wrote', async () => {
    const dir = tempDir();
    let first: Out | undefined;
    await withOut(wishFor(join(dir, 'one')).wish, async (out) => {
      first = out;
      await out.write('é');
    });
    let second: Out | undefined;
    await withOut(wishFor(join(dir, 'two')).wish, async (out) => {
      second = out;
      writeFileSync(out.whole(), '12345');
    });
    expect([first?.bytes, second?.bytes]).toEqual([2, 5]);
    expect(readFileSync(join(dir, 'two'), 'utf8')).toBe('12345');
  });

  it('without any bytes is an empty file', async () => {
    const path = join(tempDir(), 'empty');
    await withOut(wishFor(path).wish, async () => {});
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  it('that is there is refused before anything is done, and replaced with force', async () => {
    const path = join(tempDir(), 'out');
    writeFileSync(path, 'before');
    let isAsked = false;
    const work = async (): Promise<void> => {
      isAsked = true;
    };
    await expect(withOut(wishFor(path).wish, work)).rejects.toMatchObject({
      code: 'file.exists',
      exit: 1,
      message: `${path} is there already.`,
    });
    expect(isAsked).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe('before');
    await withOut(wishFor(path, { force: true }).wish, writing('after'));
    expect(readFileSync(path, 'utf8')).toBe('after');
  });

  it('that somebody makes meanwhile is not overwritten', async () => {
    const dir = tempDir();
    const path = join(dir, 'out');
    const work = async (out: Out): Promise<void> => {
      await out.write('ours');
      writeFileSync(path, 'theirs');
    };
    await expect(withOut(wishFor(path).wish, work)).rejects.toMatchObject({ code: 'file.exists' });
    expect(readFileSync(path, 'utf8')).toBe('theirs');
    expect(readdirSync(dir)).toEqual(['out']);
  });

  it('stays as it was when the work fails, and nothing is left', async () => {
    const dir = tempDir();
    const path = join(dir, 'out');
    writeFileSync(path, 'before');
    const work = async (out: Out): Promise<void> => {
      await out.write('x'.repeat(600_000));
      throw new Error('broken');
    };
    await expect(withOut(wishFor(path, { force: true }).wish, work)).rejects.toThrow('broken');
    await expect(withOut(wishFor(join(dir, 'new')).wish, work)).rejects.toThrow('broken');
    expect(readdirSync(dir)).toEqual(['out']);
    expect(readFileSync(path, 'utf8')).toBe('before');
  });

  it('behind a link is written anew, and the link stays one', async () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'real'), 'before');
    symlinkSync('real', join(dir, 'link'));
    await withOut(wishFor(join(dir, 'link'), { force: true }).wish, writing('after'));
    expect(lstatSync(join(dir, 'link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(dir, 'real'), 'utf8')).toBe('after');
  });

  it('is none where a folder is, or where there is no folder', async () => {
    const dir = tempDir();
    await expect(withOut(wishFor(dir).wish, writing('x'))).rejects.toMatchObject({
      code: 'usage.invalid',
      message: `${dir} is a folder.`,
    });
    await expect(withOut(wishFor(join(dir, 'no', 'out')).wish, writing('x'))).rejects.toMatchObject({
      code: 'file.missing',
      message: `There is no folder ${join(dir, 'no')}.`,
      hint: `Make it: mkdir -p ${join(dir, 'no')}`,
    });
    expect(readdirSync(dir)).toEqual([]);
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
    'in a folder that may not be written is told',
    async () => {
      const dir = join(tempDir(), 'closed');
      mkdirSync(dir);
      chmodSync(dir, 0o500);
      const work = withOut(wishFor(join(dir, 'out')).wish, writing('x'));
      await expect(work).rejects.toMatchObject({ code: 'store.readonly', exit: 1 });
    },
  );
});

describe('an interruption', () => {
  it('ends the writing, and leaves nothing', async () => {
    const dir = tempDir();
    const stop = new AbortController();
    let written = 0;
    const work = async (out: Out): Promise<void> => {
      for (; written < 100; written += 1) {
        await out.write('x'.repeat(300_000));
        if (written === 3) stop.abort();
      }
    };
    await expect(withOut(wishFor(join(dir, 'out'), { signal: stop.signal }).wish, work)).rejects.toMatchObject({
      code: 'interrupted',
      exit: 130,
    });
    expect(written).toBe(4);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('after the last byte was written still leaves nothing', async () => {
    const dir = tempDir();
    const stop = new AbortController();
    const work = async (out: Out): Promise<void> => {
      await out.write('x');
      stop.abort();
    };
    await expect(withOut(wishFor(join(dir, 'out'), { signal: stop.signal }).wish, work)).rejects.toMatchObject({
      code: 'interrupted',
    });
    expect(readdirSync(dir)).toEqual([]);
  });

  it('while a database writes a whole file leaves nothing', async () => {
    const dir = tempDir();
    const stop = new AbortController();
    const work = async (out: Out): Promise<void> => {
      stop.abort();
      writeFileSync(out.whole(), 'rows');
    };
    await expect(withOut(wishFor(join(dir, 'out'), { signal: stop.signal }).wish, work)).rejects.toMatchObject({
      code: 'interrupted',
    });
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('stdout', () => {
  it('gets all bytes in large pieces', async () => {
    const { wish, shown, pieces } = wishFor('-');
    await withOut(wish, writing(...Array.from({ length: 1000 }, (_, at) => `${at} ${'x'.repeat(1000)}\n`)));
    expect(shown().split('\n')).toHaveLength(1001);
    expect(pieces.length).toBeLessThan(6);
  });

  it('gets what has to be a file first, which goes then', async () => {
    const { wish, shown } = wishFor('-');
    await withOut(wish, async (out) => {
      writeFileSync(out.whole(), 'rows');
    });
    expect(shown()).toBe('rows');
    expect(readdirSync(wish.temporary)).toEqual([]);
  });

  it('waits for a slow reader', async () => {
    let open = 0;
    let most = 0;
    const stdout = async (): Promise<void> => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
    };
    await withOut(wishFor('-', { stdout }).wish, writing(...Array.from({ length: 8 }, () => 'x'.repeat(300_000))));
    expect(most).toBe(1);
  });
});

describe.skipIf(!existsSync('/dev/full'))('a device', () => {
  it('that is full gives one sentence', async () => {
    await expect(withOut(wishFor('/dev/full').wish, writing('x'))).rejects.toMatchObject({
      code: 'store.full',
      exit: 1,
      message: '/dev/full is on a full disk.',
    });
  });

  it('that takes everything is written to as it is', async () => {
    expect(await withOut(wishFor('/dev/null').wish, writing('x'))).toBe('done');
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
  });
});
