import { describe, expect, it } from 'vitest';
import { sh } from '../support/repo.ts';
import { dieAt, findPoints, hasStrace, type Point } from './crash-points.ts';
import { CrashWorld, must, type Sight } from './crash-world.ts';

/** One in so many points is tried, another one with each seed; CRASH_STEP=1 (`npm run test:crash`) tries them all. */
const STEP = Number(process.env['CRASH_STEP'] ?? 60);
const SEED = Number(process.env['TEST_SEED'] ?? 20_261_122);
/** Worlds beside each other. */
const LANES = STEP === 1 ? 3 : 2;
const TIMEOUT = { timeout: STEP === 1 ? 3_600_000 : 300_000 };

interface Verb {
  name: string;
  args: (id: string) => string[];
  /** What has to have happened before. */
  before?: (world: CrashWorld) => Promise<unknown>;
}

const run =
  (...args: string[]) =>
  (world: CrashWorld) =>
    must(world.dir, [args[0]!, world.id, ...args.slice(1)]);

const VERBS: Verb[] = [
  { name: 'squash', args: (id) => ['squash', id] },
  { name: 'merge', args: (id) => ['merge', id] },
  { name: 'merge --no-squash --no-ff', args: (id) => ['merge', id, '--no-squash', '--no-ff'] },
  { name: 'rewind', args: (id) => ['rewind', id, '--to', '1'] },
  { name: 'undo of a squash', args: (id) => ['undo', id], before: run('squash') },
  { name: 'undo of a merge', args: (id) => ['undo', id], before: run('merge') },
  { name: 'rebase', args: (id) => ['rebase', id] },
  { name: 'undo of a rebase', args: (id) => ['undo', id], before: run('rebase') },
  { name: 'undo of a rewind', args: (id) => ['undo', id], before: run('rewind', '--to', '1') },
];

interface Stage {
  world: CrashWorld;
  args: string[];
  before: Sight;
  after: Sight;
  events: number;
}

/** One a lane, for all verbs. */
const worlds: Promise<CrashWorld>[] = [];

const setStage = async (verb: Verb, lane = 0): Promise<Stage> => {
  worlds[lane] ??= CrashWorld.make();
  const world = await worlds[lane];
  await world.startAgain();
  await verb.before?.(world);
  await world.keep();
  await world.restore();
  const [before, { events }] = [await world.sight(), await world.record()];
  const args = verb.args(world.id);
  // Also so that the program's compiled code is in its cache: later runs make the same calls.
  await must(world.dir, args);
  return { world, args, before, after: await world.sight(), events: events.length };
};

const OUTCOME = /^The \w+ of task that a dead process had begun (was finished now\.|was rolled back: )/;

/** The next command finished it or took it back, all of it, and said so. @returns whether it is done */
const settled = async ({ world, before, after, events }: Stage): Promise<boolean> => {
  await world.expectNothingLost();
  const found = await world.record();
  const said = (await world.nextCommand()).filter((text) => OUTCOME.test(text));
  const { session, events: now } = await world.record();
  const sight = await world.sight();
  const done = sight.session === after.session;
  expect(sight).toEqual(done ? after : before);
  expect([session.openOperation, await world.locks()]).toEqual([null, '']);
  const ends = now.slice(events).filter(({ type }) => /\.finished$|^operation\.abandoned$/.test(type));
  if (found.session.openOperation) {
    expect(said).toEqual([expect.stringContaining(done ? 'was finished now.' : 'was rolled back: ')]);
    const end = done ? { type: expect.stringMatching(/\.finished$/), data: { recovered: true } } : undefined;
    expect(ends).toMatchObject([end ?? { type: 'operation.abandoned' }]);
  } else {
    expect(said).toEqual([]);
    // A program that outlived its git may have taken it back itself.
    expect(ends).toMatchObject(
      done ? [{ data: { recovered: false } }] : ends.map(() => ({ type: 'operation.abandoned' })),
    );
    expect(ends.length).toBeLessThan(2);
  }
  await world.expectNothingLost();
  await world.expectSound();
  return done;
};

/** A person's own git works in both checkouts, and the verb, if it was rolled back, comes to its end now. */
const expectUsable = async ({ world, args, after }: Stage, done: boolean): Promise<void> => {
  if (!done) {
    await must(world.dir, args);
    expect(await world.sight()).toEqual(after);
  }
  for (const cwd of [world.dir, world.worktree]) {
    const own = await sh(cwd, 'echo own > own.txt && git add own.txt && git commit -qm Own');
    expect([own.stderr, own.exitCode]).toEqual(['', 0]);
  }
  await world.expectSound();
};

const tryPoint = async (stage: Stage, point: Point, at: number): Promise<'died' | 'lived'> => {
  await stage.world.restore();
  const { died, exitCode, stderr } = await dieAt(point, stage.world.dir, stage.args);
  // Whoever said that it was done must have done it; nobody else has to have failed.
  const said = exitCode === 0;
  if (!died) expect(exitCode, stderr).toBe(0);
  const done = await settled(stage);
  if (said) expect(done).toBe(true);
  if (at % 3 === 0) await expectUsable(stage, done);
  if (!died && process.env['CRASH_STEP']) console.info(`lived through ${point.text}`);
  return died ? 'died' : 'lived';
};

describe.skipIf(!hasStrace)(`killed at any call that changes the repository (seed ${SEED}, 1 in ${STEP})`, () => {
  it.each(VERBS.map((verb) => [verb.name, verb] as const))('%s', TIMEOUT, async (name, verb) => {
    const stages = await Promise.all(Array.from({ length: LANES }, (_, lane) => setStage(verb, lane)));
    const [first] = stages;
    await first!.world.restore();
    const points = await findPoints(first!.world.dir, first!.args);
    // A git that dies alone is the rarer misfortune.
    const stepOf = ({ alone }: Point): number => (alone && STEP > 1 ? STEP * 2 : STEP);
    const chosen = points.filter((point, at) => at % stepOf(point) === SEED % stepOf(point));
    const counts = { died: 0, lived: 0 };
    const lane = async (stage: Stage): Promise<void> => {
      for (let point = chosen.shift(); point; point = chosen.shift()) {
        try {
          counts[await tryPoint(stage, point, points.indexOf(point))] += 1;
        } catch (error) {
          chosen.length = 0;
          throw new Error(`killed at ${point.text}: ${(error as Error).message}`, { cause: error });
        }
      }
    };
    await Promise.all(stages.map(lane));
    console.info(`${name}: ${points.length} points; of those tried it died at ${counts.died}, not at ${counts.lived}`);
    expect(points.length).toBeGreaterThan(50);
    expect(counts.died).toBeGreaterThan(counts.lived * 2);
  });

  it(
    'squash: a note that its last flush did not bring into git is made up for by the next command',
    TIMEOUT,
    async () => {
      const { world, args } = await setStage(VERBS[0]!);
      await world.restore();
      const points = await findPoints(world.dir, args);
      const last = points.findLast(({ alone, text }) => !alone && /rename\(.*refs\/amp\/sessions\//.test(text));
      await world.restore();
      await dieAt(last!, world.dir, args);
      expect((await world.record()).session.operations).toHaveLength(1);
      await world.nextCommand();
      const note = await sh(world.dir, `git notes --ref=amp show ${world.branch}`);
      expect(note.stdout).toContain('squash.finished');
    },
  );
});
