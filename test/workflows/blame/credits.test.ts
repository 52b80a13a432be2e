import { describe, expect, it } from 'vitest';
import type { LogEvent } from '../../../src/events/catalogue.ts';
import { openCatFile } from '../../../src/git/git.ts';
import { initialSession, type Operation } from '../../../src/session/state.ts';
import { creditByMarks, creditsOf } from '../../../src/workflows/blame/credits.ts';
import type { Facts } from '../../../src/workflows/blame/facts.ts';
import { type Marks, readMarks, sessionsIn } from '../../../src/workflows/blame/marks.ts';
import { git, makeRepo } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';

const facts = (over: { session?: object } & Partial<Omit<Facts, 'session'>> = {}): Facts => ({
  folded: new Map(),
  resolved: new Map(),
  found: new Map(),
  pushed: [],
  ...over,
  session: { ...initialSession, id: 's', branch: 'amp/s', ...over.session },
});

const iterations = (...commits: (string | null)[]) =>
  commits.map((commit, at) => ({ iteration: at + 1, commit, head: commits[at - 1] ?? 'base' }));

const operation = (over: Partial<Operation>): Operation =>
  ({ operation: 1, verb: 'squash', moves: [], rewritten: [], squash: null, undone: false, ...over }) as Operation;

/** `agent 1`, `agent` where several are in one, `manual`. */
const wordsOf = (all: ReturnType<typeof creditsOf>): Record<string, string> =>
  Object.fromEntries(
    [...all].map(([id, { kind, iteration }]) => [id, iteration === null ? kind : `${kind} ${iteration}`]),
  );

describe('whose commits are, by a session’s log', () => {
  it('iterations with what the agent committed itself, and people’s on the branch', () => {
    const known = facts({
      session: { head: 'm2', iterations: iterations('c1', null, 'c3') },
      folded: new Map([['f', { iteration: 3, writer: 'w' }]]),
      found: new Map([
        ['m1', ['c3']],
        ['up1', ['base']],
        ['up2', ['up1']],
        ['merge', ['m1', 'up2']],
        ['m2', ['merge']],
      ]),
    });
    expect(wordsOf(creditsOf(known))).toEqual({
      c1: 'agent 1',
      c3: 'agent 3',
      f: 'agent 3',
      m1: 'manual',
      merge: 'manual',
      m2: 'manual',
    });
  });

  it('people’s commits before an iteration and before an operation count too, in whatever order they came', () => {
    const session = {
      head: 'elsewhere',
      iterations: [{ iteration: 1, commit: 'c1', head: 'm1' }],
      operations: [
        operation({ moves: [{ ref: 'refs/heads/amp/s', from: 'm2', to: 'n', worktree: null, shows: null }] }),
      ],
    };
    const found = new Map([
      ['m1', ['base']],
      ['m2', ['c1']],
      ['lost', ['base']],
    ]);
    expect(wordsOf(creditsOf(facts({ session, found })))).toEqual({ c1: 'agent 1', m1: 'manual', m2: 'manual' });
  });

  it('a squash is of an iteration where all of it is, and what was made anew is whose the original was', () => {
    const squash = (commit: string, replaced: string[]) => ({ commit, replaced, mergeBase: 'base' });
    const session = {
      head: 'm',
      iterations: iterations('c1', 'c2'),
      operations: [
        operation({ squash: squash('s', ['c1', 'c2']), rewritten: [{ from: 'm', to: 'm1' }] }),
        operation({
          verb: 'rebase',
          rewritten: [
            { from: 's', to: 's2' },
            { from: 'm1', to: 'm2' },
            { from: '?', to: 'x' },
          ],
        }),
        operation({ verb: 'undo', rewritten: [{ from: 'c1', to: 'never' }] }),
      ],
      openOperation: operation({ squash: squash('one', ['c2']) }),
    };
    expect(wordsOf(creditsOf(facts({ session, found: new Map([['m', ['c2']]]) })))).toEqual({
      c1: 'agent 1',
      c2: 'agent 2',
      m: 'manual',
      s: 'agent',
      m1: 'manual',
      s2: 'agent',
      m2: 'manual',
      one: 'agent 2',
    });
  });

  it('a conflict is of whoever resolved it; the merge commit of the session', () => {
    const move = (ref: string, to: string) => ({ ref, from: 'c1', to, worktree: null, shows: null });
    const session = {
      iterations: iterations('c1'),
      operations: [
        operation({
          verb: 'merge',
          moves: [move('refs/heads/amp/s', 'n1'), move('refs/heads/main', 'merge')],
          rewritten: [
            { from: 'c1', to: 'n1' },
            { from: 'c1', to: 'r1' },
            { from: 'c1', to: 'r2' },
          ],
        }),
      ],
    };
    const resolved = new Map([
      ['r1', null],
      ['r2', { iteration: 2, writer: 'w' }],
    ]);
    expect(wordsOf(creditsOf(facts({ session, resolved })))).toEqual({
      c1: 'agent 1',
      n1: 'agent 1',
      r1: 'manual',
      r2: 'agent 2',
      merge: 'agent',
    });
  });
});

