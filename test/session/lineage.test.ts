import { describe, expect, it } from 'vitest';
import type { LogEvent } from '../../src/events/catalogue.ts';
import { sessionLog } from '../../src/events/envelope.ts';
import { covers, Lineage } from '../../src/session/lineage.ts';
import { chaptersOf, viewOf } from '../../src/session/lines.ts';
import type { Moment } from '../../src/session/state.ts';

/** A log as a list of `writer: what`; `<x3` goes on from the third event of x, `!` is a move, `+x3` joins it. */
const log = (...deeds: string[]): LogEvent[] => {
  const counts = new Map<string, number>();
  let clock = 0;
  return deeds.flatMap((deed) => {
    const [writer, what] = deed.split(':') as [string, string];
    const moment = (text: string): Moment => ({ writer: text[0]!, seq: Number(text.slice(1)) });
    const event = (type: string, data: unknown): LogEvent => {
      const seq = (counts.get(writer) ?? 0) + 1;
      counts.set(writer, seq);
      const envelope = { v: 1, log: sessionLog('s'), writer, seq, clock: ++clock, at: '', by: 'program', prev: '' };
      return { ...envelope, type, data } as LogEvent;
    };
    if (what.startsWith('<')) return event('session.resumed', { from: moment(what.slice(1)) });
    if (what === '!') return event('merge.finished', {});
    if (!what.startsWith('+')) return event(what, {});
    const joins = what.slice(1).split('+').map(moment);
    return [event('rebase.started', { operation: 1, joins }), event('rebase.finished', { operation: 1 })];
  });
};

const told = (lineage: Lineage, moment: Moment): string =>
  lineage
    .history(moment)
    .map(({ writer, seq }) => `${writer}${seq}`)
    .join(' ');

const vector = (lineage: Lineage, moment: Moment) => Object.fromEntries(lineage.has(moment));

describe('what covers what', () => {
  it.each([
    [{ a: 2, b: 1 }, { a: 2 }, true],
    [{ a: 2 }, { a: 2, b: 1 }, false],
    [{ a: 1 }, { a: 2 }, false],
    [{}, { b: 0 }, true],
    [{}, {}, true],
  ])('%j and %j: %s', (a, b, is) => {
    const map = (counts: object) => new Map(Object.entries(counts));
    expect(covers(map(a), map(b))).toBe(is);
  });
});

describe('one writer', () => {
  const lineage = new Lineage(log('a:x', 'a:!', 'a:x'));

  it('given its own events alone, its story at a moment ends there', () => {
    expect(told(lineage, { writer: 'a', seq: 2 })).toBe('a1 a2');
    expect(told(lineage, { writer: 'a', seq: 3 })).toBe('a1 a2 a3');
    expect(lineage.ends()).toEqual([{ writer: 'a', seq: 3 }]);
  });

  it('its moves are counted up to a moment, the moment included', () => {
    const moves = [1, 2, 3].map((seq) => lineage.moves(new Map([['a', seq]])).get('a'));
    expect(moves).toEqual([undefined, 1, 1]);
  });

  it('of a writer that is not there nothing is told', () => {
    expect(told(lineage, { writer: 'z', seq: 9 })).toBe('');
    expect(lineage.moves(new Map([['z', 9]])).size).toBe(0);
  });

  it('nothing is the lineage of nothing', () => {
    expect(new Lineage([]).ends()).toEqual([]);
  });
});

describe('one goes on from another', () => {
  it('given a moment in its midst, what the other did later is not in the story', () => {
    const lineage = new Lineage(log('a:x', 'a:x', 'b:<a1', 'a:x', 'b:x'));
    expect(told(lineage, { writer: 'b', seq: 2 })).toBe('a1 b1 b2');
    expect(told(lineage, { writer: 'a', seq: 3 })).toBe('a1 a2 a3');
    expect(vector(lineage, { writer: 'b', seq: 2 })).toEqual({ a: 1, b: 2 });
  });

  it('given turns, the story goes to and fro, each event once', () => {
    const lineage = new Lineage(log('a:x', 'b:<a1', 'b:x', 'a:<b2', 'a:x', 'b:<a3'));
    expect(told(lineage, { writer: 'b', seq: 3 })).toBe('a1 b1 b2 a2 a3 b3');
    expect(told(lineage, { writer: 'a', seq: 1 })).toBe('a1');
  });

  it('given a chain of three, the last has what the first had', () => {
    const lineage = new Lineage(log('a:!', 'b:<a1', 'c:<b1'));
    expect(vector(lineage, { writer: 'c', seq: 1 })).toEqual({ a: 1, b: 1, c: 1 });
    expect(Object.fromEntries(lineage.moves(lineage.has({ writer: 'c', seq: 1 })))).toEqual({ a: 1 });
  });

  it('given no word at its first event, it has read what stands before it', () => {
    const lineage = new Lineage(log('a:x', 'a:x', 'b:x'));
    expect(told(lineage, { writer: 'b', seq: 1 })).toBe('a1 a2 b1');
  });

  it('given a return to an older moment, it has not forgotten what it had', () => {
    const lineage = new Lineage(log('a:x', 'a:x', 'b:<a2', 'b:<a1'));
    expect(vector(lineage, { writer: 'b', seq: 2 })).toEqual({ a: 2, b: 2 });
    expect(told(lineage, { writer: 'b', seq: 2 })).toBe('a1 a2 b1 b2');
  });

  it('given a moment that is not there yet, only what was there counts', () => {
    const lineage = new Lineage(log('a:x', 'b:<a9', 'a:x', 'a:x'));
    expect(vector(lineage, { writer: 'b', seq: 1 })).toEqual({ a: 1, b: 1 });
  });

  it.each(['b:<b1', 'b:<z1'])('given %s, it stands alone', (deed) => {
    const lineage = new Lineage(log('a:x', 'b:<a1', deed));
    expect(told(lineage, { writer: 'b', seq: 2 })).toBe('a1 b1 b2');
  });
});

