import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { lineHash } from '../../../src/events/codec.ts';
import { LineFile } from '../../../src/workflows/import/file-lines.ts';
import { git, tempDir } from '../../support/repo.ts';
import { elsewhere, exportFrom, fileOf, importInto, seeded } from './support.ts';

type Event = Record<string, unknown>;

/** The same lines with one of them changed, and all that follow from it hashed anew. */
const forged = (lines: string[], at: number, change: (event: Event) => Event): string[] => {
  let prev: string | undefined;
  return lines.map((line, n) => {
    if (n < at) return line;
    const event = JSON.parse(line) as Event;
    const next = JSON.stringify(n === at ? change(event) : { ...event, prev });
    prev = lineHash(next);
    return next;
  });
};

describe('a file with a wrong line', () => {
  let lane: string[];
  beforeAll(async () => {
    const { dir } = await seeded(3, 2);
    const { lines } = await exportFrom(dir);
    const { log, writer } = JSON.parse(lines[0]!) as { log: string; writer: string };
    lane = lines.filter((line) => line.includes(`"${log}"`) && line.includes(`"${writer}"`)).slice(0, 6);
  });

  const cases: [what: string, make: (lines: string[]) => string[], message: RegExp][] = [
    ['that is no JSON', (lines) => lines.with(2, '{"v":1'), /:3: the line is no event of a log/],
    ['that is a list', (lines) => lines.with(2, '[1]'), /:3: the line is no event of a log/],
    ['that is something else', (lines) => lines.with(0, '{"name":"x"}'), /:1: the line is no event of a log/],
    ['that is missing', (lines) => lines.toSpliced(2, 1), /:3: sessions\/\w+, event 3 is missing/],
    ['that is there twice', (lines) => lines.toSpliced(2, 0, lines[1]!), /:3: .*event 2 comes after event 2/],
    [
      'that was changed',
      (lines) => lines.with(1, lines[1]!.replace('"v":1', '"v":2')),
      /:3: .*event 3 does not follow from event 2 as that is: one of them was changed/,
    ],
    [
      'that was exchanged with the next',
      (lines) => lines.with(2, lines[3]!).with(3, lines[2]!),
      /:3: .*event 3 is missing/,
    ],
    [
      'whose clock stands',
      (lines) => forged(lines, 3, (event) => ({ ...event, clock: 1 })),
      /:4: .*the clock of event 4 does not rise/,
    ],
    [
      'whose log climbs out',
      (lines) => forged(lines, 0, (event) => ({ ...event, log: 'sessions/../../heads/main' })),
      /:1: its log or writer has a name that no log has/,
    ],
    [
      'whose writer is an option',
      (lines) => forged(lines, 0, (event) => ({ ...event, writer: '--force x' })),
      /:1: its log or writer has a name that no log has/,
    ],
    [
      'by nobody',
      (lines) => forged(lines, 2, (event) => ({ ...event, by: 'ghost' })),
      /:3: event 3 lacks a part of what every event has/,
    ],
    [
      'at no time',
      (lines) => forged(lines, 2, (event) => ({ ...event, at: 'yesterday' })),
      /:3: event 3 lacks a part of what every event has/,
    ],
    [
      'without data',
      (lines) => forged(lines, 2, ({ data: _, ...event }) => event),
      /:3: event 3 lacks a part of what every event has/,
    ],
    [
      'with no number',
      (lines) => forged(lines, 0, (event) => ({ ...event, seq: 0 })),
      /:1: its number or hash is none/,
    ],
    [
      'with a hash before the first',
      (lines) => forged(lines, 0, (event) => ({ ...event, prev: 'a'.repeat(64) })),
      /:1: event 1 follows from another/,
    ],
    [
      'with a long text that it is not',
      (lines) => [`{"log":"sessions/x","writer":"w","payload":"${'a'.repeat(64)}","text":"x"}`, ...lines],
      /:1: the long text is not what its name says/,
    ],
    [
      'with a long text without a name',
      (lines) => [...lines, '{"log":"sessions/x","writer":"w","payload":"../x","base64":"eA=="}'],
      /:7: the long text is not what its name says/,
    ],
  ];

  it('is named by its place, and nothing of the file comes in', async () => {
    const ctx = await elsewhere();
    for (const [what, make, message] of cases) {
      const path = fileOf(make(lane));
      const error = await importInto(ctx, path).then(
        () => new Error('it came in'),
        (thrown: unknown) => thrown as Error,
      );
      expect([what, error.message]).toEqual([what, expect.stringMatching(message)]);
      expect(error).toMatchObject({ code: 'import.invalid', exit: 1 });
      expect(error.message).toContain(`${path}:`);
      expect(error.message).toMatch(/\. Nothing was imported\.$/);
    }
    expect(await git(ctx.repo.root, 'for-each-ref')).toBe('');
  });

  it('of a version that nobody knows comes in as it is', async () => {
    const ctx = await elsewhere();
    const newer = forged(lane, 4, (event) => ({ ...event, v: 99, type: 'future.arrived', data: { any: 'thing' } }));
    const path = fileOf(newer);
    expect((await importInto(ctx, path)).taken).toMatchObject([{ events: 6 }]);
    expect((await exportFrom(ctx.repo.root)).lines).toEqual(newer);
  });

  it('with its last line cut off anywhere never comes in in part', async () => {
    const ctx = await elsewhere();
    const text = lane.join('\n');
    for (const cut of [1, 10, 100, lane.at(-1)!.length - 1]) {
      const path = join(tempDir(), 'cut.ndjson');
      writeFileSync(path, text.slice(0, -cut));
      await expect(importInto(ctx, path)).rejects.toThrow(/:6: the line is no event/);
    }
    expect(await git(ctx.repo.root, 'for-each-ref')).toBe('');
    const path = join(tempDir(), 'whole.ndjson');
    writeFileSync(path, text);
    expect((await importInto(ctx, path)).taken).toMatchObject([{ events: 6 }]);
  });

  it('goes past empty lines, and counts them', async () => {
    const ctx = await elsewhere();
    await expect(importInto(ctx, fileOf(['', '', lane[0]!, '', 'x']))).rejects.toThrow(/:5: the line is no event/);
    expect((await importInto(ctx, fileOf(['', ...lane, '']))).taken).toMatchObject([{ events: 6 }]);
  });

  it('that is empty brings nothing', async () => {
    const ctx = await elsewhere();
    expect(await importInto(ctx, fileOf([]))).toEqual({
      file: expect.any(String),
      dryRun: false,
      events: 0,
      sessions: [],
      taken: [],
      same: 0,
      refused: [],
      forgotten: [],
    });
  });
});

