import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sessionLog } from '../../../src/events/envelope.ts';
import { openStore } from '../../../src/store/git-store.ts';
import { attachNotes } from '../../../src/store/notes.ts';
import { syncError } from '../../../src/workflows/sync/sync.ts';
import { git, sh } from '../../support/repo.ts';
import { contextIn, make, runOnce } from '../../support/sessions.ts';
import { AGENT, eventsIn, refsIn, syncIn, twoClones, workIn } from './world.ts';

const SECRET = ['ghp', '0123456789abcdefABCDEF0123456789abcd'].join('_');

/** Adds to a log what no redaction has seen, as a version of ours did that did not know the secret yet. */
const plant = async (dir: string, id: string, how: 'event' | 'transcript' | 'payload'): Promise<void> => {
  const ctx = await contextIn(dir);
  const store = await openStore(ctx.repo, { clock: ctx.clock, redact: (text) => text });
  const log = sessionLog(id);
  await store.read(log);
  const name = how === 'payload' ? `${'long '.repeat(20_000)} ${SECRET}` : SECRET;
  if (how === 'transcript')
    await store.appendTranscript(log, [{ iteration: 1, stream: 'stdout', line: `x ${SECRET}` }]);
  else await store.append(log, [{ type: 'session.renamed', by: 'user', data: { name, previous: 'task' } }]);
  await store.flush(log);
  await store.close();
};

it.each([
  ['event', /^sessions\/\w+\/\w+$/],
  ['transcript', /transcript of iteration 1, line \d+$/],
  ['payload', /payload-/],
] as const)('a log with a secret in an %s stays, and says where; the rest goes', async (how, where) => {
  const { a, b, up } = await twoClones();
  const [bad, good] = [await workIn(a, 'bad'), await workIn(a, 'good')];
  const before = (await eventsIn(a, bad)).length;
  await plant(a, bad, how);
  const answer = await syncIn(a);
  expect(answer.held.map(({ ref }) => ref)).toEqual([expect.stringContaining(`refs/amp/sessions/${bad}/`)]);
  const [place] = answer.held[0]!.secrets;
  expect(place).toMatchObject({ kind: 'github', where: expect.stringMatching(where) });
  expect(place!.seq).toBe(how === 'event' ? before + 1 : null);
  expect(JSON.stringify(answer)).not.toContain(SECRET);
  expect(syncError(answer)).toMatchObject({ code: 'sync.secrets', exit: 4 });
  expect(syncError(answer)!.message).not.toContain(SECRET);
  expect(Object.keys(await refsIn(up, 'refs/amp/sessions'))).toEqual([expect.stringContaining(`/${good}/`)]);
  await syncIn(b);
  expect(await eventsIn(b, good)).toEqual(await eventsIn(a, good));
});

it('what is new only is looked through: a log that went out goes on when something clean is added', async () => {
  const { a, up } = await twoClones();
  const id = await workIn(a);
  await syncIn(a);
  const before = await refsIn(up);
  await runOnce(await contextIn(a), id);
  expect((await syncIn(a)).held).toEqual([]);
  expect(await refsIn(up)).not.toEqual(before);
});

it('text that was redacted is not taken for a secret', async () => {
  const { a } = await twoClones();
  const ctx = await contextIn(a);
  const prompt = `Use password: "hunter2-very-long" and ${SECRET}, Authorization: Bearer abcdefgh12345678ABCDEFGH\npassword=${SECRET}`;
  const { session } = await make(ctx, {
    prompt,
    agent: { ...AGENT, command: `cat; printf '{"password":"x1y2z3w4v5"}'` },
  });
  await runOnce(ctx, session.id);
  expect(await syncIn(a)).toMatchObject({ held: [], refused: [] });
});

it('commits that would travel are looked through, those that were squashed away among them', async () => {
  const { a, up } = await twoClones();
  const ctx = await contextIn(a);
  const { session } = await make(ctx, {
    agent: { ...AGENT, command: `echo token=${'"$TOKEN"'} > s.txt; cat >/dev/null` },
  });
  const { session: clean } = await make(ctx, { name: 'clean', agent: AGENT });
  process.env['TOKEN'] = SECRET;
  try {
    await runOnce(ctx, session.id);
  } finally {
    delete process.env['TOKEN'];
  }
  await runOnce(ctx, clean.id);
  const answer = await syncIn(a);
  expect(answer.held).toEqual([
    {
      ref: expect.stringContaining(`refs/amp/code/${session.id}/`),
      reason: expect.stringContaining('secret'),
      secrets: [{ kind: 'github', where: expect.stringMatching(/^s\.txt in [0-9a-f]{12}$/), seq: null }],
    },
  ]);
  expect(Object.keys(await refsIn(up, 'refs/amp/sessions'))).toHaveLength(2);
  expect(Object.keys(await refsIn(up, 'refs/amp/code'))).toEqual([expect.stringContaining(clean.id)]);
  expect((await git(up, 'cat-file', '--batch-all-objects', '--batch-check')).length).toBeGreaterThan(0);
});

it('a remote for the history alone gets no code', async () => {
  const { a, b, up } = await twoClones();
  const id = await workIn(a);
  const answer = await syncIn(a, { historyOnly: true });
  expect(answer.pushed).toEqual([expect.stringContaining('refs/amp/sessions/')]);
  expect(await refsIn(up, 'refs/amp/code')).toEqual({});
  const code = Object.values(await refsIn(a, 'refs/amp/code'));
  const objects = await git(up, 'cat-file', '--batch-all-objects', '--batch-check');
  for (const commit of code) expect(objects).not.toContain(commit);
  await syncIn(b);
  expect(await eventsIn(b, id)).toEqual(await eventsIn(a, id));
});

