import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import * as bring from '../../src/git/bring-worktree.ts';
import * as checkouts from '../../src/git/checkouts.ts';
import * as commitObjects from '../../src/git/commit-tree.ts';
import { commitWorktree } from '../../src/git/commits.ts';
import * as conflicts from '../../src/git/conflict-worktree.ts';
import * as contained from '../../src/git/contained.ts';
import { git, gitText } from '../../src/git/git.ts';
import * as merges from '../../src/git/merge-tree.ts';
import * as picks from '../../src/git/pick.ts';
import type { Repository, Worktree } from '../../src/git/repository.ts';
import * as counts from '../../src/git/rev-count.ts';
import { BRANCH } from './support.ts';

/** A repository full of planted programs, with a session's worktree whose branch goes from `parent` to `tip`. */
interface Scene {
  repo: Repository;
  wt: Worktree;
  parent: string;
  tip: string;
}

type Work = (scene: Scene) => Promise<unknown>;

/** The commit `tip` with other content of one of its files. */
const variant = async ({ repo, tip }: Scene, path: string, text: string): Promise<string> => {
  const id = await gitText(repo, ['hash-object', '-w', '--stdin'], { stdin: text });
  const entries = (await gitText(repo, ['ls-tree', tip])).split('\n');
  const changed = entries.map((line) => (line.endsWith(`\t${path}`) ? `100644 blob ${id}\t${path}` : line));
  const tree = await gitText(repo, ['mktree'], { stdin: `${changed.join('\n')}\n` });
  return gitText(repo, ['commit-tree', tree, '-p', tip], { stdin: 'variant\n', trust: ['identity'] });
};

/** Everything that lies about in the worktree, attributes and all, as a commit. */
const settled = async (scene: Scene): Promise<string> => {
  const { repo, wt, parent } = scene;
  return (await commitWorktree(repo, wt, { branch: BRANCH, parent, message: 'amp: x', leaveOut: [] }))!.commit;
};

const mergeVariants = async (scene: Scene): Promise<{ ours: string; theirs: string; merged: merges.MergedTree }> => {
  const [ours, theirs] = [await variant(scene, 'a.txt', 'ours\n'), await variant(scene, 'a.txt', 'theirs\n')];
  const merged = await merges.mergeTrees(scene.repo, { ours, theirs, labels: { ours: 'o', theirs: 't' } });
  expect(merged.conflicts.map(({ path }) => path)).toEqual(['a.txt']);
  return { ours, theirs, merged };
};

/** With the planted attributes among the files, so that every file has its planted filter and driver. */
const showConflict = async (scene: Scene) => {
  const tip = await settled(scene);
  const found = await mergeVariants({ ...scene, tip });
  await conflicts.layOutConflict(scene.repo, scene.wt, { from: tip, head: found.ours, merged: found.merged });
  return { ...found, tip };
};

