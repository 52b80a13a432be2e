import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { indexFile, payloadDir } from '../../../src/store/layout.ts';
import { git, sh, tempDir } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { append, explode, isClean, LOG, linesIn, makeWorld, objectFile, repairIn, SESSION, verifyIn } from './world.ts';

type World = Awaited<ReturnType<typeof makeWorld>>;

/** What everything must come back to. */
const stateOf = async ({ a, ref, code }: World) => ({
  lines: await linesIn(a),
  refs: await git(a, 'rev-parse', ref, code),
  notes: await git(a, 'log', '-1', '--format=%N', '--notes=amp', `${code}^2`),
});

describe('what another clone has comes back as it was', () => {
  let world: World;
  let sound: Awaited<ReturnType<typeof stateOf>>;
  beforeAll(async () => {
    world = await makeWorld();
    sound = await stateOf(world);
    await explode(world.a);
  });

  const spoil: [string, string, (world: World) => Promise<void>][] = [
    [
      'a blob of lines that is gone',
      'lines',
      async ({ a, ref }) =>
        rmSync(objectFile(a, await git(a, 'rev-parse', `${ref}~1:events-0000000011-${SESSION}.ndjson`))),
    ],
    [
      'a blob with another byte',
      'lines',
      async ({ a, ref }) => {
        const file = objectFile(a, await git(a, 'rev-parse', `${ref}:events-0000000021-${SESSION}.ndjson`));
        const bytes = readFileSync(file);
        bytes[30]! ^= 4;
        writeFileSync(file, bytes);
      },
    ],
    [
      'a commit in the middle, and a tree',
      'lines',
      async ({ a, ref }) => {
        rmSync(objectFile(a, await git(a, 'rev-parse', `${ref}~1`)));
        rmSync(objectFile(a, await git(a, 'rev-parse', `${ref}^{tree}`)));
      },
    ],
    [
      'the end of the chain, and its ref',
      'lines',
      async ({ a, ref }) => {
        const tip = await git(a, 'rev-parse', ref);
        await git(a, 'update-ref', '-d', ref);
        rmSync(objectFile(a, tip));
      },
    ],
    ['a ref that is gone', 'ref', async ({ a, ref }) => void (await git(a, 'update-ref', '-d', ref))],
    ['a ref on another history', 'ref', async ({ a, ref }) => void (await git(a, 'update-ref', ref, 'HEAD'))],
    ['a ref that was moved back', 'ref', async ({ a, ref }) => void (await git(a, 'update-ref', ref, `${ref}~2`))],
    ['a code ref that is gone', 'code', async ({ a, code }) => void (await git(a, 'update-ref', '-d', code))],
    ['a kept commit that is gone', 'code', async ({ a, commit }) => rmSync(objectFile(a, commit))],
    [
      'a long text that is gone',
      'lines',
      async ({ a, ref }) => {
        const names = await git(a, 'ls-tree', `${ref}~1`);
        rmSync(objectFile(a, /blob (\S+)\tpayload-/.exec(names)![1]!));
      },
    ],
    ['notes that are gone', 'notes', async ({ a }) => void (await git(a, 'update-ref', '-d', 'refs/notes/amp'))],
    [
      'a note that tells another story',
      'notes',
      async ({ a, commit }) => {
        const note = await git(a, 'notes', '--ref=amp', 'show', commit);
        await git(a, 'notes', '--ref=amp', 'add', '-f', '-m', note.replace('"files":2', '"files":7'), commit);
      },
    ],
    [
      'notes whose blob is gone',
      'notes',
      async ({ a, commit }) => {
        await explode(a);
        rmSync(objectFile(a, await git(a, 'notes', '--ref=amp', 'list', commit)));
      },
    ],
  ];
  test.each(spoil)('%s', async (_, what, damage) => {
    const { a } = world;
    await damage(world);
    const answer = await repairIn(a);
    expect([answer.ok, answer.problems, answer.unrepaired]).toEqual([true, [], []]);
    expect(answer.repaired).toMatchObject([{ what }]);
    expect(await stateOf(world)).toEqual(sound);
  });

  test('a dry run tells all and changes nothing; a second run finds nothing', async () => {
    const { a, ref } = world;
    await git(a, 'update-ref', '-d', ref);
    expect((await repairIn(a, { dryRun: true })).repaired).toMatchObject([{ what: 'ref', kept: [] }]);
    expect((await verifyIn(a)).ok).toBe(false);
    expect((await repairIn(a)).ok).toBe(true);
    expect((await repairIn(a)).repaired).toEqual([]);
    expect(await isClean(a)).toBe('');
  });

  test('what was in the way is kept: the refs, the files', async () => {
    const { a } = world;
    expect((await git(a, 'for-each-ref', '--format=%(refname)', 'refs/amp-damaged')).split('\n').length).toBe(3);
    expect((await sh(a, 'ls .git/amp/quarantine/objects.*')).stdout).toMatch(/[0-9a-f]{40}/);
    expect((await sh(a, 'ls .git/objects/pack/*.keep')).stdout).toBe('');
  });

  test('a spoiled pack is written anew, with all else that was in it', async () => {
    const { a, ref } = world;
    await git(a, 'repack', '-adq');
    const pack = (await sh(a, 'ls .git/objects/pack/*.pack')).stdout.trim();
    const listing = (await sh(a, `git verify-pack -v ${pack}`)).stdout;
    const blob = await git(a, 'rev-parse', `${ref}~1:events-0000000011-${SESSION}.ndjson`);
    const offset = Number(new RegExp(`^${blob} blob\\s+\\d+ \\d+ (\\d+)`, 'm').exec(listing)![1]);
    await sh(a, `chmod u+w ${pack}`);
    const bytes = readFileSync(join(a, pack));
    bytes[offset + 40]! ^= 16;
    writeFileSync(join(a, pack), bytes);
    expect((await verifyIn(a)).ok).toBe(false);
    const answer = await repairIn(a);
    expect([answer.ok, answer.repaired]).toMatchObject([true, [{ what: 'lines', source: 'origin' }]]);
    expect(await stateOf(world)).toEqual(sound);
    expect(await isClean(a)).toBe('');
  });

  test('lines that somebody changed in git go back to what the hashes call for', async () => {
    const { a, ref } = world;
    const tip = await git(a, 'rev-parse', ref);
    const file = `events-0000000011-${SESSION}.ndjson`;
    await sh(a, `git show ${ref}~1:${file} | sed 's/step 12/step 99/' > .git/changed`);
    const blob = await git(a, 'hash-object', '-w', '.git/changed');
    await sh(a, `git ls-tree ${ref}~1 | sed 's/[0-9a-f]*\\t${file}/${blob}\\t${file}/' | git mktree > .git/tree`);
    const tree = readFileSync(join(a, '.git/tree'), 'utf8').trim();
    const middle = (await sh(a, `git log -1 --format=%B ${ref}~1 | git commit-tree ${tree} -p ${ref}~2`)).stdout.trim();
    const end = (
      await sh(a, `git log -1 --format=%B ${ref} | git commit-tree ${ref}^{tree} -p ${middle}`)
    ).stdout.trim();
    await git(a, 'update-ref', ref, end);
    expect((await verifyIn(a)).ok).toBe(false);
    const answer = await repairIn(a);
    expect([answer.ok, await git(a, 'rev-parse', ref)]).toEqual([true, tip]);
    expect(await git(a, 'rev-parse', answer.repaired[0]!.kept[0]!)).toBe(end);
    expect(await stateOf(world)).toEqual(sound);
  });

  test('a clone that did not write the log repairs it too', async () => {
    const { b, up, ref } = world;
    await explode(b);
    rmSync(objectFile(b, await git(b, 'rev-parse', `${ref}~1:events-0000000011-${SESSION}.ndjson`)));
    expect((await repairIn(b, { from: up })).repaired).toMatchObject([
      { what: 'lines', log: LOG, from: 11, to: 20, objects: 1 },
    ]);
    expect(await linesIn(b)).toEqual(sound.lines);
  });

  test('a cache that is cut is made again', async () => {
    const ctx = await contextIn(world.a);
    mkdirSync(dirname(indexFile(ctx.repo)), { recursive: true });
    writeFileSync(indexFile(ctx.repo), '{"session":"s1","tips":[],"summary":{}}\n{"sess');
    expect((await repairIn(world.a)).repaired).toMatchObject([{ what: 'cache' }]);
    expect(existsSync(indexFile(ctx.repo))).toBe(false);
  });
});

