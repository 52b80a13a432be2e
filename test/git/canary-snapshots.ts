import { rmSync } from 'node:fs';
import { join } from 'node:path';
import * as usage from '../../src/git/disk-usage.ts';
import { moveRef } from '../../src/git/refs.ts';
import * as relink from '../../src/git/relink-worktree.ts';
import type { Repository, Worktree } from '../../src/git/repository.ts';
import * as restore from '../../src/git/restore-files.ts';
import * as snapshot from '../../src/git/snapshot.ts';

interface Scene {
  repo: Repository;
  wt: Worktree;
  parent: string;
  tip: string;
}

const take = ({ repo, wt, parent }: Scene) =>
  snapshot.takeSnapshot(repo, wt, {
    ref: snapshot.snapshotRef('s1'),
    session: 's1',
    reason: 'rebase',
    at: '2026-11-22T13:00:00.000Z',
    head: parent,
  });

const planOf = async (scene: Scene) => {
  const { head, tree } = (await take(scene))!;
  return { tree, plan: await restore.planRestore(scene.repo, scene.wt, { head, tree }) };
};

/** What keeps uncommitted work and brings it back, against planted programs. */
export const SNAPSHOTS: Record<string, (scene: Scene) => Promise<unknown> | unknown> = {
  takeSnapshot: take,
  readSnapshots: async (scene) => {
    await take(scene);
    return snapshot.readSnapshots(scene.repo, 's1');
  },
  diskUsage: ({ repo, parent, tip }) => usage.diskUsage(repo, { of: [tip], not: [parent] }),
  fileUsage: ({ repo, tip }) => usage.fileUsage(repo, [tip]),
  deleteRefs: async ({ repo, tip }) => {
    await moveRef(repo, 'refs/amp/canary', { to: tip, from: null });
    await usage.deleteRefs(repo, [{ ref: 'refs/amp/canary', id: tip }]);
  },
  relinkWorktree: async ({ repo, wt }) => {
    rmSync(join(wt.gitDir, 'index'));
    await relink.relinkWorktree(repo, { path: wt.path, branch: 'amp/task/1' });
  },
  planRestore: planOf,
  restoreFiles: async (scene) => {
    const { tree, plan } = await planOf(scene);
    const all = { ...plan, write: [...plan.write, ...plan.same].filter((path) => path !== 'b.txt') };
    await restore.restoreFiles(scene.repo, scene.wt, { tree, plan: all });
  },
};

export const SNAPSHOT_ROOMS = { ...usage, ...relink, ...restore, ...snapshot };
export const SNAPSHOT_PURE = ['restoreObstacles', 'snapshotRef', 'stateOf'];
