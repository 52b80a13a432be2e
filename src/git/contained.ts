import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gitText } from './git.ts';
import { isAncestor, mergeBase } from './history.ts';
import { FALLBACK_IDENTITY, identityVariables } from './identity.ts';
import { assertId } from './ids.ts';
import { mergeTrees } from './merge-tree.ts';
import type { Repository } from './repository.ts';

/** How the work of a branch is in another one already; null: it is not, or not all. */
export type Containment = 'ancestor' | 'rebased' | 'squashed' | 'same-content' | null;

export interface ContainedOptions {
  /** Ids. */
  tip: string;
  target: string;
  /** Where the branch began; default: the merge base. */
  mergeBase?: string;
}

/** Of more commits than this the changes are not compared one by one. */
const MOST_COMMITS = 5000;

const countCommits = async (repo: Repository, from: string, to: string, flags: string[] = []): Promise<number> => {
  const limit = ['--count', `--max-count=${MOST_COMMITS + 1}`];
  return Number(await gitText(repo, ['rev-list', ...limit, ...flags, to, `^${from}`, '--']));
};

/** Whether each commit from `base` to `tip` has one in the target that makes the same change. */
const areInside = async (
  repo: Repository,
  options: { tip: string; target: string; base: string; objectDir: string },
): Promise<boolean> => {
  const { tip, target, base, objectDir } = options;
  const text = await gitText(repo, ['cherry', target, tip, base], { objectDir });
  return text !== '' && text.split('\n').every((line) => line.startsWith('- '));
};

const ALWAYS = {
  ...identityVariables(FALLBACK_IDENTITY),
  GIT_AUTHOR_DATE: '@946684800 +0000',
  GIT_COMMITTER_DATE: '@946684800 +0000',
};

/** All that a branch does as one commit; git compares commits quicker than we could compare patches. */
const squash = (repo: Repository, tip: string, base: string, objectDir: string): Promise<string> =>
  gitText(repo, ['commit-tree', `${tip}^{tree}`, '-p', base], { objectDir, env: ALWAYS, stdin: 'squashed\n' });

const byPatches = async (
  repo: Repository,
  options: { tip: string; target: string; base: string; objectDir: string },
): Promise<Containment> => {
  const { tip, target, base, objectDir } = options;
  if ((await countCommits(repo, tip, target)) > MOST_COMMITS) return null;
  const own = await countCommits(repo, base, tip);
  // `git cherry` passes over merges: what one did by itself would not be seen.
  const merges = await countCommits(repo, base, tip, ['--merges']);
  if (own <= MOST_COMMITS && merges === 0 && (await areInside(repo, options))) return 'rebased';
  if (own === 1) return null;
  const whole = await squash(repo, tip, base, objectDir);
  return (await areInside(repo, { target, base, objectDir, tip: whole })) ? 'squashed' : null;
};

const addsNothing = async (repo: Repository, tip: string, target: string, objectDir: string): Promise<boolean> => {
  const { tree, conflicts } = await mergeTrees(repo, { ours: target, theirs: tip, objectDir });
  return conflicts.length === 0 && tree === (await gitText(repo, ['rev-parse', '--verify', `${target}^{tree}`]));
};

/**
 * Whether the work of a branch is in another one already. `ancestor`: its commits are. `rebased`: every one of them has
 * a twin that makes the same change. `squashed`: one commit makes the change of all. `same-content`: merging it would
 * change nothing. The cheap questions come first; one to eight processes, nothing stays in the repository.
 * @throws AppError ref.missing, git.failed
 */
export const containedBy = async (repo: Repository, options: ContainedOptions): Promise<Containment> => {
  const { tip, target } = options;
  for (const id of [tip, target]) assertId(id);
  if (await isAncestor(repo, tip, target)) return 'ancestor';
  const base = options.mergeBase ?? (await mergeBase(repo, tip, target));
  if (base === undefined) return null;
  assertId(base);
  const objectDir = mkdtempSync(join(tmpdir(), 'amp-objects-'));
  try {
    const found = await byPatches(repo, { tip, target, base, objectDir });
    return found ?? ((await addsNothing(repo, tip, target, objectDir)) ? 'same-content' : null);
  } finally {
    rmSync(objectDir, { recursive: true, force: true, maxRetries: 3 });
  }
};
