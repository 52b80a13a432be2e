import { expect, it } from 'vitest';
import { encodeEvent, lineHash } from '../../../src/events/codec.ts';
import type { Envelope } from '../../../src/events/envelope.ts';
import { sessionLog } from '../../../src/events/envelope.ts';
import { putBackOwnRefs, rememberOwnRefs } from '../../../src/store/own-refs.ts';
import { withJournal } from '../../../src/workflows/journal.ts';
import { sessionDiff } from '../../../src/workflows/session-diff.ts';
import { summaries } from '../../../src/workflows/summaries.ts';
import { verify } from '../../../src/workflows/verify.ts';
import { git } from '../../support/repo.ts';
import { contextIn, make } from '../../support/sessions.ts';
import { exportFrom, fileOf, importInto } from '../exporting/support.ts';
import { cloneOf, eventsIn, logsIn, refsIn, syncIn, twoClones, workIn } from './world.ts';

const rename = async (dir: string, id: string, name: string): Promise<void> => {
  const ctx = await contextIn(dir);
  await withJournal(ctx, { id, name: id, command: 'test' }, async (journal) => {
    await journal.record([{ type: 'session.renamed', by: 'user', data: { name, previous: journal.session.name } }]);
  });
};

/** A session that has not run: no agent has to start. */
const madeIn = async (dir: string): Promise<string> => {
  const ctx = await contextIn(dir);
  const { session } = await make(ctx, { name: 'first' });
  await ctx.store.close();
  return session.id;
};

const take = async (dir: string, path: string) => importInto(await contextIn(dir), path);

const SESSIONS = 'refs/amp/sessions';

it('what was imported goes on as what it came from, with its code, once that is synced', async () => {
  const { up, a, b } = await twoClones();
  const id = await workIn(a);
  const { path } = await exportFrom(a);
  await take(b, path);
  const lines = await eventsIn(b, id);
  const [imported] = Object.entries(await refsIn(b, SESSIONS));
  await expect(sessionDiff(await contextIn(b), id, { part: 'all' })).rejects.toMatchObject({ code: 'code.missing' });
  await syncIn(a);
  expect((await refsIn(a, SESSIONS))[imported![0]]).not.toBe(imported![1]);

  expect(await syncIn(b, { dryRun: true })).toMatchObject({ refused: [], logs: { pushed: 0 } });
  expect(await refsIn(b, SESSIONS)).toEqual(Object.fromEntries([imported!]));
  const remembered = await rememberOwnRefs((await contextIn(b)).repo, undefined);
  const answer = await syncIn(b);
  expect(answer).toMatchObject({ refused: [], held: [], logs: { pushed: 0, fetched: 1 } });
  expect(await refsIn(b, SESSIONS)).toEqual(await refsIn(a, SESSIONS));
  // An agent that ran meanwhile is not blamed for it, and it is not put back.
  expect(await putBackOwnRefs((await contextIn(b)).repo, remembered)).toEqual([]);
  expect(await refsIn(b, SESSIONS)).toEqual(await refsIn(a, SESSIONS));
  expect(await eventsIn(b, id)).toEqual(lines);
  expect(await verify(await contextIn(b))).toMatchObject({ ok: true });
  expect((await sessionDiff(await contextIn(b), id, { part: 'all' })).files).not.toEqual([]);

  await rename(a, id, 'later');
  await syncIn(a);
  expect(await syncIn(b)).toMatchObject({ refused: [], pushed: [] });
  expect(await logsIn(b)).toEqual(await logsIn(a));
  expect((await summaries(await contextIn(b)))[0]).toMatchObject({ name: 'later' });
  expect(await refsIn(up, SESSIONS)).toEqual(await refsIn(b, SESSIONS));
  expect(await take(b, path)).toMatchObject({ taken: [], refused: [] });
});

it('what goes further here than there stays, and neither side refuses it, until there is more', async () => {
  const { up, a, b } = await twoClones();
  const id = await madeIn(a);
  await syncIn(a);
  await rename(a, id, 'second');
  await take(b, (await exportFrom(a)).path);
  const lines = await eventsIn(b, id);
  const refs = await refsIn(b, SESSIONS);
  expect(await syncIn(b)).toMatchObject({ refused: [], held: [], logs: { pushed: 0 } });
  expect(await refsIn(b, SESSIONS)).toEqual(refs);
  expect(await eventsIn(b, id)).toEqual(lines);
  // The user's own fetch may have brought their commits already.
  await git(b, 'fetch', '-q', up, '+refs/amp/*:refs/theirs/*');
  expect(await syncIn(b)).toMatchObject({ refused: [], held: [], logs: { pushed: 0 } });
  expect(await refsIn(b, SESSIONS)).toEqual(refs);
  await rename(a, id, 'third');
  await syncIn(a);
  await git(b, 'fetch', '-q', up, '+refs/amp/*:refs/theirs/*');
  expect(await syncIn(b)).toMatchObject({ refused: [] });
  expect(await refsIn(b, SESSIONS)).toEqual(await refsIn(a, SESSIONS));
  expect(await eventsIn(b, id)).toEqual(await eventsIn(a, id));
  expect((await verify(await contextIn(b))).ok).toBe(true);
});

it('an import on top of what had come by a sync gives way too', async () => {
  const { a, b } = await twoClones();
  const id = await madeIn(a);
  await syncIn(a);
  await syncIn(b);
  await rename(a, id, 'second');
  expect((await take(b, (await exportFrom(a)).path)).taken).toMatchObject([{ log: sessionLog(id) }]);
  await rename(a, id, 'third');
  await syncIn(a);
  expect(await syncIn(b)).toMatchObject({ refused: [] });
  expect(await refsIn(b, SESSIONS)).toEqual(await refsIn(a, SESSIONS));
  expect(await eventsIn(b, id)).toEqual(await eventsIn(a, id));
});

it('an import that says something else is refused, and nothing is overwritten on either side', async () => {
  const { up, a, b } = await twoClones();
  const id = await madeIn(a);
  const { lines } = await exportFrom(a);
  let prev = '0'.repeat(64);
  const forged = lines.map((line) => {
    const next = encodeEvent({ ...(JSON.parse(line.replace('Do the task', 'Do no task')) as Envelope), prev });
    prev = lineHash(next);
    return next;
  });
  expect((await take(b, fileOf(forged))).refused).toEqual([]);
  const before = await refsIn(b, SESSIONS);
  await syncIn(a);
  const there = await refsIn(up, SESSIONS);
  const [ref] = Object.keys(before);
  expect((await syncIn(b)).refused).toMatchObject([{ ref }]);
  expect((await syncIn(b)).refused).toMatchObject([{ ref }]);
  expect([await refsIn(b, SESSIONS), await refsIn(up, SESSIONS)]).toEqual([before, there]);
  expect((await eventsIn(b, id)).join('\n')).toContain('Do no task');
});

it('the clone that wrote a log never takes an import in its place', async () => {
  const { up, a, b } = await twoClones();
  const id = await madeIn(a);
  await take(b, (await exportFrom(a)).path);
  await syncIn(b);
  const refs = await refsIn(a, SESSIONS);
  const [ref] = Object.keys(refs);
  expect(await refsIn(up, SESSIONS)).not.toEqual(refs);
  expect((await syncIn(a)).refused).toMatchObject([{ ref }]);
  expect(await refsIn(a, SESSIONS)).toEqual(refs);
  const c = await cloneOf(up);
  expect(await syncIn(c)).toMatchObject({ refused: [] });
  expect(await eventsIn(c, id)).toEqual(await eventsIn(a, id));
});