it('notes with a secret stay as well', async () => {
  const { a, up } = await twoClones();
  await workIn(a);
  const ctx = await contextIn(a);
  const head = await git(a, 'rev-parse', 'HEAD');
  const [log] = await ctx.store.logs();
  const event = (await ctx.store.read(log!.log)).events[0]!;
  await attachNotes(ctx.repo, new Map([[head, [{ ...event, seq: 99, data: { name: SECRET } } as never]]]));
  const answer = await syncIn(a);
  expect(answer.held.map(({ ref }) => ref)).toEqual(['refs/notes/amp']);
  expect(answer.held[0]?.secrets[0]).toMatchObject({ where: `note on ${head}`, seq: 99, kind: 'github' });
  expect(await refsIn(up, 'refs/notes')).toEqual({});
});

it('snapshots stay unless they are asked for, and are looked through like code', async () => {
  const { a, b, up } = await twoClones();
  const ids = [await workIn(a, 'clean'), await workIn(a, 'bad')];
  const snap = async (dir: string, id: string, text: string, previous: string[] = []): Promise<string> => {
    const [head] = Object.values(await refsIn(a, `refs/heads/amp/${id === ids[0] ? 'clean' : 'bad'}`));
    writeFileSync(join(dir, 'unsaved'), text);
    const blob = await git(dir, 'hash-object', '-w', 'unsaved');
    rmSync(join(dir, 'unsaved'));
    const tree = (
      await sh(dir, `(git ls-tree ${head}; printf '100644 blob ${blob}\\tunsaved\\n') | git mktree`)
    ).stdout.trim();
    const parents = [...previous, head!].flatMap((parent) => ['-p', parent]);
    const commit = await git(dir, 'commit-tree', tree, ...parents, '-m', 'Uncommitted work');
    await git(dir, 'update-ref', `refs/amp/snapshots/${id}`, commit);
    return commit;
  };
  const first = await snap(a, ids[0]!, 'one');
  await snap(a, ids[1]!, SECRET);
  expect(await syncIn(a)).toMatchObject({ held: [], refused: [] });
  expect(await refsIn(up, 'refs/amp/snapshots')).toEqual({});
  expect((await syncIn(a, { historyOnly: true })).pushed).toEqual([]);
  const asked = await syncIn(a, { snapshots: true });
  expect(asked.held.map(({ ref }) => ref)).toEqual([`refs/amp/snapshots/${ids[1]}`]);
  expect(asked.pushed).toEqual([`refs/amp/snapshots/${ids[0]}`]);
  await syncIn(b);
  expect(await refsIn(b, 'refs/amp/snapshots')).toEqual({});
  await syncIn(b, { snapshots: true });
  expect(await refsIn(b, 'refs/amp/snapshots')).toEqual({ [`refs/amp/snapshots/${ids[0]}`]: first });
  // Both went on: nothing of either is overwritten, and it is told.
  const [here, there] = [await snap(a, ids[0]!, 'two', [first]), await snap(b, ids[0]!, 'three', [first])];
  await syncIn(a, { snapshots: true });
  const apart = await syncIn(b, { snapshots: true });
  expect(apart.refused).toEqual([
    { ref: `refs/amp/snapshots/${ids[0]}`, reason: expect.stringContaining('does not go on') },
  ]);
  expect(Object.values(await refsIn(b, 'refs/amp/snapshots'))).toEqual([there]);
  expect(Object.values(await refsIn(up, 'refs/amp/snapshots'))).toEqual([here]);
});

it('a secret in a binary file of any size is found as well, in the usual encodings, and one in the name of a file', async () => {
  const { a } = await twoClones();
  const ids: string[] = [];
  for (const [name, encoding] of [
    ['plain', 'latin1'],
    ['wide', 'utf16le'],
    ['big', 'latin1'],
    ['clean', undefined],
  ] as const) {
    const head = await git(a, 'rev-parse', 'HEAD');
    const noise = Buffer.from(Array.from({ length: 4096 }, (_, n) => (n * 7919) % 256));
    writeFileSync(
      join(a, 'app.bin'),
      // The big one's is cut by the end of a piece of 4 MiB, behind 16 MiB of zeros.
      Buffer.concat([
        ...(name === 'big' ? [Buffer.alloc(20 * 1024 * 1024 - noise.length - 20, 0)] : []),
        noise,
        Buffer.from(encoding ? `token=${SECRET};` : '', encoding),
        noise,
      ]),
    );
    if (name === 'clean') writeFileSync(join(a, `${SECRET}.txt`), '');
    await sh(
      a,
      `git checkout -q -b ${name}; git add app.bin; git add -- 'gh*.txt'; git commit -qm "a binary of ${name}"`,
    );
    ids.push(await workIn(a, `on-${name}`));
    await sh(a, `git checkout -q main && git reset -q --hard ${head}`);
  }
  const { held } = await syncIn(a);
  expect(held.map(({ ref }) => ref.split('/')[3]).sort()).toEqual(ids.toSorted());
  const told = (id: string) => held.find(({ ref }) => ref.includes(id))?.secrets[0];
  for (const id of ids.slice(0, 3))
    expect(told(id)).toMatchObject({ kind: 'github', where: expect.stringMatching(/^app\.bin in [0-9a-f]{12}$/) });
  expect(told(ids[3]!)).toMatchObject({ where: expect.stringMatching(/^the names of its files in [0-9a-f]{12}$/) });
});
