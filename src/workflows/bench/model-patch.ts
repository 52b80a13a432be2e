import { pathsOfPatch } from '../../bench/patch-files.ts';
import { exactPatch } from '../../git/exact-patch.ts';
import { readRef } from '../../git/refs.ts';
import type { Context } from '../context.ts';
import { readSession } from '../summaries.ts';

export interface ModelPatch {
  /** UTF-8 always; empty when the agent changed nothing that counts. */
  patch: Buffer;
  /** Files in it. */
  paths: string[];
}

/**
 * What a session's agent made of a case: its branch against the base, binary files included, without the files that
 * grading brings along itself.
 * @param ctx of the case's repository
 * @param base the case's commit
 * @param testPatch whose files are left out; null: none
 */
export const modelPatch = async (
  ctx: Context,
  session: string,
  { base, testPatch }: { base: string; testPatch: string | null },
): Promise<ModelPatch> => {
  const { branch, head } = await readSession(ctx, session);
  const tip = (await readRef(ctx.repo, `refs/heads/${branch}`)) ?? head;
  return exactPatch(ctx.repo, base, tip, testPatch === null ? [] : pathsOfPatch(testPatch));
};