describe('a join', () => {
  it('given two lines, has both, what is shared once, its own last', () => {
    const lineage = new Lineage(log('a:x', 'b:<a1', 'b:!', 'a:!', 'a:+b2'));
    expect(told(lineage, { writer: 'a', seq: 4 })).toBe('a1 b1 b2 a2 a3 a4');
    expect(vector(lineage, { writer: 'a', seq: 3 })).toEqual({ a: 3 });
    expect(vector(lineage, { writer: 'a', seq: 4 })).toEqual({ a: 4, b: 2 });
  });

  it('given several at once, has them all, whatever they share', () => {
    const lineage = new Lineage(log('a:x', 'b:<a1', 'c:<b1', 'b:x', 'a:+b2+c1'));
    expect(vector(lineage, { writer: 'a', seq: 3 })).toEqual({ a: 3, b: 2, c: 1 });
    expect(told(lineage, { writer: 'a', seq: 3 })).toBe('a1 b1 b2 c1 a2 a3');
  });

  it('given a start without an end, has joined nothing', () => {
    const lineage = new Lineage(log('a:x', 'b:<a1', 'a:+b1').slice(0, -1));
    expect(vector(lineage, { writer: 'a', seq: 2 })).toEqual({ a: 2 });
  });

  it('is of the writer that began it: the same number of another is another', () => {
    const lineage = new Lineage(log('a:x', 'b:<a1', 'c:<a1', 'a:+b1', 'c:rebase.finished'));
    expect(vector(lineage, { writer: 'c', seq: 2 })).toEqual({ a: 1, c: 2 });
  });
});

describe('turns without end', () => {
  const TURNS = 20_000;
  const turns = Array.from({ length: TURNS }, (_, at) => {
    const [writer, other] = at % 2 === 0 ? ['a', 'b'] : ['b', 'a'];
    return at === 0 ? 'a:!' : `${writer}:<${other}${Math.ceil(at / 2)}`;
  });
  const events = log(...turns, 'b:!');

  it(`given two clones that went on from each other ${TURNS} times, the story is told, each event once and in order`, () => {
    const lineage = new Lineage(events);
    const end = { writer: 'b', seq: TURNS / 2 + 1 };
    const story = lineage.history(end);
    expect([story.length, story.findIndex((event, at) => event !== events[at])]).toEqual([events.length, -1]);
    expect(vector(lineage, end)).toEqual({ a: TURNS / 2, b: TURNS / 2 + 1 });
    expect(lineage.history({ writer: 'a', seq: TURNS / 2 })).toHaveLength(TURNS - 1);
  });

  it('the session is one line, and reads as one chapter', () => {
    const { session, isAtPar } = viewOf(events, new Set(['b']));
    expect([session.lines, session.events, isAtPar]).toEqual([[], events.length, true]);
    expect(chaptersOf(events).map((one) => [one.line, one.events.length])).toEqual([[null, events.length]]);
  });

  it('given one long line, it is told whole', () => {
    const [one] = log('a:x');
    const long = Array.from({ length: 200_000 }, (_, at) => ({ ...one!, seq: at + 1 }));
    expect(new Lineage(long).history({ writer: 'a', seq: long.length })).toHaveLength(long.length);
  });

  it('given numbers that go in a circle, it comes to an end', () => {
    const circle = log('a:x', 'a:x', 'b:<a2', 'a:<b1');
    circle[3]!.seq = 1;
    const told = new Lineage(circle).history({ writer: 'b', seq: 1 });
    expect(told).toContain(circle[2]);
    expect(new Set(told).size).toBe(told.length);
  });
});
