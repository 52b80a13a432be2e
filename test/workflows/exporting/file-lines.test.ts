import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeEvent, lineHash } from '../../../src/events/codec.ts';
import { type Envelope, GENESIS } from '../../../src/events/envelope.ts';
import { LineFile } from '../../../src/workflows/import/file-lines.ts';
import { lookAtFile } from '../../../src/workflows/import/look-at-file.ts';
import { tempDir } from '../../support/repo.ts';

const written = (content: string | Buffer): string => {
  const path = join(tempDir(), 'lines.ndjson');
  writeFileSync(path, content);
  return path;
};

/** Reads a file of this content, under the name that a person would have given it. */
const withFile = <T>(content: string | Buffer, work: (file: LineFile) => T): T => {
  const file = new LineFile(written(content), 'in.ndjson');
  try {
    return work(file);
  } finally {
    file.close();
  }
};

const textsOf = (content: string | Buffer): [number, string][] =>
  withFile(content, (file) => [...file.lines()].map(({ number, bytes }) => [number, bytes.toString()]));

const eventLines = (count: number, text = 'word'): string[] => {
  const lines: string[] = [];
  for (let seq = 1; seq <= count; seq += 1) {
    const event: Envelope = {
      v: 1,
      log: 'sessions/one0000001',
      writer: 'wone000001',
      seq,
      clock: seq,
      at: '2026-11-22T10:00:00.000Z',
      by: 'agent',
      type: 'future.said',
      data: { text },
      prev: lines.length > 0 ? lineHash(lines.at(-1)!) : GENESIS,
    };
    lines.push(encodeEvent(event));
  }
  return lines;
};

const look = (content: string | Buffer) => withFile(content, lookAtFile);

describe('lines of a file', () => {
  it.each([
    ['nothing', '', []],
    ['a newline', '\n', []],
    ['newlines alone', '\n\n\n', []],
    ['one line', 'a\n', [[1, 'a']]],
    [
      'a last line without its newline',
      'a\nb',
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ],
    ['one line without its newline', 'a', [[1, 'a']]],
    [
      'empty lines between, which count',
      '\na\n\n\nb\n',
      [
        [2, 'a'],
        [5, 'b'],
      ],
    ],
    [
      'a NUL and bytes that are no text',
      'a\0b\n\u{1f600}\n',
      [
        [1, 'a\0b'],
        [2, '\u{1f600}'],
      ],
    ],
    [
      'other line ends, which are part of a line',
      'a\r\nb\rc\u2028d\n',
      [
        [1, 'a\r'],
        [2, 'b\rc\u2028d'],
      ],
    ],
  ])('of %s', (_, content, lines) => {
    expect(textsOf(content)).toEqual(lines);
  });

  it('are bytes: what is no UTF-8 comes as it is', () => {
    const bytes = Buffer.from([0xff, 0xfe, 10, 0x80, 10]);
    const read = withFile(bytes, (file) => [...file.lines()].map((line) => line.bytes));
    expect(read).toEqual([Buffer.from([0xff, 0xfe]), Buffer.from([0x80])]);
  });

  it('have places from which they can be read again', () => {
    withFile('one\n\ntwo\nthree', (file) => {
      const places = [...file.lines()].map(({ start, end, number }) => [start, end, number]);
      expect(places).toEqual([
        [0, 4, 1],
        [5, 9, 3],
        [9, 14, 4],
      ]);
      const again = [...file.lines({ from: 5, to: 14, number: 3 })];
      expect(again.map(({ bytes, number }) => [bytes.toString(), number])).toEqual([
        ['two', 3],
        ['three', 4],
      ]);
      expect([...file.lines({ from: 5, to: 9, number: 3 })]).toHaveLength(1);
      expect([...file.lines({ from: 14 })]).toEqual([]);
    });
  });

  it('end where a reader stops, and bytes behind the end are none', () => {
    withFile('one\ntwo\nthree\n', (file) => {
      for (const { bytes } of file.lines()) {
        expect(bytes.toString()).toBe('one');
        break;
      }
      expect(file.bytes(4, 3).toString()).toBe('two');
      expect(file.bytes(8, 1000).toString()).toBe('three\n');
      expect(file.bytes(1000, 3)).toHaveLength(0);
    });
  });

  it('of 20 MiB come whole, and the ones beside them too', () => {
    const long = Buffer.alloc(20 << 20, 0x61);
    long[12_345_678] = 0x62;
    withFile(Buffer.concat([Buffer.from('before\n'), long, Buffer.from('\nafter\n')]), (file) => {
      const [before, middle, after, ...more] = [...file.lines()];
      expect([before!.bytes.toString(), after!.bytes.toString(), more]).toEqual(['before', 'after', []]);
      expect(middle!.bytes.equals(long)).toBe(true);
      expect([middle!.number, middle!.start, middle!.end, after!.start]).toEqual([
        2,
        7,
        8 + long.length,
        8 + long.length,
      ]);
    });
  });

  it('are those of the file that was opened, also when its name goes', () => {
    const path = written('one\n');
    const file = new LineFile(path);
    expect(file.name).toBe(path);
    appendFileSync(path, 'two\n');
    rmSync(path);
    mkdirSync(path);
    expect([...file.lines()].map(({ bytes }) => bytes.toString())).toEqual(['one', 'two']);
    file.close();
  });
});

