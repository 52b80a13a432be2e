import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { exec, git, sh, tempDir } from '../../support/repo.ts';
import { packIn } from '../history/pack-world.ts';
import { syncIn } from '../sync/world.ts';
import { explode, isClean, linesIn, makeWorld, objectFile, repairIn, SESSION, verifyIn } from './world.ts';

const SCRIPT = join(import.meta.dirname, '../../../scripts/verify-history.mjs');

let up: string;
let a: string;
let b: string;
let commit: string;
let ref: string;
let code: string;
let sound: unknown;

const stateOf = async (dir: string) => ({ lines: await linesIn(dir), refs: await git(dir, 'rev-parse', ref, code) });

/** What the small verifier comes to: its exit status. */
const small = async (dir: string): Promise<number | null> =>
  (await exec(dir, process.execPath, [SCRIPT, dir])).exitCode;

/** Both verifiers say that it is damaged. */
const expectDamage = async (dir: string): Promise<void> =>
  expect([(await verifyIn(dir)).ok, await small(dir)]).toEqual([false, 7]);

const expectRepaired = async (dir: string, from = up): Promise<void> => {
  const answer = await repairIn(dir, { from });
  expect([answer.ok, answer.problems, answer.unrepaired]).toEqual([true, [], []]);
  expect(answer.repaired).toMatchObject([{ what: 'archive' }]);
  expect(await stateOf(dir)).toEqual(sound);
  expect(await small(dir)).toBe(0);
};

/** The sealed log, which the archive's link has as its second parent. */
const sealed = async (dir: string): Promise<string> => git(dir, 'rev-parse', `${ref}^2`);

beforeAll(async () => {
  const world = await makeWorld();
  ({ up, a, b, commit } = world);
  await packIn(a, { all: true });
  ref = (await git(a, 'for-each-ref', '--format=%(refname)', 'refs/amp/archive')).trim();
  code = ref.replace('/archive/', '/code-archive/');
  await syncIn(a);
  await syncIn(b);
  sound = await stateOf(a);
});

describe('what was packed away comes back from another clone', () => {
  test('all is sound, and there is nothing to put right', async () => {
    expect(await stateOf(b)).toEqual(sound);
    expect((await repairIn(a)).repaired).toEqual([]);
    expect([await small(a), await small(b)]).toEqual([0, 0]);
  });

  const lost: [string, () => Promise<string[]>][] = [
    [
      'a sealed log, and its list',
      async () => [await sealed(a), `${await sealed(a)}:events-0000000001-${SESSION}.ndjson`, `${ref}:contents.ndjson`],
    ],
    [
      'the first link, and a long text',
      async () => [`${ref}~1`, /blob (\S+)\tpayload-/.exec(await git(a, 'ls-tree', await sealed(a)))![1]!],
    ],
  ];
  test.each(lost)('%s', async (_, wanted) => {
    const ids = [];
    for (const name of await wanted()) ids.push(await git(a, 'rev-parse', name));
    await explode(a);
    for (const id of ids) rmSync(objectFile(a, id));
    await expectDamage(a);
    await expectRepaired(a);
  });

  test('a commit that was kept, and the link that keeps it', async () => {
    const link = await git(a, 'rev-parse', code);
    await explode(a);
    for (const id of [commit, link]) rmSync(objectFile(a, id));
    await expectDamage(a);
    await expectRepaired(a);
  });

  test('a list with another byte: from a clone that is named, and the damaged one is kept', async () => {
    const id = await git(a, 'rev-parse', `${ref}:contents.ndjson`);
    await explode(a);
    const bytes = readFileSync(objectFile(a, id));
    bytes[30]! ^= 4;
    writeFileSync(objectFile(a, id), bytes);
    expect((await verifyIn(a)).ok).toBe(false);
    await expectRepaired(a, b);
    expect((await sh(a, 'find .git/amp/quarantine -type f')).stdout).toContain(id);
  });

  test('an archive of ours that is gone with its end; a dry run changes nothing', async () => {
    const tip = await git(a, 'rev-parse', ref);
    await explode(a);
    await git(a, 'update-ref', '-d', ref);
    rmSync(objectFile(a, tip));
    expect((await repairIn(a, { dryRun: true })).repaired).toMatchObject([{ what: 'archive', objects: 1 }]);
    await expectRepaired(a);
  });

  test("another writer's archive whose list was changed gives way to that of its clone; one that lists less does not", async () => {
    const right = await git(b, 'rev-parse', ref);
    const list = join(tempDir(), 'list');
    const changed = async (how: string): Promise<string> => {
      await sh(b, `git show ${right}:contents.ndjson | ${how} > '${list}'`);
      const blob = await git(b, 'hash-object', '-w', list);
      await sh(b, `git ls-tree ${right} | sed 's/[0-9a-f]*\tcontents/${blob}\tcontents/' | git mktree > '${list}'`);
      const tree = readFileSync(list, 'utf8').trim();
      return git(b, 'commit-tree', tree, '-p', `${right}^1`, '-p', `${right}^2`, '-m', 'wrong');
    };
    // Of the changed list, one line is nowhere else: nobody can tell that it is not the right one.
    await git(b, 'update-ref', ref, await changed(`sed 's/"lastSeq":[0-9]*/"lastSeq":3/'`));
    await expectDamage(b);
    expect((await repairIn(b, { from: up })).unrepaired).toMatchObject([
      { detail: `nobody has all that ${ref} was made of` },
    ]);
    const wrong = await changed('head -c 0');
    await git(b, 'update-ref', ref, wrong);
    await expectDamage(b);
    await expectRepaired(b);
    expect(await git(b, 'for-each-ref', '--format=%(objectname)', 'refs/amp-damaged/archive')).toBe(wrong);
  });

  test('what nobody has is named, and nothing else is put in its place', async () => {
    const blob = await git(a, 'rev-parse', `${await sealed(a)}:events-0000000001-${SESSION}.ndjson`);
    for (const dir of [a, b]) {
      await explode(dir);
      rmSync(objectFile(dir, blob));
    }
    const before = await git(a, 'for-each-ref');
    const answer = await repairIn(a, { from: b });
    expect([answer.ok, answer.repaired]).toEqual([false, []]);
    expect(answer.unrepaired).toMatchObject([{ detail: `nobody has all that ${ref} was made of` }]);
    expect(await git(a, 'for-each-ref')).toBe(before);
    await expectRepaired(a);
    expect(await isClean(a)).toBe('');
  });
});
