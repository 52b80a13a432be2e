import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Draft, LogEvent } from '../../src/events/catalogue.ts';
import { sessionLog } from '../../src/events/envelope.ts';
import { mergeEvents } from '../../src/events/order.ts';
import { allIterations, nextIteration, openIteration, statusOf } from '../../src/session/conclusions.ts';
import { Replay, replay } from '../../src/session/evolve.ts';
import { iterationsNamed, nameOfIteration } from '../../src/session/iteration-names.ts';
import { chaptersOf, viewOf } from '../../src/session/lines.ts';
import type { Moment, Session } from '../../src/session/state.ts';
import { created, draft, finished, started } from '../support/events.ts';

let commits = 0;
const commitId = (): string => (++commits).toString(16).padStart(40, '0');

/** A clone as far as the rules go: what it has read, and what it adds. */
class Clone {
  known: LogEvent[] = [];

  constructor(readonly writer: string) {}

  add(...drafts: Draft[]): this {
    for (const { type, by, data } of drafts) {
      const seq = this.known.filter(({ writer }) => writer === this.writer).length + 1;
      const clock = Math.max(0, ...this.known.map((event) => event.clock)) + 1;
      const at = new Date(Date.UTC(2026, 0, 1, 0, 0, clock)).toISOString();
      const envelope = { v: 1, log: sessionLog('s'), writer: this.writer, seq, clock, at, by, type, data, prev: '' };
      this.known = mergeEvents([...this.known, envelope]);
    }
    return this;
  }

  read(other: Clone): this {
    this.known = mergeEvents([...this.known, ...other.known]);
    return this;
  }

  get view() {
    return viewOf(this.known, new Set([this.writer]));
  }

  get end(): Moment {
    return { writer: this.writer, seq: this.known.filter(({ writer }) => writer === this.writer).length };
  }

  resume(from: Moment | undefined = this.view.end): this {
    const commit = this.view.session.head;
    return this.add(
      draft('session.resumed', { from, host: `host-${this.writer}`, branch: 'b', commit, previous: null }),
    );
  }

  /** As the verbs do it: first to where the session is, then an iteration. */
  iterate(commit: string | undefined = commitId()): this {
    const { session, own, isAtPar } = this.view;
    if (session.lines.length === 0 && !isAtPar) return this.resume().iterate(commit);
    const from = own ?? session;
    const iteration = nextIteration(from);
    return this.add(started(iteration, { head: from.head }), finished(iteration, { head: from.head, commit }));
  }

  join(to: string, tip = commitId()): this {
    const { own, session } = this.view;
    const line = session.lines.find(({ writer }) => writer === to)!;
    const operation = 1 + (own?.operations.length ?? 0);
    const moves = [{ ref: 'refs/heads/b', from: own!.head, to: tip, worktree: null, shows: null }];
    const onto = { name: `line ${to}`, commit: line.head };
    return this.add(
      draft('rebase.started', {
        operation,
        moves,
        onto,
        mergeBase: null,
        rewritten: [],
        dropped: [],
        joins: [line.end],
      }),
      draft('rebase.finished', { operation, commit: tip, durationMs: 1, recovered: false }),
    );
  }
}

const clones = (...names: string[]): Clone[] => {
  const all = names.map((name) => new Clone(name));
  all[0]!.add(draft('session.created', created({ branch: 'b' })));
  for (const one of all.slice(1)) one.read(all[0]!);
  return all;
};

const meet = (...all: Clone[]): void => {
  for (const one of all) for (const other of all) one.read(other);
  for (const one of all) for (const other of all) one.read(other);
};

const numbers = (session: Session): string[] => session.iterations.map((it) => nameOfIteration(session, it));