describe('a file', () => {
  it('that is none is told', async () => {
    const ctx = await elsewhere();
    const dir = tempDir();
    mkdirSync(join(dir, 'folder'));
    await expect(importInto(ctx, join(dir, 'none'))).rejects.toMatchObject({
      code: 'file.missing',
      exit: 2,
      message: `There is no file ${join(dir, 'none')}.`,
    });
    await expect(importInto(ctx, join(dir, 'folder'))).rejects.toMatchObject({ code: 'usage.invalid', exit: 2 });
  });

  it('is read line by line, wherever its pieces end', () => {
    const path = join(tempDir(), 'lines');
    const lines = ['a', '', 'é'.repeat(700_000), 'x'.repeat(1 << 20), '', 'y'.repeat((1 << 20) - 1), 'end'];
    writeFileSync(path, lines.join('\n'));
    const file = new LineFile(path);
    const read = [...file.lines()];
    expect(read.map(({ number }) => number)).toEqual([1, 3, 4, 6, 7]);
    expect(read.map(({ bytes }) => bytes.toString())).toEqual(lines.filter(Boolean));
    for (const { start, end, number, bytes } of read) {
      // `toEqual` would walk megabytes one by one.
      expect(file.bytes(start, bytes.length).equals(bytes)).toBe(true);
      const [again] = file.lines({ from: start, to: end, number });
      expect(again!.bytes.equals(bytes)).toBe(true);
      expect([again!.number, again!.start, again!.end]).toEqual([number, start, end]);
    }
    file.close();
  });

  it('with a line that never ends is refused, not read into memory', () => {
    const path = join(tempDir(), 'long');
    writeFileSync(path, Buffer.alloc((64 << 20) + (2 << 20), 0x61));
    const file = new LineFile(path, 'long');
    expect(() => [...file.lines()]).toThrow('long:1: the line is longer than 64 MiB. Nothing was imported.');
    file.close();
  });
});
