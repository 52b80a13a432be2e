import { dropCovered } from '../store/archive/drop-covered.ts';
import { restoreArchives } from '../store/archive/restore-archives.ts';
import type { Context } from './context.ts';

/** Finishes what a packing that was interrupted left, and puts archives back that another's hand took away. */
export const settlePacking = async (ctx: Context): Promise<void> => {
  for (const ref of await restoreArchives(ctx.repo, ctx.store.writer)) ctx.warn(`${ref} was gone and was put back.`);
  await dropCovered(ctx.repo, { writer: ctx.store.writer, clock: ctx.clock });
};
