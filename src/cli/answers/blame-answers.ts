import { z } from 'zod';
import { count, objectId, open, sessionId, time } from './shapes.ts';

const share = {
  kind: z
    .enum(['agent', 'manual', 'other', 'uncommitted'])
    .describe('an iteration; a person on a session’s branch; no session; not committed yet'),
  session: sessionId.optional(),
  name: z.string().optional().describe('of the session; absent where its log is not here'),
  iteration: z.int().min(1).optional().describe('absent where one commit holds several'),
  writer: z.string().optional().describe('the clone that ran it, where several have an iteration of that number'),
  agent: z.string().optional(),
  mode: z.string().nullable().optional(),
  prompt: z.string().optional().describe('one line, shortened'),
};

const line = {
  line: z.int().min(1),
  text: z.string().describe('without its newline'),
  commit: objectId.optional().describe('absent where the line is not committed yet'),
  ...share,
  author: open({ name: z.string(), email: z.string() }).optional(),
  at: time.optional(),
  subject: z.string().optional(),
};

/** What `blame` prints with `--json`. */
export const blameAnswers = {
  blame: open({
    path: z.string().describe('from the top of the tree'),
    commit: objectId.describe('whose version of the file it is, or what the checkout stands on'),
    lines: z.array(open(line)),
    summary: z.array(open({ ...share, lines: count })).describe('who has how many lines, most first'),
  }),
};