const event = (type: string, data: unknown, log = 'sessions/noted'): LogEvent =>
  ({ v: 1, log, writer: 'w', seq: 1, clock: 1, at: '', by: 'agent', prev: '', type, data }) as LogEvent;
const finished = (iteration: number) =>
  event('iteration.finished', { iteration, commit: 'c', agent: { name: 'amp', mode: 'smart', threadId: null } });

const marks = (over: Partial<Marks>): Marks => ({ parents: [], session: null, iterations: [], noted: [], ...over });

describe('whose a commit is by what it says itself', () => {
  it('by its note before its message', () => {
    const agent = { name: 'amp', mode: 'smart' };
    const noted = [event('test-run.finished', {}), finished(2)];
    const both = marks({ session: 'said', iterations: [5], noted });
    expect(creditByMarks(both, '')).toEqual({ kind: 'agent', session: 'noted', iteration: 2, agent });
    const several = marks({ noted: [finished(1), finished(2), event('manual-commit.found', {})] });
    expect(creditByMarks(several, '')).toMatchObject({ kind: 'agent', iteration: null, agent });
    const manual = marks({ noted: [event('manual-commit.found', {})] });
    expect(creditByMarks(manual, '')).toEqual({ kind: 'manual', session: 'noted', iteration: null });
    const nothing = marks({ noted: [event('other', null), event('iteration.finished', null)] });
    expect(creditByMarks(nothing, '')).toBeUndefined();
  });

  it('by its message: a number, several, or a person’s edits that we committed for them', () => {
    expect(creditByMarks(marks({ session: 'k', iterations: [3] }), '')).toEqual({
      kind: 'agent',
      session: 'k',
      iteration: 3,
    });
    expect(creditByMarks(marks({ session: 'k', iterations: [1, 2] }), '')).toMatchObject({ iteration: null });
    expect(creditByMarks(marks({ session: 'k' }), 'Manual edits before iteration 2')).toMatchObject({ kind: 'manual' });
    expect(creditByMarks(marks({ iterations: [1] }), 'x')).toBeUndefined();
    expect(creditByMarks(undefined, 'x')).toBeUndefined();
  });
});

describe('marks of commits', () => {
  it('are read from messages, also from the middle of one that a host made', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const reader = openCatFile(ctx.repo);
    const head = await git(dir, 'rev-parse', 'HEAD');
    const commit = (message: string) => git(dir, 'commit-tree', '-p', head, '-m', message, `${head}^{tree}`);
    const read = async (message: string) => {
      const id = await commit(message);
      const { session, iterations: numbers } = (await readMarks(ctx, [id, id], reader)).get(id)!;
      return [session, numbers];
    };
    try {
      expect(await read('x\n\nAmp-Session: k3abcdefgh\nAmp-Iteration: 4')).toEqual(['k3abcdefgh', [4]]);
      expect(await read('x\n\nAmp-Session: k3abcdefgh\nAmp-Iteration: 1-3, 5')).toEqual(['k3abcdefgh', [1, 3, 5]]);
      const host =
        'A (#7)\n\n* amp: a\n\nAmp-Session: k3abcdefgh\nAmp-Iteration: 1\n\n* b\n\nAmp-Session: k3abcdefgh\r\nAmp-Iteration: 2\n\nThe end';
      expect(await read(host)).toEqual(['k3abcdefgh', [1, 2]]);
      for (const message of [
        'Amp-Session: TOO',
        'say Amp-Session: k3abcdefgh',
        'x\n\n Amp-Session: k3abcdefgh',
        'Amp-Session: k3abcdefghi',
      ])
        expect(await read(message)).toEqual([null, []]);
      const tree = await git(dir, 'rev-parse', 'HEAD^{tree}');
      const none = await readMarks(ctx, ['0'.repeat(40), tree, 'HEAD'], reader);
      expect([...none.keys()]).toEqual([]);
      expect((await readMarks(ctx, [await commit('y')], reader)).values().next().value).toMatchObject({
        parents: [head],
      });
    } finally {
      reader.close();
    }
  });

  it('name sessions', () => {
    const all = [marks({ session: 'said' }), marks({ noted: [finished(1), finished(2)] }), marks({ session: 'said' })];
    expect(sessionsIn(all)).toEqual(['said', 'noted']);
  });
});
