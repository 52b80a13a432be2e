import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BatchItem } from '../../batch/state.ts';
import { AppError } from '../../errors.ts';
import { isPayloadReference } from '../../events/long-text.ts';
import { batchLog } from '../batch/home.ts';
import type { Context } from '../context.ts';

/** Where what an agent made of an item is kept on the machine that ran it. */
export const patchFile = (work: string, item: string): string => join(work, `${item}.patch`);

/**
 * Why a patch is not to be had here. `redacted`: what looks like a secret was taken out of its record, and another
 * patch than the one that was made is no answer of the agent's. `large`: it was too large for the record. `missing`:
 * nothing was recorded, or it cannot be read.
 */
export type LostWhy = 'redacted' | 'large' | 'missing';

export type FoundPatch = { patch: Buffer } | { lost: LostWhy };

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const readOwn = (work: string, item: string): Buffer | undefined => {
  try {
    return readFileSync(patchFile(work, item));
  } catch {
    return undefined;
  }
};

/**
 * What the newest attempt at an item made: from the work folder where it was made on this machine, else from the log,
 * which is what travels. Only ever the very patch that was made, by its hash.
 * @param work folder of the run
 */
export const findPatch = async (
  home: Context,
  { id, item, work }: { id: string; item: BatchItem; work: string },
): Promise<FoundPatch> => {
  const session = item.attempts.at(-1)?.session;
  const told = item.answer?.session === session ? item.answer : null;
  const own = readOwn(work, item.plan.item);
  if (own && (told === null || hashOf(own) === told.sha256)) return { patch: own };
  if (told === null) return { lost: 'missing' };
  if (told.patch === null) return { lost: 'large' };
  try {
    const patch = isPayloadReference(told.patch)
      ? await home.store.payload(batchLog(id), told.patch.payload.sha256)
      : Buffer.from(told.patch);
    return hashOf(patch) === told.sha256 ? { patch } : { lost: 'redacted' };
  } catch (error) {
    if (error instanceof AppError) return { lost: 'missing' };
    throw error;
  }
};