/** Every exported function of landing that can start git, by its name. */
export const LANDING: Record<string, Work> = {
  mergeTrees: async (scene) => {
    const tip = await settled(scene);
    for (const at of [scene.tip, tip]) {
      const { ours, theirs } = await mergeVariants({ ...scene, tip: at });
      await merges.mergeTrees(scene.repo, { ours, theirs, base: at });
    }
  },
  commitTree: async ({ repo, parent, tip }) => {
    const tree = await gitText(repo, ['rev-parse', `${tip}^{tree}`]);
    await commitObjects.commitTree(repo, { tree, parents: [parent], message: 'm', authorOf: tip });
  },
  commitAs: async ({ repo, tip }) => {
    const tree = await gitText(repo, ['rev-parse', `${tip}^{tree}`]);
    const author = Buffer.from('J\xfcrgen <j@x> 1 +0000', 'latin1');
    await commitObjects.commitAs(repo, { tree, parents: [], message: 'm' }, { author, encoding: undefined });
  },
  readCommit: ({ repo, tip }) => commitObjects.readCommit(repo, tip),
  readCommits: ({ repo, parent, tip }) => commitObjects.readCommits(repo, [parent, tip]),
  pickCommits: async (scene) => {
    const onto = await variant(scene, 'a.txt', 'onto\n');
    const commits = [await variant(scene, 'b.txt', 'picked\n'), await variant(scene, 'a.txt', 'other\n')];
    expect((await picks.pickCommits(scene.repo, { commits, onto })).conflict).toBeDefined();
  },
  obstacles: async (scene) => {
    const { repo, wt, parent, tip } = scene;
    expect(await bring.obstacles(repo, wt, { from: tip, to: parent })).toContain('a.txt');
  },
  isBegun: async (scene) => {
    const { repo, wt, parent, tip } = scene;
    await bring.isBegun(repo, wt, { from: tip, to: parent });
  },
  bringWorktree: async (scene) => {
    const { repo, wt, parent } = scene;
    const tip = await settled(scene);
    await bring.bringWorktree(repo, wt, { from: tip, to: parent });
    writeFileSync(join(wt.path, 'a.txt'), 'dir');
    writeFileSync(join(wt.path, 'fresh.txt'), 'fr');
    await bring.bringWorktree(repo, wt, { from: parent, to: tip });
    const other = await variant({ ...scene, tip }, 'b.txt', 'other\n');
    await bring.bringWorktree(repo, wt, { from: tip, to: other });
    await bring.bringWorktree(repo, repo.here!, { from: parent, to: other });
  },
  isClean: async ({ repo, wt }) => {
    expect((await bring.isClean(repo, wt)).dirty).toContain('a.txt');
  },
  switchWorktree: async ({ repo, wt, parent }) => {
    await bring.switchWorktree(repo, wt, { detached: parent });
    await bring.switchWorktree(repo, wt, { branch: BRANCH });
  },
  layOutConflict: showConflict,
  openConflicts: async (scene) => {
    const { merged } = await showConflict(scene);
    expect(await conflicts.openConflicts(scene.repo, scene.wt, merged.conflicts)).toHaveLength(1);
    const binary = merged.conflicts.map((conflict) => ({ ...conflict, kind: 'binary' as const }));
    writeFileSync(join(scene.wt.path, 'a.txt'), 'decided\n');
    expect(await conflicts.openConflicts(scene.repo, scene.wt, binary)).toEqual([]);
  },
  conflictHunks: ({ repo, wt }) => conflicts.conflictHunks(repo, wt, 'a.txt'),
  resolvedTree: async (scene) => {
    await showConflict(scene);
    await conflicts.resolvedTree(scene.repo, scene.wt, { leaveOut: [{ path: 'a.txt', object: null }] });
  },
  closeConflict: async (scene) => {
    const { tip } = await showConflict(scene);
    await conflicts.closeConflict(scene.repo, scene.wt, tip);
  },
  abandonConflict: async (scene) => {
    const { merged, tip } = await showConflict(scene);
    await conflicts.abandonConflict(scene.repo, scene.wt, { merged, to: tip });
  },
  containedBy: async (scene) => {
    const target = await variant(scene, 'a.txt', 'target\n');
    const tip = await variant(scene, 'a.txt', 'tip\n');
    expect(await contained.containedBy(scene.repo, { tip, target })).toBeNull();
    expect(
      await contained.containedBy(scene.repo, { tip: await variant(scene, 'a.txt', 'target\n'), target }),
    ).not.toBeNull();
  },
  aheadBehind: ({ repo, parent, tip }) => counts.aheadBehind(repo, parent, tip),
  checkoutsOf: ({ repo }) => checkouts.checkoutsOf(repo, `refs/heads/${BRANCH}`),
  'git merge of the user’s own, by the door': async (scene) => {
    const { ours, theirs } = await mergeVariants(scene);
    await git(scene.repo, ['merge-tree', '--write-tree', ours, theirs], { ok: [0, 1], files: scene.wt.path });
  },
};

export const LANDING_ROOMS = {
  ...bring,
  ...checkouts,
  ...commitObjects,
  ...conflicts,
  ...contained,
  ...counts,
  ...merges,
  ...picks,
};

/** Exported, and no git behind them. */
export const LANDING_PURE = ['listCheckouts', 'stateInProgress', 'refuseBlockedPlace'];

/** These leave the scene as nobody after them wants it. */
export const LANDING_DESTRUCTIVE =
  'mergeTrees bringWorktree layOutConflict openConflicts resolvedTree closeConflict abandonConflict'.split(' ');
