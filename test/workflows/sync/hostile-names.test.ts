import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Chalk } from 'chalk';
import { beforeAll, describe, expect, it } from 'vitest';
import { syncStatusText, syncText } from '../../../src/cli/sync-text.ts';
import { isFullRef } from '../../../src/git/ids.ts';
import { listRemoteRefs } from '../../../src/git/sync-fetch.ts';
import { findSyncRemote } from '../../../src/git/sync-remote.ts';
import { parseTombstoneRef } from '../../../src/store/layout.ts';
import { parseSyncRef, sessionOf } from '../../../src/store/sync/sync-refs.ts';
import { syncStatus } from '../../../src/workflows/sync/status.ts';
import { git } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { cloneOf, refsIn, syncIn, twoClones } from './world.ts';

const COLOR = new Chalk({ level: 0 });
const DIVERGED = 'refs/amp/sessions/abc/w1';
const OURS = 'refs/amp/sessions/good/w1';

/** Names that git itself takes, below folders of ours and beside them. */
const NAMES = [
  'sessions/-x/w',
  'sessions/--output=pwned/w',
  'sessions/s/-w$(pwned)',
  'sessions/s/w;pwned>pwned',
  'sessions/x\u202ey/w',
  'sessions/x\u2028y/w',
  'sessions/x\u009b31my/w',
  'sessions/a/b/c',
  `sessions/${'long'.repeat(50)}/w%0a`,
  'sessions/\u00e4/w',
  'Sessions/abc/w1',
  'code/--upload-pack=pwned/w',
  'code/a',
  'archive/w/2026-1',
  'archive/-w/2026-11/x',
  'code-archive/w/11',
  'tombstones/a/b',
  'tombstones/\u202ew',
  'batches/b',
  'writer/x',
  'wal',
  `sessions/${'x'.repeat(4000)}%/w`,
].map((name) => `refs/amp/${name}`);

/** Answers that git would give of a remote which is none of git: what is on the wire is the other side's word alone. */
const WIRE = [
  'refs/amp/sessions/a\u0000b/w',
  'refs/amp/sessions/../../../../pwned',
  'refs/amp/sessions/a.lock/w',
  'refs/amp/sessions/.a/w',
  'refs/amp/sessions//w',
  'refs/amp/sessions/a b/w',
  'refs/amp/sessions/a\nb/w',
  'refs/amp/sessions/a\x1b[31m/w',
  'refs/amp/sessions/a^{}/w',
  'refs/amp/sessions/a:b/w',
  'refs/amp/sessions/*/w',
  '--output=pwned',
  '',
];

/** Nothing in a text that a terminal would obey, or that hides or turns what stands beside it. */
const isInert = (text: string): boolean =>
  !/[\0-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/.test(text);

const filesOf = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/^\.git\/(amp|objects|logs)(\/|$)/.test(name))
    .sort();

