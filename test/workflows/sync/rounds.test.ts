import { rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { isAppError } from '../../../src/errors.ts';
import { logId, sessionLog } from '../../../src/events/envelope.ts';
import { readRef } from '../../../src/git/refs.ts';
import type { Session } from '../../../src/session/state.ts';
import { trustCommands } from '../../../src/workflows/foreign-commands.ts';
import { withJournal } from '../../../src/workflows/journal.ts';
import { readSession, summaries } from '../../../src/workflows/summaries.ts';
import { verify } from '../../../src/workflows/verify.ts';
import { PROGRAM } from '../../support/cli.ts';
import { git, sh } from '../../support/repo.ts';
import { contextIn, runOnce } from '../../support/sessions.ts';
import { hookOf, logsIn, notesIn, refsIn, syncIn, twoClones, workIn } from './world.ts';

const SEED = Number(process.env['TEST_SEED'] ?? 20_261_122);
const ROUNDS = Number(process.env['TEST_SYNC_ROUNDS'] ?? 8);

/** Same seed, same numbers. Source: mulberry32, Tommy Ettinger, public domain. */
const random = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
};

type Dice = ReturnType<typeof random>;

/** Names events that were acknowledged: none of them may be missing at the end. */
const acknowledged: string[] = [];

const idsIn = async (dir: string): Promise<string[]> =>
  (await (await contextIn(dir)).store.logs()).map(({ log }) => logId(log));

const rename = async (dir: string, id: string, round: number): Promise<void> => {
  const ctx = await contextIn(dir);
  await withJournal(ctx, { id, name: id, command: 'test' }, async (journal) => {
    const data = { name: `round-${round}`, previous: journal.session.name };
    const events = await journal.record([{ type: 'session.renamed', by: 'user', data }]);
    acknowledged.push(...events.map(({ log, writer, seq }) => `${log} ${writer} ${seq}`));
  });
};

const work = async (dir: string, dice: Dice, round: number): Promise<void> => {
  const ids = await idsIn(dir);
  const id = ids[dice(Math.max(ids.length, 1))];
  const what = dice(6);
  // Two clones that take a name within one second have a branch of that name each.
  if (id === undefined || what === 0) await workIn(dir, `made-${round}-${basename(dirname(dir)).slice(-6)}`);
  else if (what === 1) {
    const ctx = await contextIn(dir);
    await trustCommands(ctx, id);
    await runOnce(ctx, id).catch((error) => {
      // Where both sides went on, the branch here may not be the one that the log ended with.
      if (!isAppError(error)) throw error;
    });
  } else for (let n = 0; n <= dice(3); n++) await rename(dir, id, round);
};

const HOOKS: [name: string, body: string][] = [
  ['update', 'case "$1" in refs/amp/code/*) exit 1;; esac'],
  ['update', 'case "$1" in *[0-4]) echo no >&2; exit 1;; esac'],
  ['update', 'case "$1" in refs/notes/*) exit 1;; esac'],
  ['pre-receive', 'while read old new ref; do case $ref in *[a-f]) exit 1;; esac; done'],
];

const disturb = async (up: string, dirs: string[], dice: Dice): Promise<void> => {
  for (const [name] of HOOKS) rmSync(join(up, 'hooks', name), { force: true });
  const hook = HOOKS[dice(HOOKS.length * 2)];
  if (hook) hookOf(up, ...hook);
  if (dice(3) === 0) await sh([up, ...dirs][dice(3)]!, 'git gc -q --prune=now; git pack-refs --all');
};

const exchange = async (dir: string, dice: Dice): Promise<void> => {
  const how = dice(4);
  if (how === 0) {
    const after = (dice(60) / 100 + 0.1).toFixed(2);
    await sh(dir, `timeout -s KILL ${after} '${process.execPath}' '${PROGRAM}' sync -q`);
  } else if (how === 1) {
    // Beside a gc, and beside itself.
    await Promise.all([sh(dir, 'git gc -q --prune=now'), sync(dir), sync(dir)]);
  } else await sync(dir);
};

/** The remote of a killed push may hold a lock for a moment: that is a refusal, and the next sync goes on. */
const sync = async (dir: string): Promise<void> => {
  const { held } = await syncIn(dir);
  expect(held).toEqual([]);
};

/** A session without what is each clone's own: its worktree and branch, and the line on which it stands. */
const ofAll = (session: Session): Partial<Session> => {
  const own = { worktree: '', hasWorktree: false, hasBranch: false, setupExitCode: null, leftovers: [] };
  if (session.lines.length === 0) return { ...session, ...own };
  const { id, name, events, archived, removed, hosts, places, lines, lastActivityAt } = session;
  const all = lines.map((line) => ({ ...line, here: false }));
  return { id, name, events, archived, removed, hosts, places, lines: all, lastActivityAt };
};

it(`two clones end with the same after ${ROUNDS} rounds of work, kills, refusals and gc (seed ${SEED})`, async () => {
  const dice = random(SEED);
  const { up, a, b } = await twoClones();
  for (let round = 1; round <= ROUNDS; round++) {
    await disturb(up, [a, b], dice);
    for (const dir of [a, b]) if (dice(3) > 0) await work(dir, dice, round);
    const dirs = dice(2) === 0 ? [a, b] : [b, a];
    if (dice(3) === 0) await Promise.all(dirs.map((dir) => exchange(dir, dice)));
    else for (const dir of dirs) if (dice(4) > 0) await exchange(dir, dice);
  }
  for (const [name] of HOOKS) rmSync(join(up, 'hooks', name), { force: true });
  await sh(up, "find . -name '*.lock' -delete");
  for (const dir of [a, b, a, b]) expect(await syncIn(dir)).toMatchObject({ refused: [], held: [] });

  const logs = await logsIn(a);
  expect(await logsIn(b)).toEqual(logs);
  expect(await refsIn(a)).toEqual(await refsIn(b));
  expect(await refsIn(up)).toEqual(await refsIn(a));
  expect(await notesIn(a)).toEqual(await notesIn(b));
  const there = new Set(
    Object.values(logs)
      .flat()
      .map((line) => JSON.parse(line))
      .map(({ log, writer, seq }) => `${log} ${writer} ${seq}`),
  );
  expect(acknowledged.filter((event) => !there.has(event))).toEqual([]);
  const [here, other] = [await contextIn(a), await contextIn(b)];
  const seen = await Promise.all([here, other].map(async (ctx) => (await summaries(ctx)).map(({ id }) => id)));
  expect(seen[0]).toEqual(seen[1]);
  expect(seen[0]!.length).toBe(Object.keys(logs).length);
  for (const log of Object.keys(logs)) {
    const id = logId(log as `sessions/${string}`);
    expect(log).toBe(sessionLog(id));
    const [one, two] = [await readSession(here, id), await readSession(other, id)];
    expect(ofAll(one)).toEqual(ofAll(two));
    // Each clone tells of its own branch, and what it tells is so.
    for (const [ctx, { branch, hasBranch }] of [
      [here, one],
      [other, two],
    ] as const)
      expect([id, hasBranch]).toEqual([id, (await readRef(ctx.repo, `refs/heads/${branch}`)) !== undefined]);
  }
  for (const ctx of [here, other]) expect((await verify(ctx)).ok).toBe(true);
  for (const dir of [a, b, up]) expect(await git(dir, 'fsck', '--no-dangling', '--connectivity-only')).toBe('');
}, 900_000);
