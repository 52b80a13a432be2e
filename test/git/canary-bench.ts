import { join } from 'node:path';
import * as patches from '../../src/git/apply-patch.ts';
import * as closed from '../../src/git/closed-repository.ts';
import * as exact from '../../src/git/exact-patch.ts';
import * as mainline from '../../src/git/mainline.ts';
import type { Repository, Worktree } from '../../src/git/repository.ts';
import { tempDir } from '../support/repo.ts';

interface Scene {
  repo: Repository;
  wt: Worktree;
  parent: string;
  tip: string;
}

const patchOf = async ({ repo, parent, tip }: Scene): Promise<Buffer> =>
  (await exact.exactPatch(repo, parent, tip)).patch;

/** What cases of a benchmark are made and graded with, against planted programs. */
export const BENCH: Record<string, (scene: Scene) => Promise<unknown> | unknown> = {
  makeClosedRepository: ({ repo, tip }) => {
    const dir = tempDir('amp-closed-');
    return closed.makeClosedRepository({ from: repo, commit: tip, dir: join(dir, 'case'), seeds: join(dir, 'seeds') });
  },
  exactPatch: ({ repo, parent, tip }) => exact.exactPatch(repo, parent, tip, ['a.txt']),
  mainlineCommits: ({ repo, tip }) => mainline.mainlineCommits(repo, tip, 10),
  mergedMessages: ({ repo, parent, tip }) => mainline.mergedMessages(repo, { into: parent, merged: tip, most: 10 }),
  treeWithPatch: async (scene) => patches.treeWithPatch(scene.repo, scene.parent, await patchOf(scene)),
  untrackedFiles: ({ repo, wt }) => patches.untrackedFiles(repo, wt),
  applyPatch: async (scene) => {
    const patch = await patchOf(scene);
    for (const how of ['reversed', 'plain', 'three-way', 'reject'] as const)
      await patches.applyPatch(scene.repo, scene.wt, patch, how);
  },
  takeFiles: ({ repo, wt, parent }) => patches.takeFiles(repo, wt, parent, ['a.txt', 'fresh.txt']),
  resetFiles: ({ repo, wt, parent }) => patches.resetFiles(repo, wt, parent),
};

export const BENCH_ROOMS = { ...patches, ...closed, ...exact, ...mainline };
export const BENCH_PURE = ['removeFiles'];
/** These leave the scene as nobody after them wants it. */
export const BENCH_DESTRUCTIVE = ['applyPatch', 'takeFiles', 'resetFiles'];