describe('clones that go on one after the other', () => {
  it('are one line, whoever looks, and the state is a plain replay', () => {
    const [a, b] = clones('a', 'b') as [Clone, Clone];
    a.iterate();
    b.read(a).iterate();
    a.read(b).iterate();
    for (const one of [a, b.read(a)]) {
      const { session } = one.view;
      expect(session.lines).toEqual([]);
      expect(numbers(session)).toEqual(['1', '2', '3']);
      const plain = replay(one.known);
      expect({ ...session, places: {} }).toEqual({ ...plain, places: {}, hosts: { a: 'host-a', b: 'host-b' } });
    }
    const told = new Replay();
    for (const event of a.known) told.add(event);
    expect(told.isTangled).toBe(false);
  });

  it('a clone that was left behind keeps its own state until it goes on', () => {
    const [a, b] = clones('a', 'b') as [Clone, Clone];
    a.iterate();
    b.read(a).iterate();
    const { own, session, isAtPar, end } = a.read(b).view;
    expect([isAtPar, own!.iterations.length, session.iterations.length, end]).toEqual([false, 1, 2, b.end]);
    expect(a.resume().view).toMatchObject({ isAtPar: true, own: { head: session.head } });
  });

  it('what changes no commit makes no line: names, runs without a change', () => {
    const [a, b] = clones('a', 'b') as [Clone, Clone];
    a.iterate();
    b.read(a).resume();
    a.add(draft('session.renamed', { name: 'of a', previous: 'x' }));
    b.add(started(2), finished(2, { commit: undefined })).add(
      draft('session.renamed', { name: 'of b', previous: 'x' }),
    );
    a.iterate();
    meet(a, b);
    for (const { view } of [a, b]) {
      expect(view.session).toMatchObject({ name: 'of b', lines: [] });
      expect(view.session.iterations).toHaveLength(3);
    }
  });

  it('a clone does not wait for an iteration that another one is in the midst of', () => {
    const [a, b] = clones('a', 'b') as [Clone, Clone];
    a.iterate().add(started(2));
    expect(openIteration(a.view.session)).toBeDefined();
    b.read(a).resume();
    expect(openIteration(b.view.own!)).toBeUndefined();
    b.iterate();
    expect(b.view.own!.iterations.map(({ iteration, left }) => [iteration, left ?? false])).toEqual([
      [1, false],
      [2, true],
      [3, false],
    ]);
    a.add(finished(2, { commit: commitId() }));
    meet(a, b);
    expect(a.view.session.lines.map(({ iterations }) => iterations.map(({ iteration }) => iteration))).toEqual([
      [2],
      [3],
    ]);
  });
});

describe('clones that go on apart', () => {
  const apart = (): [Clone, Clone] => {
    const [a, b] = clones('a', 'b') as [Clone, Clone];
    a.iterate();
    b.read(a).resume();
    a.iterate('a'.repeat(40));
    b.iterate('b'.repeat(40));
    meet(a, b);
    return [a, b];
  };

  it('are lines, each with what it alone has; numbers that meet get the clone’s name', () => {
    const [a, b] = apart();
    for (const one of [a, b]) {
      const { session, own, isAtPar } = one.view;
      expect(statusOf(session)).toBe('diverged');
      expect([isAtPar, own!.head]).toEqual([true, one.writer.repeat(40)]);
      expect(
        session.lines.map(({ writer, here, head, iterations }) => [writer, here, head[0], iterations.length]),
      ).toEqual([
        ['a', one === a, 'a', 1],
        ['b', one === b, 'b', 1],
      ]);
      expect(session.lines[0]!.fork).toBe(session.iterations[0]!.commit);
      expect(numbers(session)).toEqual(['1', `2@${one.writer}`]);
      expect(iterationsNamed(session, 2)).toHaveLength(2);
      expect(iterationsNamed(session, '2@b').map(({ commit }) => commit)).toEqual(['b'.repeat(40)]);
      expect(iterationsNamed(session, '2@x')).toEqual([]);
    }
    expect(chaptersOf(a.known).map(({ line }) => line)).toEqual([null, 'a', 'b']);
  });

  it('nothing of one iteration gets into the other of the same number', () => {
    const [a, b] = clones('a', 'b') as [Clone, Clone];
    b.read(a).resume();
    const say = (clone: Clone, text: string) => clone.add(draft('agent-message.received', { iteration: 1, text }));
    for (const one of [a, b]) say(one.add(started(1)), `of ${one.writer}`).add(finished(1, { commit: commitId() }));
    meet(a, b);
    const all = allIterations(a.view.session);
    expect(all.map(({ writer, message }) => [writer, message])).toEqual([
      ['a', 'of a'],
      ['b', 'of b'],
    ]);
  });

  it('a third clone stands on the fork until it has chosen', () => {
    const [a] = apart();
    const c = new Clone('c').read(a);
    expect(c.view).toMatchObject({ own: undefined, isAtPar: false, end: undefined });
    expect(c.view.session.iterations).toHaveLength(1);
    c.resume(c.view.session.lines[1]!.end);
    expect(c.view).toMatchObject({ isAtPar: true, own: { head: 'b'.repeat(40) } });
    expect(c.view.session.lines.map(({ here }) => here)).toEqual([false, true]);
  });

  it('a join makes them one again, for the other by going on', () => {
    const [a, b] = apart();
    a.join('b', 'c'.repeat(40));
    expect(a.view.session).toMatchObject({ lines: [], head: 'c'.repeat(40), base: 'main', openOperation: null });
    expect(numbers(a.view.session)).toEqual(['1', '2@b', '2@a']);
    b.read(a);
    expect(b.view).toMatchObject({ isAtPar: false, session: { lines: [], head: 'c'.repeat(40) } });
    b.iterate();
    meet(a, b);
    expect(a.view.session.iterations.map(({ iteration }) => iteration)).toEqual([1, 2, 2, 3]);
  });

  it('two joins at once are two lines again, and a third makes one', () => {
    const [a, b] = apart();
    a.join('b');
    b.join('a');
    meet(a, b);
    expect(a.view.session.lines).toHaveLength(2);
    expect(allIterations(a.view.session)).toHaveLength(3);
    a.join('b');
    meet(a, b);
    expect([a.view.session.lines, b.view.session.lines]).toEqual([[], []]);
    expect(allIterations(b.view.session)).toHaveLength(3);
  });
});

