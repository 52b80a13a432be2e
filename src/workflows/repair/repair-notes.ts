import { DAMAGED, NOTES_REF } from '../../store/layout.ts';
import { mendNotes, planMending } from '../../store/notes/mend-notes.ts';
import type { NoteFacts } from '../../store/verify/check-notes.ts';
import type { Context } from '../context.ts';
import type { Repaired } from './repair.ts';

/** Makes notes again from the logs: what they lack, and what they tell otherwise. */
export const repairNotes = async (ctx: Context, facts: NoteFacts, dryRun: boolean): Promise<Repaired[]> => {
  const mended = await planMending(ctx.repo, facts);
  if (mended.notes.size === 0) return [];
  const damagedRef = `${DAMAGED}notes/${ctx.clock.newId()}`;
  const kept = dryRun ? [] : await mendNotes(ctx.repo, mended, { clock: ctx.clock, damagedRef });
  const about = { what: 'notes' as const, log: NOTES_REF, writer: null, from: null, to: null };
  return [{ ...about, objects: mended.notes.size, source: 'the logs', kept }];
};