describe('a remote with names of its own making', () => {
  let up: string;
  let a: string;
  let before: string[];
  const status = async () => syncStatus(await contextIn(a), { directory: a, historyOnly: false });

  beforeAll(async () => {
    ({ up, a } = await twoClones());
    const tip = await git(up, 'rev-parse', 'HEAD');
    const tree = await git(up, 'rev-parse', 'HEAD^{tree}');
    const theirs = await git(a, 'commit-tree', tree, '-m', 'theirs');
    await git(a, 'push', '-q', up, `${theirs}:refs/heads/theirs`);
    // Not by one git each, and so that names may be there which are too long for a file, or twins where case is nothing.
    const packed = [...NAMES, OURS].map((ref) => ({ ref, id: tip })).concat({ ref: DIVERGED, id: theirs });
    packed.sort((x, y) => Buffer.compare(Buffer.from(x.ref), Buffer.from(y.ref)));
    const lines = packed.map(({ ref, id }) => `${id} ${ref}\n`).join('');
    writeFileSync(join(up, 'packed-refs'), `# pack-refs with: peeled fully-peeled sorted \n${lines}`);
    await git(a, 'update-ref', DIVERGED, await git(a, 'commit-tree', tree, '-m', 'ours'));
    before = filesOf(a);
  });

  it('what they are is listed, and none of them is taken for ours', async () => {
    const ctx = await contextIn(a);
    const remote = await findSyncRemote(ctx.repo, undefined, a);
    const there = await listRemoteRefs(ctx.repo, remote, ['refs/amp/*']);
    expect([...there.keys()]).toEqual(expect.arrayContaining([OURS, DIVERGED, 'refs/amp/Sessions/abc/w1']));
    const strange = [...there.keys()].filter((ref) => ref !== OURS && ref !== DIVERGED);
    expect(strange.length).toBe(NAMES.length);
    const known = strange.filter((ref) => parseSyncRef(ref) ?? parseTombstoneRef(ref));
    expect(known).toEqual([]);
  });

  it('a status counts and names what is ours alone, and changes nothing', async () => {
    const refs = await refsIn(a);
    const found = await status();
    expect(found.remotes).toMatchObject([{ behind: { refs: 1, logs: 1 }, refused: [{ ref: DIVERGED }] }]);
    const text = syncStatusText(found, COLOR);
    expect(isInert(text)).toBe(true);
    expect(text).not.toMatch(/pwned|Sessions|writer/);
    expect([await refsIn(a), filesOf(a)]).toEqual([refs, before]);
  });

  it('a sync fetches what is ours alone, and makes no file', async () => {
    const answer = await syncIn(a);
    expect(answer.fetched).toEqual([OURS]);
    expect(answer.refused.map(({ ref }) => ref)).toEqual([DIVERGED]);
    expect(Object.keys(await refsIn(a)).sort()).toEqual([DIVERGED, OURS].sort());
    expect(filesOf(a).filter((name) => /pwned/.test(name))).toEqual([]);
    expect(filesOf(a).filter((name) => !before.includes(name) && !name.startsWith('.git/refs/amp/'))).toEqual([]);
    expect(isInert(syncText(answer, COLOR))).toBe(true);
    expect((await syncIn(a)).fetched).toEqual([]);
  });

  it('nor does a clone that comes later, and the remote keeps what it had', async () => {
    const there = Object.keys(await refsIn(up));
    const late = await cloneOf(up);
    const answer = await syncIn(late);
    expect(answer.fetched.sort()).toEqual([DIVERGED, OURS].sort());
    expect(answer.deleted).toEqual([]);
    expect(Object.keys(await refsIn(up))).toEqual(expect.arrayContaining(there));
  });
});

describe('a name on the wire that git would not take', () => {
  it.each(WIRE.map((ref) => [JSON.stringify(ref), ref] as const))('%s is none', (_, ref) => {
    expect(isFullRef(ref)).toBe(false);
    expect([parseSyncRef(ref), parseTombstoneRef(ref), sessionOf(ref)]).toEqual([undefined, undefined, undefined]);
  });

  it.each(['\n', '/x', '\u202e', ' ', '\r\n'])('nor is one of ours with %j behind it', (more) => {
    for (const ref of [OURS, 'refs/amp/code/s/w', 'refs/amp/archive/w/2026-11', 'refs/amp/snapshots/s'])
      expect([parseSyncRef(`${ref}${more}`), parseTombstoneRef(`refs/amp/tombstones/w${more}`)]).toEqual([
        undefined,
        undefined,
      ]);
  });
});

describe('what is told of refs', () => {
  const ref = `refs/amp/sessions/\x1b]0;title\x07a\u202eb\u009b2J/w\nforged: ✓ in step`;
  const refused = [{ ref, reason: `\x1b[2J${ref}` }];
  const at = '2026-11-22T13:00:00.000Z';

  it('is one line each, with nothing in it that a terminal obeys', () => {
    const answer = {
      remote: 'origin\x1b[2J\n\u202e',
      dryRun: false,
      pushed: [],
      fetched: [],
      forgotten: [`s\x1b[2J\u202e\nforged`],
      deleted: [ref],
      logs: { pushed: 0, fetched: 0 },
      notes: { pushed: false, fetched: false },
      refused,
      held: [{ ref, reason: 'a secret', secrets: [{ where: ref, seq: 1, kind: 'token' }] }],
    };
    const text = syncText(answer, COLOR);
    expect(isInert(text)).toBe(true);
    expect(text.split('\n').filter((line) => line.startsWith('forged'))).toEqual([]);
    expect(text.split('\n')).toHaveLength(7);
  });

  it('nor in a status, of now or of the last time', () => {
    const remote = { remote: 'o\u202e\n', ahead: { refs: 0, logs: 0, events: 0 }, behind: { refs: 1, logs: 1 } };
    const queued = { since: at, attempts: 2, next: null, reason: `no\x1b[31m\u202e\nforged` };
    const last = { at, refused, held: refused };
    const remotes = [
      { ...remote, notes: 'same', refused, last },
      { remote: 'p', error: `gone\x1b[2J\n\u202e` },
    ];
    const text = syncStatusText({ remotes, queued }, COLOR);
    expect(isInert(text)).toBe(true);
    expect(text.split('\n')).toHaveLength(6);
  });
});
