import { z } from 'zod';
import { count, open, sessionId, time } from './shapes.ts';

const hit = {
  repository: z.string().describe('folder of the repository'),
  session: sessionId,
  name: z.string().nullable().describe('of the session'),
  iteration: z.int().nullable().describe('null: the text belongs to the session, not to one iteration'),
  kind: z
    .enum(['prompt', 'message', 'tool', 'output', 'commit'])
    .describe('task or prompt; what the agent said; how it called a tool; what a program wrote; subject of a commit'),
  writer: z.string().describe('with `seq`: the event that has the text'),
  seq: z.int().nullable().describe('null: the transcript has it'),
  line: z.int().nullable().describe('of the transcript of the iteration, from 1; null: the event has it'),
  at: time.nullable(),
  score: z.number().describe('how well it fits; to be compared within one answer'),
  snippet: z.string().describe('one line of the text, not made harmless for a terminal'),
  hits: z.array(z.tuple([z.int(), z.int()])).describe('from and to in the snippet, in UTF-16 units'),
};

/** What `search` prints with `--json`. */
export const searchAnswers = {
  search: open({
    items: z.array(open(hit)).describe('the best first'),
    total: count.describe('texts that fit, shown or not'),
  }),
};
