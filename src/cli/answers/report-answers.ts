import { z } from 'zod';
import { count, open, sessionId } from './shapes.ts';

/** What `report` prints with `--json`. */
export const reportAnswers = {
  report: open({
    format: z.enum(['markdown', 'html']),
    output: z.string().nullable().describe('the file; null: the report is in `text`'),
    text: z.string().optional().describe('only where no file was asked for'),
    bytes: count.describe('of the report, in UTF-8'),
    sessions: z.array(sessionId).describe('newest first'),
    pages: count.describe('sessions with a page of their own'),
    costUsd: z.string().nullable().describe('US dollars, exact decimals; null: unknown'),
  }),
};
