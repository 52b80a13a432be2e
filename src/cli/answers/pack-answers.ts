import { z } from 'zod';
import { count, open } from './shapes.ts';

/** What `history pack` prints with `--json`. */
export const packAnswers = {
  'history:pack': open({
    dryRun: z.boolean(),
    items: z
      .array(
        open({
          session: z.string(),
          name: z.string(),
          state: z.string(),
          lastActivityAt: z.string(),
          archive: z.string().describe('the ref that it goes into'),
        }),
      )
      .describe('old enough and closed'),
    packed: z.array(z.string()).describe('sessions that were packed away'),
    skipped: z.array(open({ session: z.string(), name: z.string(), why: z.string() })),
    refs: open({ before: count, after: count }).describe('all of ours; without -y what would be'),
  }),
};
