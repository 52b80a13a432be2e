import {
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { withOut } from '../../../src/workflows/export/out-file.ts';
import { tempDir } from '../../support/repo.ts';
import { exportFrom, seeded } from './support.ts';

/** Writes a text where a person said. @returns what came to stdout */
const writeTo = async (path: string, text: string, { force = false } = {}): Promise<string> => {
  const shown: Buffer[] = [];
  const stdout = async (bytes: Uint8Array): Promise<void> => void shown.push(Buffer.from(bytes));
  await withOut({ path, force, clock: systemClock, temporary: tempDir(), stdout }, (out) => out.write(text));
  return Buffer.concat(shown).toString();
};

describe('a file that an export makes', () => {
  it('is another one with force: who has the old one open, or linked, keeps it', async () => {
    const dir = tempDir();
    const path = join(dir, 'out');
    writeFileSync(path, 'before');
    linkSync(path, join(dir, 'kept'));
    const fd = openSync(path, 'r');
    await writeTo(path, 'after', { force: true });
    expect(readFileSync(fd, 'utf8')).toBe('before');
    closeSync(fd);
    expect([readFileSync(path, 'utf8'), readFileSync(join(dir, 'kept'), 'utf8')]).toEqual(['after', 'before']);
    expect(statSync(path).nlink).toBe(1);
  });

  it('has one name without force', async () => {
    const path = join(tempDir(), 'out');
    await writeTo(path, 'text');
    expect(statSync(path).nlink).toBe(1);
    expect(await writeTo(join(path, '..', 'other'), 'x', { force: true })).toBe('');
  });

  it('may have as long a name as files have', async () => {
    const dir = tempDir();
    const name = `${'n'.repeat(250)}.csv`;
    await writeTo(join(dir, name), 'text');
    expect(readdirSync(dir)).toEqual([name]);
    await expect(writeTo(join(dir, `${name}xx`), 'text')).rejects.toMatchObject({ code: 'usage.invalid', exit: 2 });
    expect(readdirSync(dir)).toEqual([name]);
  });

  it('needs its folder, also with force; a file is no folder', async () => {
    const dir = tempDir();
    const missing = join(dir, 'with space', 'out');
    for (const force of [false, true])
      await expect(writeTo(missing, 'x', { force })).rejects.toMatchObject({
        code: 'file.missing',
        hint: `Make it: mkdir -p '${join(dir, 'with space')}'`,
      });
    await expect(writeTo(dir, 'x', { force: true })).rejects.toMatchObject({ code: 'usage.invalid' });
    writeFileSync(join(dir, 'file'), 'kept');
    await expect(writeTo(join(dir, 'file', 'out'), 'x')).rejects.toMatchObject({ code: 'store.io' });
    expect(readdirSync(dir)).toEqual(['file']);
    expect(readFileSync(join(dir, 'file'), 'utf8')).toBe('kept');
  });

  it('is refused behind a link to a file that is there, and the link and the file stay', async () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'real'), 'before');
    symlinkSync('real', join(dir, 'link'));
    await expect(writeTo(join(dir, 'link'), 'after')).rejects.toMatchObject({ code: 'file.exists' });
    expect(lstatSync(join(dir, 'link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(dir, 'real'), 'utf8')).toBe('before');
  });

  it('called - is stdout, and makes no file', async () => {
    const before = existsSync('-');
    expect(await writeTo('-', 'é\n')).toBe('é\n');
    expect(await writeTo('-', 'again', { force: true })).toBe('again');
    expect(existsSync('-')).toBe(before);
    const dir = tempDir();
    expect(await writeTo(join(dir, '-'), 'in a folder')).toBe('');
    expect(readFileSync(join(dir, '-'), 'utf8')).toBe('in a folder');
  });
});

describe('the choice of sessions and dates', () => {
  const idOf = (line: string): string => (JSON.parse(line) as { log: string }).log.slice('sessions/'.length);
  const idsOf = (lines: string[]): string[] => [...new Set(lines.map(idOf))].sort();

  it('is of whole sessions, with the ends of the time in it, and both ways together', async () => {
    const { dir, lines } = await seeded(5, 6);
    const times = new Map<string, string[]>();
    for (const line of lines) {
      const { at } = JSON.parse(line) as { at: string };
      times.set(idOf(line), [...(times.get(idOf(line)) ?? []), at]);
    }
    const worked = (since: string, until: string): string[] =>
      [...times]
        .flatMap(([id, ats]) => (ats.some((at) => at >= since) && ats.some((at) => at <= until) ? [id] : []))
        .sort();
    const all = [...times.values()].flat().sort();
    const middle = all[Math.floor(all.length / 2)]!;
    const day = (at: string, plus: number): string => new Date(Date.parse(at) + plus).toISOString();

    expect(idsOf((await exportFrom(dir, { since: all[0]! })).lines)).toEqual(worked(all[0]!, all.at(-1)!));
    expect(idsOf((await exportFrom(dir, { since: all.at(-1)! })).lines)).toEqual(worked(all.at(-1)!, all.at(-1)!));
    expect((await exportFrom(dir, { since: day(all.at(-1)!, 1) })).lines).toEqual([]);
    expect((await exportFrom(dir, { until: day(all[0]!, -1) })).lines).toEqual([]);
    const span = { since: day(middle, -3_600_000), until: day(middle, 3_600_000) };
    const found = await exportFrom(dir, span);
    expect(idsOf(found.lines)).toEqual(worked(span.since, span.until));
    expect(found.lines.length).toBe(lines.filter((line) => idsOf(found.lines).includes(idOf(line))).length);

    const [one, ...others] = idsOf(found.lines);
    expect(idsOf((await exportFrom(dir, { ...span, sessions: [one!] })).lines)).toEqual([one]);
    const outside = [...times.keys()].find((id) => id !== one && !others.includes(id));
    if (outside !== undefined)
      expect((await exportFrom(dir, { ...span, sessions: [outside] })).lines.map(idOf)).not.toContain(one);
  });
});
