import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { locateRepository } from '../../../src/git/locate.ts';
import { addTombstones } from '../../../src/store/tombstones.ts';
import { git } from '../../support/repo.ts';
import { explode, makeWorld, objectFile, repairIn, SESSION, verifyIn } from './world.ts';

const TOMBSTONE = 'refs/amp/tombstones/w999999999';

describe('a session that was forgotten while its damage was looked for elsewhere', () => {
  let world: Awaited<ReturnType<typeof makeWorld>>;
  let tombstone = '';
  const refs = () => git(world.a, 'for-each-ref', '--format=%(refname)', 'refs/amp', 'refs/amp-damaged');

  /** The log's ref and its last commit are gone, as are those of the code: only another clone has them. */
  const damage = async (): Promise<void> => {
    await explode(world.a);
    for (const ref of [world.ref, world.code]) {
      const tip = await git(world.a, 'rev-parse', ref);
      await git(world.a, 'update-ref', '-d', ref);
      rmSync(objectFile(world.a, tip));
    }
  };

  beforeAll(async () => {
    world = await makeWorld();
    const { a } = world;
    const repo = await locateRepository(a);
    const entries = [{ kind: 'forgotten' as const, session: SESSION, at: '2026-01-01T00:00:00.000Z' }];
    await addTombstones(repo, 'w999999999', entries, { clock: systemClock });
    tombstone = await git(a, 'rev-parse', TOMBSTONE);
    await git(a, 'update-ref', '-d', TOMBSTONE);
    rmSync(join(a, '.git/amp/tips/w999999999'), { force: true });
  });

  it('comes back whole as long as nobody has forgotten it', async () => {
    await damage();
    const answer = await repairIn(world.a);
    expect(answer.ok).toBe(true);
    expect(answer.repaired.map(({ what, source }) => `${what} of ${source}`).sort()).toEqual([
      'code of origin',
      'lines of origin',
    ]);
  });

  it('is not brought back: neither its log nor its code', async () => {
    const { a } = world;
    await damage();
    expect((await verifyIn(a)).ok).toBe(false);
    let asked = 0;
    const onStep = (): void => {
      asked += 1;
      execFileSync('git', ['update-ref', TOMBSTONE, tombstone], { cwd: a });
    };
    const answer = await repairIn(a, { onStep });
    expect(asked).toBeGreaterThan(0);
    expect(answer.repaired.filter(({ log }) => log === `sessions/${SESSION}`)).toEqual([]);
    expect(await refs()).toBe(TOMBSTONE);
  });

  it('is not brought back by a later run either, which finds no damage', async () => {
    const answer = await repairIn(world.a);
    expect([answer.ok, answer.repaired, answer.unrepaired]).toEqual([true, [], []]);
    expect(answer.logs).toEqual([]);
    expect(await refs()).toBe(TOMBSTONE);
  });
});
