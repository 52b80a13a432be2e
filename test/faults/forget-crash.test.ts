import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isForgetPending } from '../../src/store/forget/pending.ts';
import { withContext } from '../../src/workflows/context.ts';
import { summaries } from '../../src/workflows/summaries.ts';
import { verify } from '../../src/workflows/verify.ts';
import { git } from '../support/repo.ts';
import { placesOf } from '../workflows/forget/world.ts';
import { dieAt, findPoints, hasStrace, type Point } from './crash-points.ts';
import { CrashWorld, must } from './crash-world.ts';

/** One in so many points is tried, another one with each seed; CRASH_STEP=1 tries them all. */
const STEP = Number(process.env['CRASH_STEP'] ?? 200);
const SEED = Number(process.env['TEST_SEED'] ?? 20_261_122);
/** Of the prompt: it stands in log, transcript and notes. */
const WORD = 'Add lines';

/** What any command does first; whoever died, it is all done afterwards, or nothing was. */
const nextCommand = (world: CrashWorld): Promise<string[]> =>
  withContext({ dir: world.dir }, async (ctx) => {
    expect([isForgetPending(ctx.repo), (await verify(ctx)).problems]).toEqual([false, []]);
    return (await summaries(ctx)).map(({ id }) => id);
  });

const expectWhole = async (world: CrashWorld): Promise<void> => {
  const { session } = await world.record();
  expect([session.iterations.length, existsSync(world.worktree)]).toEqual([2, true]);
  expect(await git(world.dir, 'branch', '--list', world.branch)).not.toBe('');
};

const expectGone = async (world: CrashWorld): Promise<void> => {
  expect(await placesOf(world.dir, [WORD])).toEqual([]);
  expect([existsSync(world.worktree), await git(world.dir, 'branch', '--list', world.branch)]).toEqual([false, '']);
};

const tryPoint = async (world: CrashWorld, point: Point, args: string[]): Promise<string> => {
  await world.restore();
  const { died, exitCode, stderr } = await dieAt(point, world.dir, args);
  if (!died) expect(exitCode, stderr).toBe(0);
  const left = await nextCommand(world);
  const isForgotten = (await git(world.dir, 'for-each-ref', 'refs/amp/tombstones')) !== '';
  expect(left).toEqual(isForgotten ? [] : [world.id]);
  await (isForgotten ? expectGone(world) : expectWhole(world));
  if (exitCode === 0) expect(isForgotten).toBe(true);
  await world.expectSound();
  expect(await world.locks()).toBe('');
  if (!isForgotten) await must(world.dir, args);
  await expectGone(world);
  return died ? 'died' : 'lived';
};

describe.skipIf(!hasStrace)(
  `forget, killed at any call that changes the repository (seed ${SEED}, 1 in ${STEP})`,
  () => {
    it('comes to its end with the next command', { timeout: STEP < 10 ? 3_600_000 : 300_000 }, async () => {
      const world = await CrashWorld.make();
      await world.keep();
      const args = ['forget', world.id, '-y', '--unmerged'];
      // Once, so that the program's compiled code is in its cache.
      await must(world.dir, args);
      await world.restore();
      const points = await findPoints(world.dir, args);
      const chosen = points.filter((_, at) => at % STEP === SEED % STEP);
      const counts: Record<string, number> = { died: 0, lived: 0 };
      for (const point of chosen)
        try {
          counts[await tryPoint(world, point, args)]! += 1;
        } catch (error) {
          throw new Error(`killed at ${point.text}: ${(error as Error).message}`, { cause: error });
        }
      console.info(`${points.length} points; of those tried it died at ${counts['died']}, not at ${counts['lived']}`);
      expect(points.length).toBeGreaterThan(50);
      expect(chosen.length).toBeGreaterThan(0);
    });
  },
);
