import { describe, expect, it } from 'vitest';
import { archiveRef, parseArchiveRef } from '../../../src/store/archive/archive-refs.ts';
import { decodePacked, encodePacked, type Packed } from '../../../src/store/archive/contents.ts';
import { parseCodeRef } from '../../../src/store/layout.ts';
import { parseSyncRef, syncPrefixes } from '../../../src/store/sync/sync-refs.ts';

describe('names of archives', () => {
  it.each([
    ['log', 'refs/amp/archive/w1/2026-11'],
    ['code', 'refs/amp/code-archive/w1/2026-11'],
  ] as const)('of a %s are made and read', (kind, ref) => {
    const name = { kind, writer: 'w1', month: '2026-11' };
    expect(archiveRef(name)).toBe(ref);
    expect(parseArchiveRef(ref)).toEqual(name);
  });

  it.each([
    'refs/amp/archive/w1',
    'refs/amp/archive/w1/2026-1',
    'refs/amp/archive/w1/2026-11/x',
    'refs/amp/archive/w 1/2026-11',
    'refs/amp/archive/../2026-11',
    'refs/amp/archives/w1/2026-11',
    'refs/heads/archive/w1/2026-11',
  ])('%s is none', (ref) => {
    expect(parseArchiveRef(ref)).toBeUndefined();
    expect(parseSyncRef(ref)).toBeUndefined();
  });

  it('travel, the code apart from the logs', () => {
    const log = parseSyncRef('refs/amp/archive/w1/2026-11')!;
    const code = parseSyncRef('refs/amp/code-archive/w1/2026-11')!;
    expect(log).toEqual({ ref: log.ref, kind: 'archive', id: '2026-11', writer: 'w1' });
    expect(code).toEqual({ ref: code.ref, kind: 'code-archive', id: '2026-11', writer: 'w1' });
    const travels = (ref: string, code: boolean): boolean =>
      syncPrefixes({ code, snapshots: false }).some((prefix) => ref.startsWith(prefix));
    expect([travels(log.ref, false), travels(code.ref, false)]).toEqual([true, false]);
    expect([travels(log.ref, true), travels(code.ref, true)]).toEqual([true, true]);
    expect(parseCodeRef('refs/amp/code/s1/w1')).toEqual({ session: 's1', writer: 'w1' });
    expect(parseCodeRef('refs/amp/code-archive/w1/2026-11')).toBeUndefined();
  });
});

describe('a line of the list in an archive', () => {
  const packed: Packed = {
    ref: 'refs/amp/sessions/s1/w1',
    commit: 'a'.repeat(40),
    tip: 'b'.repeat(40),
    lastSeq: 12,
    head: 'c'.repeat(64),
    at: '2026-11-22T13:00:00.000Z',
  };

  it('is read as it was written, one line each', () => {
    const line = encodePacked(packed);
    expect(line.endsWith('\n')).toBe(true);
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(decodePacked(line.trimEnd())).toEqual(packed);
    const long = { ...packed, commit: 'a'.repeat(64), tip: 'b'.repeat(64) };
    expect(decodePacked(encodePacked(long).trimEnd())).toEqual(long);
  });

  it.each([
    ['no JSON', '{'],
    ['nothing', 'null'],
    ['a text', '"x"'],
    ['a missing field', JSON.stringify({ ...packed, head: undefined })],
    ['an id that is none', JSON.stringify({ ...packed, commit: '--help' })],
    ['a tip that is none', JSON.stringify({ ...packed, tip: 'HEAD' })],
    ['a number that is none', JSON.stringify({ ...packed, lastSeq: '12' })],
    ['a name with a blank', JSON.stringify({ ...packed, ref: 'refs/amp/sessions/s1/w1 x' })],
    ['a name over two lines', JSON.stringify({ ...packed, at: 'x\nrefs/y' })],
  ])('%s counts for nothing', (_, line) => {
    expect(decodePacked(line)).toBeUndefined();
  });
});
