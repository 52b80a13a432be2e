import fc from 'fast-check';
import { describe, it } from 'vitest';
import { type Step, steps } from './landing-steps.ts';
import { Story, tally } from './landing-story.ts';

/** How long to go on; TEST_MACHINE_SECONDS=3600 for a longer night. Unsaid: a few stories, however slow the machine. */
const SECONDS = Number(process.env['TEST_MACHINE_SECONDS'] ?? 0);
const FEW = 2;
const SEED = Number(process.env['TEST_SEED'] ?? 20_261_122);
/** Stories beside each other: most of the time they wait for git. */
const LANES = 2;

const told = (story: Step[]): string =>
  story
    .map((step) =>
      JSON.stringify(step)
        .replaceAll(/[{}"]|do:/g, '')
        .replaceAll(',', ' '),
    )
    .join('\n');

let stories = 0;
let taken = 0;

const tell = async (story: Step[]): Promise<void> => {
  const one = await Story.begin();
  stories += 1;
  for (const [at, step] of story.entries()) {
    taken += 1;
    try {
      await one.take(step);
    } catch (error) {
      throw new Error(`at step ${at + 1} of\n${told(story)}\n${(error as Error).message}`, { cause: error });
    }
  }
  await one.end();
};

describe('landing, whatever people and programs do', () => {
  it(`loses nothing, and touches nothing that is not its own (seed ${SEED})`, {
    timeout: (SECONDS + 300) * 1000,
  }, async () => {
    const property = fc.asyncProperty(steps, tell);
    const lane = (seed: number) =>
      fc.assert(property, {
        seed,
        ...(SECONDS === 0
          ? { numRuns: FEW }
          : { numRuns: 100_000, interruptAfterTimeLimit: SECONDS * 1000, markInterruptAsFailure: false }),
      });
    await Promise.all(Array.from({ length: LANES }, (_, at) => lane(SEED + at)));
    const counts = [...tally].sort().map(([what, times]) => `${what} ${times}`);
    console.info(`${stories} stories, ${taken} steps: ${counts.join(', ')}`);
  });
});
