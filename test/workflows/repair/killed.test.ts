import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readRef } from '../../../src/git/refs.ts';
import { takeObjects } from '../../../src/git/take-objects.ts';
import { quarantineDir } from '../../../src/store/layout.ts';
import { KEEP } from '../../../src/store/repair/apply-lane.ts';
import { cli } from '../../support/cli.ts';
import { git, sh } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { append, explode, isClean, LOG, linesIn, makeWorld, objectFile, repairIn, SESSION, verifyIn } from './world.ts';

describe('a repair that died half-way', () => {
  let world: Awaited<ReturnType<typeof makeWorld>>;
  let sound: string[];
  beforeAll(async () => {
    world = await makeWorld();
    sound = await linesIn(world.a);
    await explode(world.a);
  });
  const blobOf = ({ a, ref }: typeof world) => git(a, 'rev-parse', `${ref}~1:events-0000000011-${SESSION}.ndjson`);

  test('after the pack came in: its protection goes with the next one', async () => {
    const { a, b } = world;
    const [ours, theirs] = [await contextIn(a), await contextIn(b)];
    const id = await blobOf(world);
    rmSync(objectFile(a, id));
    const folder = join(quarantineDir(ours.repo), 'half');
    await takeObjects(ours.repo, { from: theirs.repo, ids: [id], reason: KEEP, folder });
    expect((await sh(a, 'ls .git/objects/pack/*.keep')).exitCode).toBe(0);
    expect((await verifyIn(a)).ok).toBe(true);
    await git(a, 'update-ref', '-d', world.ref);
    expect(await repairIn(a)).toMatchObject({ ok: true, repaired: [{ what: 'ref' }] });
    expect((await sh(a, 'ls .git/objects/pack/*.keep')).exitCode).not.toBe(0);
    expect(await linesIn(a)).toEqual(sound);
  });

  test('between the file and the ref: lines in both places are one and the same', async () => {
    const { a, ref, wal } = world;
    const last = await git(a, 'show', `${ref}:events-0000000021-${SESSION}.ndjson`);
    const tip = await git(a, 'rev-parse', ref);
    // As it is when lines have been put into the file and the ref has not gone back yet.
    writeFileSync(wal, `${last}\n`);
    expect((await verifyIn(a)).ok).toBe(true);
    await git(a, 'update-ref', ref, `${ref}~1`);
    expect((await verifyIn(a)).ok).toBe(false);
    expect(await repairIn(a)).toMatchObject({ ok: true });
    expect([await git(a, 'rev-parse', ref), await linesIn(a)]).toEqual([tip, sound]);
    rmSync(wal, { force: true });
  });

  test.each([60, 250, 500])('killed after %i ms: the next one ends it, and nothing is lost', async (ms) => {
    const { a } = world;
    await explode(a);
    rmSync(objectFile(a, await blobOf(world)));
    rmSync(objectFile(a, await git(a, 'rev-parse', `${world.ref}^{tree}`)));
    const program = `timeout -s KILL ${ms / 1000} node '${join(import.meta.dirname, '../../../bin/run.js')}' verify --repair`;
    await sh(a, program);
    expect(await repairIn(a)).toMatchObject({ ok: true, unrepaired: [] });
    expect(await linesIn(a)).toEqual(sound);
    expect(await isClean(a)).toBe('');
    expect((await sh(a, 'ls .git/objects/pack/*.keep')).exitCode).not.toBe(0);
  });
});

describe('as a person types it', () => {
  test('a dry run, the repair, what cannot be repaired, and wrong words', async () => {
    const { a, ref, wal } = await makeWorld();
    await explode(a);
    rmSync(objectFile(a, await git(a, 'rev-parse', `${ref}~1:events-0000000011-${SESSION}.ndjson`)));
    const plain = await cli(a, ['verify']);
    expect([plain.exitCode, plain.stderr]).toEqual([7, expect.stringContaining('verify --repair')]);
    const dry = await cli(a, ['verify', '--repair', '--dry-run']);
    expect(dry.stdout).toContain(`would be put right\n  + ${LOG}: events 11 to 20, would be taken from origin`);
    expect((await cli(a, ['verify', '-q'])).exitCode).toBe(7);
    const done = await cli(a, ['verify', '--repair', '--json']);
    expect([done.exitCode, JSON.parse(done.stdout)]).toMatchObject([
      0,
      { ok: true, dryRun: false, repaired: [{ what: 'lines', log: LOG, from: 11, to: 20, source: 'origin' }] },
    ]);
    expect((await cli(a, ['verify', '--repair'])).stdout).toContain('Nothing had to be put right.');

    await append(a, 3);
    const bytes = readFileSync(wal, 'utf8').split('\n');
    writeFileSync(wal, [bytes[0], bytes[2], ''].join('\n'));
    const lost = await cli(a, ['verify', '--repair']);
    expect([lost.exitCode, lost.stdout]).toEqual([7, expect.stringContaining('nobody has events 32 to 33')]);

    expect((await cli(a, ['verify', '--from', 'origin'])).exitCode).toBe(2);
    expect((await cli(a, ['verify', '--dry-run'])).exitCode).toBe(2);
    expect((await cli(a, ['verify', '--repair', '--from', 'nobody'])).exitCode).toBe(1);
    expect((await cli(a, ['verify', '--repair', '--from', '/nowhere/at/all'])).exitCode).toBe(1);
  });

  test('without any remote the quarantine alone is asked; a remote that is gone is told and passed over', async () => {
    const { a, ref } = await makeWorld();
    await explode(a);
    const blob = await git(a, 'rev-parse', `${ref}:events-0000000021-${SESSION}.ndjson`);
    rmSync(objectFile(a, blob));
    await git(a, 'remote', 'set-url', 'origin', '/nowhere/at/all');
    const ctx = await contextIn(a);
    const gone = await repairIn(a);
    expect([gone.ok, gone.repaired, gone.unrepaired]).toMatchObject([false, [], [{ log: LOG }]]);
    await git(a, 'remote', 'remove', 'origin');
    expect(await repairIn(a)).toMatchObject({ ok: false, repaired: [], unrepaired: [{ log: LOG }] });
    expect(await readRef(ctx.repo, ref)).toMatch(/^[0-9a-f]{40}$/);
    expect(existsSync(join(a, '.git/amp/quarantine'))).toBe(false);
  });
});