describe('lines that are not in git yet', () => {
  test('a changed, a lost and a torn line come back from a copy of the folder, and nothing from nowhere', async () => {
    const world = await makeWorld();
    const { a, wal } = world;
    await append(a, 4);
    const sound = await linesIn(a);
    const copy = join(tempDir('amp-copy-'), 'copy');
    cpSync(a, copy, { recursive: true, verbatimSymlinks: true });
    const lines = readFileSync(wal, 'utf8').split('\n');
    const damages: [string, string, number][] = [
      ['changed', readFileSync(wal, 'utf8').replace('step 101', 'step 777'), 32],
      ['lost', [lines[0], ...lines.slice(2)].join('\n'), 32],
      ['no line', lines.with(2, lines[2]!.replace('{', '[')).join('\n'), 33],
      ['two lost', [lines[0], lines[3], ''].join('\n'), 32],
    ];
    for (const [, bytes, first] of damages) {
      writeFileSync(wal, bytes);
      const alone = await repairIn(a);
      expect([alone.ok, alone.unrepaired.length, readFileSync(wal, 'utf8')]).toEqual([false, 1, bytes]);
      expect(alone.unrepaired[0]!.detail).toMatch(/^nobody has events? 3/);
      const answer = await repairIn(a, { from: copy });
      expect([answer.ok, answer.repaired]).toMatchObject([true, [{ what: 'lines', from: first, source: copy }]]);
      expect(readFileSync(join(a, '.git', answer.repaired[0]!.kept[0]!), 'utf8')).toBe(bytes);
      expect(await linesIn(a)).toEqual(sound);
      // What was set aside is a source from now on: it must never be taken for the good one.
      rmSync(join(a, '.git', 'amp/quarantine'), { recursive: true });
    }
    writeFileSync(wal, lines.with(3, lines[3]!.replace('step', 'leap')).join('\n'));
    expect((await repairIn(a, { from: copy })).repaired).toEqual([]);
  });

  test('a file that says otherwise than git gives way to git, and a lost long text comes back', async () => {
    const { a, wal, lane, ref } = await makeWorld();
    const text = await git(a, 'show', `${ref}:events-0000000021-${SESSION}.ndjson`);
    writeFileSync(wal, `${text.replace('step 22', 'step 77')}\n`);
    expect((await verifyIn(a)).ok).toBe(false);
    expect(await repairIn(a)).toMatchObject({ ok: true, repaired: [{ what: 'file', source: 'this clone' }] });
    expect(existsSync(wal)).toBe(false);
    const { store, repo } = await contextIn(a);
    await store.append(LOG, [
      { type: 'agent-message.received', by: 'agent', data: { iteration: 1, text: 'z'.repeat(70_000) } },
    ]);
    const copy = join(tempDir('amp-copy-'), 'copy');
    cpSync(a, copy, { recursive: true, verbatimSymlinks: true });
    rmSync(payloadDir(repo, lane), { recursive: true });
    expect((await verifyIn(a)).logs[0]!.problems).toMatchObject([{ kind: 'payload', seq: 31 }]);
    expect(await repairIn(a, { from: copy })).toMatchObject({ ok: true, repaired: [{ what: 'long texts' }] });
    truncateSync(wal, 20);
    expect((await verifyIn(a)).ok).toBe(true);
  });
});
