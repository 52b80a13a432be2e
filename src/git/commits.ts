/** Commits: reading them, and making the one of an iteration. */
export { type CommitOptions, type Committed, commitWorktree } from './commit-worktree.ts';
export { dirtyPaths, type Leftover } from './dirty.ts';
export { type CommitInfo, isAncestor, listCommits, mergeBase, unmergedCommits } from './history.ts';
export { type Identity, userIdentity } from './identity.ts';
