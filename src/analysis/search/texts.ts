import { quote } from '../text.ts';

/** What a text is: a task or prompt, what the agent said, how it called a tool, what a program wrote, a commit. */
export const KINDS = ['prompt', 'message', 'tool', 'output', 'commit'] as const;
export type Kind = (typeof KINDS)[number];

/** A word in a prompt says more about a session than one in a test run's output. */
export const WEIGHTS: Record<Kind, number> = { prompt: 1.4, commit: 1.3, message: 1, tool: 0.8, output: 0.7 };

/** Events that have the end of what a program wrote: the tests, the set-up, a hook. */
const WITH_OUTPUT = ['test-run.finished', 'setup.finished', 'hook.finished'];

interface Part {
  kind: Kind | null;
  at: string;
  text: string;
  from: string;
  iteration?: string;
}

const PARTS: Part[] = [
  { kind: null, at: '"at"', text: 'text', from: 'messages' },
  { kind: 'tool', at: 'coalesce(started_at, finished_at)', text: "concat_ws(' ', tool, summary)", from: 'tool_calls' },
  { kind: 'commit', at: '"at"', text: 'subject', from: 'commits' },
  {
    kind: 'output',
    at: '"at"',
    text: "data->>'$.outputTail'",
    from: `events WHERE session IS NOT NULL AND type IN (${WITH_OUTPUT.map(quote).join(', ')})`,
    iteration: "TRY_CAST(data->>'$.iteration' AS INTEGER)",
  },
  {
    kind: 'commit',
    at: '"at"',
    text: "data->>'$.subject'",
    from: "events WHERE session IS NOT NULL AND type = 'squash.started'",
    iteration: 'NULL::INTEGER',
  },
];

/** What programs wrote, in full; no event has it. */
const TRANSCRIPT = `SELECT repo, session, writer, NULL::BIGINT AS seq, n AS said_at, iteration, "at", 'output' AS kind, output AS text
  FROM transcripts WHERE output IS NOT NULL`;

const SPOKEN = "CASE kind WHEN 'message' THEN 'message' ELSE 'prompt' END";

/** Every text there is to look through, as one query. */
export const TEXTS = [
  ...PARTS.map(
    ({ kind, at, text, from, iteration = 'iteration' }) =>
      `SELECT repo, session, writer, seq, NULL::BIGINT AS said_at, ${iteration} AS iteration, ${at} AS "at", ${kind === null ? SPOKEN : quote(kind)} AS kind, ${text} AS text FROM ${from}`,
  ),
  TRANSCRIPT,
].join('\nUNION ALL ');