describe('a log that says odd things', () => {
  it('what a line names that is not there, comes later, or is itself, counts for nothing', () => {
    const [a, b] = clones('a', 'b') as [Clone, Clone];
    a.iterate();
    b.read(a).resume({ writer: 'nobody', seq: 3 });
    b.resume({ writer: 'a', seq: 99 }).iterate();
    a.resume({ writer: 'a', seq: 1 });
    meet(a, b);
    for (const from of [null, 7, {}, { writer: 1 }]) b.add(draft('session.resumed', { from } as never));
    expect(b.view.session.lines).toEqual([]);
    expect(b.view.session.iterations).toHaveLength(2);
  });

  it('a clone that never said what it goes on from has read what came before', () => {
    const [a, b] = clones('a', 'b') as [Clone, Clone];
    a.iterate();
    b.read(a).add(started(2), finished(2, { commit: commitId() }));
    expect(b.view).toMatchObject({ isAtPar: true, session: { lines: [] } });
    expect(numbers(b.view.session)).toEqual(['1', '2']);
  });
});

const NAMES = ['a', 'b', 'c'];
const clone = fc.nat({ max: NAMES.length - 1 });
const deed = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constant('iterate' as const), clone, clone) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('read' as const), clone, clone) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('join' as const), clone, clone) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('rename' as const), clone, clone) },
);

/** Joins until there is one line; each join is made by one clone while the others look on. */
const joinAll = (all: Clone[]): void => {
  for (let round = 0; round < 10; round++) {
    meet(...all);
    const joiner = all.find(({ view }) => view.session.lines.length > 0 && view.isAtPar);
    if (!joiner) return;
    joiner.join(joiner.view.session.lines.find(({ here }) => !here)!.writer);
  }
};

it('whatever clones do, all see the same lines, no iteration is lost, and joins come to an end', () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 24 }), fc.nat(), (deeds, seed) => {
      const all = clones(...NAMES);
      let made = 0;
      for (const [what, one, other] of deeds) {
        const doer = all[one]!;
        const { session, isAtPar } = doer.view;
        const line = session.lines.find(({ here }) => !here);
        if (what === 'read') doer.read(all[other]!);
        else if (what === 'rename') doer.add(draft('session.renamed', { name: `n${one}`, previous: '' }));
        else if (what === 'join' && line && isAtPar) doer.join(line.writer);
        else if (what === 'iterate' && (session.lines.length === 0 || isAtPar)) {
          doer.iterate();
          made += 1;
        }
      }
      meet(...all);
      const shuffled = all[0]!.known.toSorted(
        (x, y) => ((x.clock * 31 + x.seq + seed) % 7) - ((y.clock * 31 + y.seq) % 7),
      );
      const seen = [...all.map(({ known }) => known), mergeEvents(shuffled)].map((known, at) => {
        const { session } = viewOf(known, new Set([NAMES[at] ?? 'z']));
        expect(allIterations(session)).toHaveLength(made);
        return session.lines.map(({ here: _, ...line }) => line);
      });
      for (const lines of seen) expect(lines).toEqual(seen[0]);
      expect(seen[0]).not.toHaveLength(1);
      joinAll(all);
      for (const { view } of all) {
        expect(view.session.lines).toEqual([]);
        expect(view.session.iterations).toHaveLength(made);
        expect(view.session.head).toBe(all[0]!.view.session.head);
      }
    }),
    { numRuns: Number(process.env['TEST_LINES_RUNS'] ?? 60) },
  );
});
