import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { LogEvent } from '../../src/events/catalogue.ts';
import { NotesLine } from '../../src/store/notes/notes-line.ts';
import type { NoteEntries } from '../../src/store/notes/plan-notes.ts';

const entry = (commit: string, ...seqs: number[]): NoteEntries =>
  new Map([[commit, seqs.map((seq) => ({ seq }) as LogEvent)]]);

const shown = (entries: NoteEntries): string =>
  [...entries].map(([commit, events]) => `${commit} ${events.map(({ seq }) => seq).join(',')}`).join('; ');

/** A repository of its own, and what was written to it, round by round. */
const place = (wrong?: string) => {
  const rounds: string[] = [];
  let atOnce = 0;
  const attach = async (entries: NoteEntries): Promise<void> => {
    atOnce += 1;
    rounds.push(`${atOnce > 1 ? 'two at once! ' : ''}${shown(entries)}`);
    await sleep(5);
    atOnce -= 1;
    if (wrong !== undefined && entries.has(wrong)) throw new Error(`${wrong} is wrong`);
  };
  return { rounds, attach, line: NotesLine.of({ commonDir: `/${Math.random()}` }) };
};

describe('those who add notes to one repository', () => {
  it('are one line, and another for another repository', () => {
    expect(NotesLine.of({ commonDir: '/a' })).toBe(NotesLine.of({ commonDir: '/a' }));
    expect(NotesLine.of({ commonDir: '/a' })).not.toBe(NotesLine.of({ commonDir: '/b' }));
  });

  it('go together when they come while one is at it, events of one commit side by side', async () => {
    const { rounds, attach, line } = place();
    const all = [line.add(entry('a', 1), attach), line.add(entry('b', 2), attach), line.add(entry('b', 3, 4), attach)];
    await all[0];
    await Promise.all([...all, line.add(entry('c', 5), attach)]);
    expect(rounds).toEqual(['a 1', 'b 2,3,4', 'c 5']);
    await line.add(entry('d', 6), attach);
    expect(rounds.at(-1)).toBe('d 6');
  });

  it('wait for who adds them along with something else', async () => {
    const { rounds, attach, line } = place();
    const letGo = line.claim()!;
    expect(line.claim()).toBeUndefined();
    const waiting = [line.add(entry('a', 1), attach), line.add(entry('b', 2), attach)];
    await sleep(20);
    expect(rounds).toEqual([]);
    letGo();
    expect(line.claim()).toBeUndefined();
    await Promise.all(waiting);
    expect(rounds).toEqual(['a 1; b 2']);
    line.claim()!();
    expect(line.claim()).toBeTypeOf('function');
  });

  it('do not suffer from what is wrong with one of them', async () => {
    const { rounds, attach, line } = place('bad');
    const ends = await Promise.allSettled([
      line.add(entry('first', 1), attach),
      line.add(entry('a', 2), attach),
      line.add(entry('bad', 3), attach),
      line.add(entry('b', 4), attach),
    ]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(rounds).toEqual(['first 1', 'a 2; bad 3; b 4', 'a 2', 'bad 3', 'b 4']);
    await expect(line.add(entry('bad', 5), attach)).rejects.toThrow('bad is wrong');
    await line.add(entry('after', 6), attach);
    expect(rounds.at(-1)).toBe('after 6');
  });
});
