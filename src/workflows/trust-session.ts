import type { Context } from './context.ts';
import { foreignCommands, trustCommands } from './foreign-commands.ts';
import { showChanges, trustChanges } from './standing-changes.ts';

/**
 * Takes what waits for the user's word about a session: commands that another clone gave it, and what changed beside
 * its worktree while its agent ran. Trust is for exactly what is answered.
 * @throws AppError `session.busy`
 */
export const trustSessionAsItIs = async (ctx: Context, id: string, { dryRun }: { dryRun: boolean }) => {
  const changes = await showChanges(ctx, id);
  if (dryRun) return { session: id, commands: await foreignCommands(ctx, id), changes, dryRun };
  await trustChanges(ctx, id, changes);
  return { ...(await trustCommands(ctx, id)), changes, dryRun };
};
