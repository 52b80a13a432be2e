import { z } from 'zod';
import { count, open } from './shapes.ts';

const ids = (what: string) => z.array(z.string()).describe(what);

/** What `bench compare` prints with `--json`. */
export const compareAnswers = {
  'bench:compare': open({
    agent: z.string(),
    repeat: z.int().min(1),
    compared: count.describe('cases graded by both'),
    agree: count,
    onlyHere: ids('resolved here, and not by the official harness'),
    onlyThere: ids('resolved by the official harness, and not here'),
    ungradableHere: z.array(
      open({ id: z.string(), there: z.enum(['resolved', 'unresolved', 'empty', 'error', 'incomplete']) }),
    ),
    missingThere: ids('graded here, and not there'),
    missingHere: ids('graded there, and not run here'),
    reasons: z.record(z.string(), z.string()).describe('what the official harness says of those that differ'),
  }),
};
