import type { AgentChoice, Session } from '../session/state.ts';
import type { Context } from './context.ts';
import { withJournal } from './journal.ts';
import type { SessionSummary } from './summaries.ts';

export interface RenameWish {
  name?: string;
  prompt?: string;
  test?: string | null;
  agent?: AgentChoice;
}

/** Gives a session another name, prompt, test command or agent; each change is an event of its own. */
export const renameSession = (
  ctx: Context,
  which: SessionSummary,
  wish: RenameWish,
): Promise<{ session: Session; changed: string[] }> =>
  withJournal(ctx, { id: which.id, name: which.name, command: 'rename' }, async (journal) => {
    const events = await journal.decide({ do: 'rename', ...wish });
    return { session: journal.session, changed: events.map(({ type }) => type) };
  });
