import { AppError } from '../errors.ts';
import type { AgentChoice, Session } from '../session/state.ts';
import { chooseAgent, refuseSecrets } from './choices.ts';
import type { Context } from './context.ts';
import { fullText } from './full-text.ts';
import { withJournal } from './journal.ts';
import { readSession, type SessionSummary } from './summaries.ts';

export interface RenameFlags {
  name?: string;
  prompt: string | null;
  /** An empty one takes the test command away. */
  test?: string;
  agent?: string;
  model?: string;
}

/** Gives a session another name, prompt, test command or agent; each change is an event of its own. */
export const renameSession = (
  ctx: Context,
  which: SessionSummary,
  flags: RenameFlags,
): Promise<{ session: Session; changed: string[] }> =>
  withJournal(ctx, { id: which.id, name: which.name, command: 'rename' }, async (journal) => {
    if (flags.name?.trim() === '')
      throw new AppError('usage.invalid', 'A session needs a name.', { hint: 'Give one with --name.' });
    await refuseSecrets(ctx, { 'test command': flags.test, "agent's program": flags.agent });
    const events = await journal.decide({ do: 'rename', ...(await wishFrom(ctx, flags, journal.session.agent)) });
    return { session: journal.session, changed: events.map(({ type }) => type) };
  });

/** The prompt that a session has now, whole; empty when it has none. */
export const presentPrompt = async (ctx: Context, id: string): Promise<string> => {
  const { prompt } = await readSession(ctx, id);
  return prompt === null ? '' : fullText(ctx, id, prompt);
};

/** The wish that the flags of `rename` express. */
const wishFrom = async (ctx: Context, flags: RenameFlags, own: AgentChoice) => ({
  ...(flags.name !== undefined && { name: await ctx.redact(flags.name.trim()) }),
  ...(flags.prompt !== null && { prompt: flags.prompt }),
  ...(flags.test !== undefined && { test: flags.test.trim() || null }),
  ...((flags.agent !== undefined || flags.model !== undefined) && { agent: chooseAgent(ctx, flags, own) }),
});
