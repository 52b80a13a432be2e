import type { AgentFact, AgentRun } from '../agents/agent.ts';
import { shortSummary } from '../agents/tool-text.ts';
import type { Draft, EventData, LogEvent } from '../events/catalogue.ts';
import { sessionLog } from '../events/envelope.ts';
import type { TranscriptDraft, TranscriptLine } from '../store/log-store.ts';
import type { Context } from './context.ts';
import type { Journal } from './journal.ts';
import { type Digest, TranscriptDigest } from './transcript-digest.ts';

export type AgentEndFact = Extract<AgentFact, { kind: 'finished' }>;

/** An agent's fact as an event; a line is transcript and no event. */
const draftOf = (iteration: number, fact: AgentFact): Draft | undefined => {
  switch (fact.kind) {
    case 'line':
      return undefined;
    case 'thread':
      return {
        type: 'thread.started',
        by: 'agent',
        data: { iteration, threadId: fact.threadId, mode: fact.mode, model: fact.model },
      };
    case 'message':
      return { type: 'agent-message.received', by: 'agent', data: { iteration, text: fact.text } };
    case 'tool-started': {
      const { kind: _, ...data } = fact;
      return { type: 'tool-call.started', by: 'agent', data: { iteration, ...data } };
    }
    case 'tool-finished': {
      const { kind: _, durationMs, ...data } = fact;
      return {
        type: 'tool-call.finished',
        by: 'agent',
        data: { iteration, ...data, durationMs: durationMs === null ? null : Math.round(durationMs) },
      };
    }
    case 'usage': {
      const { kind: _, ...data } = fact;
      return { type: 'usage.reported', by: 'agent', data: { iteration, ...data } };
    }
    case 'cost': {
      const { kind: _, ...data } = fact;
      return { type: 'cost.reported', by: 'agent', data: { iteration, ...data } };
    }
    case 'finished':
      return endDraft(iteration, fact);
  }
};

const endDraft = (iteration: number, end: AgentEndFact): Draft => ({
  type: 'agent.finished',
  by: 'program',
  data: {
    iteration,
    exitCode: end.exitCode,
    signal: end.signal,
    timedOut: end.stopped === 'timeout',
    durationMs: Math.round(end.durationMs),
    result: end.result && { subtype: end.result.subtype, isError: end.result.isError, turns: end.result.turns },
    failure: end.failure && { code: end.failure.code, message: end.failure.message },
    stopped: end.stopped,
    unknownLines: end.unknownLines,
    unreadableLines: end.unreadableLines,
    survivors: end.survivors,
  },
});

/** A call's line is cut once its secrets are out: half a secret is not known any more. */
const shortened = async (ctx: Context, fact: AgentFact): Promise<AgentFact> =>
  fact.kind === 'tool-started' ? { ...fact, summary: shortSummary(await ctx.redact(fact.summary)) } : fact;

/** What a person is told is what went on record. */
const asKept = (end: AgentEndFact, event: LogEvent | undefined): AgentEndFact => {
  const kept = (event?.data as EventData<'agent.finished'> | undefined)?.failure;
  return end.failure && kept ? { ...end, failure: { ...end.failure, message: kept.message } } : end;
};

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A line as the transcript keeps it: text where the bytes are valid UTF-8, else base64 of the very bytes. */
const transcriptDraft = (iteration: number, fact: Extract<AgentFact, { kind: 'line' }>): TranscriptDraft => {
  const rest = { iteration, stream: fact.stream, ...(fact.more && { more: fact.more }) };
  try {
    return { ...rest, line: strict.decode(fact.bytes) };
  } catch {
    return { ...rest, bytes: fact.bytes.toString('base64') };
  }
};

/**
 * Listens to a run until its last fact, recording each: a line goes to the transcript before the facts made from it
 * go to the log. Returns the last fact.
 */
export const recordFacts = async (
  ctx: Context,
  journal: Journal,
  iteration: number,
  agent: AgentRun,
  onLine?: (line: TranscriptLine) => void,
): Promise<{ end: AgentEndFact; transcript: Digest | null }> => {
  const log = sessionLog(journal.id);
  const digest = new TranscriptDigest();
  let end: AgentEndFact | undefined;
  for await (const fact of agent.facts) {
    if (fact.kind === 'line') {
      const kept = await ctx.store.appendTranscript(log, [transcriptDraft(iteration, fact)]);
      digest.add(kept);
      if (onLine) kept.forEach(onLine);
      continue;
    }
    const draft = draftOf(iteration, await shortened(ctx, fact));
    const [event] = draft ? await journal.record([draft]) : [];
    if (fact.kind === 'finished') end = asKept(fact, event);
  }
  if (!end) throw new Error('the agent adapter ended its facts without `finished`');
  return { end, transcript: digest.result() };
};
