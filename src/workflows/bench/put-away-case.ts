import { closeSync, existsSync, linkSync, openSync, readdirSync, readSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dirtyPaths } from '../../git/commits.ts';
import { sessionWorktree } from '../../git/locate.ts';
import { removeWorktree } from '../../git/worktrees.ts';
import type { Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { worktreePath } from '../find-session.ts';
import { editsAmong } from '../manual-work.ts';

const CHUNK = 1 << 20;

/** The bytes are the same: a hostile agent may have written over its copy. A pack may be larger than the memory. */
const isSame = (a: string, b: string): boolean => {
  const files = [a, b].map((path) => openSync(path, 'r'));
  const parts = [Buffer.alloc(CHUNK), Buffer.alloc(CHUNK)];
  try {
    for (;;) {
      const [one, other] = files.map((fd, at) => readSync(fd, parts[at]!, 0, CHUNK, null)) as [number, number];
      if (one !== other || !parts[0]!.subarray(0, one).equals(parts[1]!.subarray(0, one))) return false;
      if (one === 0) return true;
    }
  } finally {
    for (const fd of files) closeSync(fd);
  }
};

/** The copy of the history becomes the seed's own files again, where the disk can have one file under two names. */
const shareHistory = (ctx: Context, seed: string): void => {
  const packs = join(ctx.repo.commonDir, 'objects', 'pack');
  for (const name of existsSync(seed) ? readdirSync(seed) : []) {
    const [own, from] = [join(packs, name), join(seed, name)];
    const draft = join(packs, `.amp-${name}`);
    try {
      if (!isSame(own, from)) continue;
      rmSync(draft, { force: true });
      linkSync(from, draft);
      renameSync(draft, own);
    } catch {
      // It stays a copy: repacked meanwhile, or on a disk that has no links.
    }
  }
};

/**
 * Gives back most of the room that a graded attempt takes: its worktree, with what set-up and tests have left there,
 * and its copy of the history. All that is on record stays (the session's log, its branch and commits), and so does a
 * worktree in which somebody has changed something that is in no commit.
 * @param seed folder of the pack that the repository was made of
 */
export const putAwayCase = async (ctx: Context, session: Session, seed: string): Promise<void> => {
  const path = worktreePath(ctx, session.worktree);
  const wt = await sessionWorktree(ctx.repo, path).catch(() => undefined);
  const edits = wt && editsAmong(await dirtyPaths(ctx.repo, wt), session.leftovers);
  if (edits?.length === 0) await removeWorktree(ctx.repo, path);
  shareHistory(ctx, seed);
};