describe('what is wrong with a file', () => {
  const lines = eventLines(3);
  const NEXT = 'Export it again, with --format ndjson and without --table, where the sessions are.';

  it('is told by the name that the person gave, the line, and what to do next', () => {
    withFile('', (file) => {
      const error = file.wrong(7, 'the line is no event of a log');
      expect(error).toMatchObject({ code: 'import.invalid', hint: NEXT, details: { line: 7 } });
      expect(error.message).toBe('in.ndjson:7: the line is no event of a log. Nothing was imported.');
    });
  });

  it.each([
    ['a byte order mark', `\ufeff${lines.join('\n')}\n`, 1],
    ['a line of CSV', `${lines[0]}\nsession,events\n`, 2],
    ['a JSON list', `${lines[0]}\n\n[1]\n`, 3],
    ['null', 'null\n', 1],
    ['a string', `${lines[0]}\n"a"\n`, 2],
    ['a line of spaces', `${lines[0]}\n   \n${lines[1]}\n`, 2],
    ['an event without its hash', `{"v":1,"log":"sessions/one0000001","seq":1}\n`, 1],
    ['two events on one line', `${lines[0]}${lines[1]}\n`, 1],
    ['half of the last line', `${lines[0]}\n${lines[1]!.slice(0, 100)}`, 2],
  ])('as %s, is at its line', (_, content, line) => {
    expect(() => look(content)).toThrow(`in.ndjson:${line}: the line is no event of a log. Nothing was imported.`);
  });

  it('as lines that somebody ended as on Windows: what a line says is kept, its hash is not', () => {
    expect(() => look(`${lines.join('\r\n')}\r\n`)).toThrow(
      /^in\.ndjson:2: sessions\/one0000001, event 2 does not follow from event 1 as that is: one of them was changed\./,
    );
    expect(look(`${lines[0]}\n${lines[1]}\n`).events).toBe(2);
  });

  it.each([
    [
      'a log that has no such name',
      { log: 'elsewhere/one' as Envelope['log'] },
      'its log or writer has a name that no log has',
    ],
    [
      'a log that is a path',
      { log: 'sessions/../../heads' as Envelope['log'] },
      'its log or writer has a name that no log has',
    ],
    ['a writer that is a path', { writer: '../x' }, 'its log or writer has a name that no log has'],
    ['a number below one', { seq: 0 }, 'its number or hash is none'],
    ['a hash that is none', { prev: 'x' }, 'its number or hash is none'],
    ['nobody who did it', { by: 'ghost' as Envelope['by'] }, 'event 1 lacks a part of what every event has'],
    ['no time', { at: 'yesterday' }, 'event 1 lacks a part of what every event has'],
    [
      'a first event that is none',
      { prev: 'a'.repeat(64) },
      'event 1 follows from another, which a first event never does',
    ],
  ])('as an event with %s, is told', (_, over, wrong) => {
    const line = encodeEvent({ ...(JSON.parse(lines[0]!) as Envelope), ...over });
    expect(() => look(`\n${line}\n`)).toThrow(`in.ndjson:2: ${wrong}. Nothing was imported.`);
  });
});

describe('a file that is sound', () => {
  it('has its last line also without a newline', () => {
    const lines = eventLines(3);
    const [lane] = look(lines.join('\n')).lanes.values();
    expect(lane!.end).toEqual({ seq: 3, hash: lineHash(lines[2]!), clock: 3 });
    expect(lane!.ranges).toEqual([{ start: 0, end: Buffer.byteLength(lines.join('\n')), number: 1 }]);
  });

  it('has its lanes where they begin, in pieces where another lies between', () => {
    const [mine, theirs] = [eventLines(3), eventLines(1).map((line) => line.replace('wone000001', 'wtwo000001'))];
    const { lanes, events } = look(`${mine[0]}\n\n${theirs[0]}\n${mine[1]}\n${mine[2]}\n`);
    expect(events).toBe(4);
    expect([...lanes.keys()]).toEqual(['sessions/one0000001 wone000001', 'sessions/one0000001 wtwo000001']);
    const [one, two] = [...lanes.values()];
    expect(one!.ranges.map(({ number }) => number)).toEqual([1, 4]);
    expect(two).toMatchObject({ first: { seq: 1, prev: GENESIS, number: 3 }, ranges: [{ number: 3 }] });
  });

  it('with an event of 20 MiB is checked like any other', () => {
    const lines = eventLines(1, 'a'.repeat(20 << 20));
    const { lanes, events } = look(`${lines.join('\n')}\n`);
    expect(events).toBe(1);
    expect([...lanes.values()][0]!.end.hash).toBe(lineHash(lines[0]!));
  });
});
