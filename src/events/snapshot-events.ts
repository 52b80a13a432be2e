import { z } from 'zod';
import { event } from './define.ts';
import { count, objectId, skippedPaths } from './shapes.ts';

const number = z.int().min(1).describe('number of the snapshot within the session, from 1');

/** What can happen to work that nobody has committed. */
export const snapshotEvents = [
  event(
    'snapshot.taken',
    1,
    'What was uncommitted in the worktree was kept in `refs/amp/snapshots/<session>` of this clone.',
    z.object({
      number,
      commit: objectId,
      head: objectId.describe('commit that the worktree stood on'),
      reason: z
        .enum(['iteration', 'squash', 'rebase', 'merge', 'rewind', 'undo', 'archive', 'rm', 'restore'])
        .describe('what it was taken at the end of (iteration), or before'),
      changes: count.describe('paths that were not as the commit has them'),
      bytes: count.describe('of the files among them'),
      state: z.string().describe('the same while the same paths have the same content'),
      skipped: skippedPaths.describe('what it could not hold, the first hundred'),
    }),
  ),
  event(
    'snapshot-restore.started',
    1,
    'Files of a snapshot are about to be written into the worktree; what was uncommitted there is kept.',
    z.object({
      number,
      commit: objectId,
      files: count.describe('to be written'),
      removed: count.describe('to be taken away'),
      kept: z.int().min(1).nullable().describe('number of the snapshot of what was there; null: nothing was'),
    }),
  ),
  event(
    'snapshot.restored',
    1,
    'The files of a snapshot are in the worktree again, uncommitted as they were.',
    z.object({ number, commit: objectId, files: count, removed: count }),
  ),
] as const;

export type SnapshotEventType = (typeof snapshotEvents)[number]['type'];
