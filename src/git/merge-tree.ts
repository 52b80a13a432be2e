import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GitOptions, git, gitText } from './git.ts';
import { FALLBACK_IDENTITY, identityVariables } from './identity.ts';
import { assertId } from './ids.ts';
import { withAttributes } from './merge-attributes.ts';
import { relabel } from './merge-labels.ts';
import { type MergedTree, type Parsed, parseMerged } from './merge-messages.ts';
import type { Repository } from './repository.ts';

export type { ConflictKind, ConflictStage, MergeConflict, MergedTree } from './merge-messages.ts';

export interface MergeOptions {
  /** Id of a commit. */
  ours: string;
  /** Id of a commit. */
  theirs: string;
  /** Id of the commit to compare both with; without one, git's own merge bases. */
  base?: string;
  /** The base is the only parent of `theirs`: then one process less is needed. */
  isOnBase?: boolean;
  /**
   * What conflict markers, git's words and files moved aside call the sides. Without them markers and names of files
   * have the full ids (with a base, short ones), which saves five processes where there is a conflict.
   */
  labels?: { ours: string; theirs: string };
  /** Quarantine for what is written, when nobody will need it afterwards. */
  objectDir?: string;
}

const shortId = (id: string): string => id.slice(0, 12);

/** Always the same, so that the same question writes nothing new. */
const STAND_IN = {
  ...identityVariables(FALLBACK_IDENTITY),
  GIT_AUTHOR_DATE: '@946684800 +0000',
  GIT_COMMITTER_DATE: '@946684800 +0000',
};

type Place = Pick<GitOptions, 'objectDir' | 'settings' | 'alternates'>;

/** A commit of a side's tree right on top of the base, for git before 2.40, which cannot be told the base. */
const standIn = (repo: Repository, commit: string, base: string, objectDir: string): Promise<string> =>
  gitText(repo, ['commit-tree', `${commit}^{tree}`, '-p', base], { objectDir, env: STAND_IN, stdin: 'stand-in\n' });

interface Sides {
  ours: string;
  theirs: string;
}

const run = async (repo: Repository, { ours, theirs }: Sides, place: Place & { files?: string }): Promise<Parsed> => {
  const args = ['merge-tree', '--write-tree', '-z', '--messages', ours, theirs];
  const { stdout, exitCode } = await git(repo, args, { ...place, ok: [0, 1] });
  return parseMerged(stdout, exitCode === 0);
};

/** Where the content of a file was merged, once more with its attributes, if it has any that matter. */
const merge = async (repo: Repository, sides: Sides, place: Place): Promise<MergedTree> => {
  const { merged, ...result } = await run(repo, sides, place);
  const { objectDir, alternates } = place;
  const about = { commit: sides.ours, paths: merged };
  const again = await withAttributes(repo, about, { objectDir, alternates }, (files) =>
    run(repo, sides, { ...place, files }),
  );
  return again ? { tree: again.tree, conflicts: again.conflicts } : result;
};

/** Stand-ins lie in a folder of their own: nothing of them stays. */
const mergeOnBase = async (
  repo: Repository,
  options: MergeOptions & { base: string },
  place: Place,
): Promise<{ merged: MergedTree; sides: Sides }> => {
  const aside = mkdtempSync(join(tmpdir(), 'amp-objects-'));
  try {
    const [ours, theirs] = await Promise.all([
      standIn(repo, options.ours, options.base, aside),
      options.isOnBase ? options.theirs : standIn(repo, options.theirs, options.base, aside),
    ]);
    const sides = { ours, theirs };
    return { merged: await merge(repo, sides, { ...place, alternates: [aside] }), sides };
  } finally {
    rmSync(aside, { recursive: true, force: true, maxRetries: 3 });
  }
};

/**
 * Three-way merge of two commits without a worktree, an index or a ref. The tree and what it holds are on disk when
 * this returns, unless they were to lie in a quarantine.
 * @throws AppError git.failed, also where the two have no common history and no base is given
 */
export const mergeTrees = async (repo: Repository, options: MergeOptions): Promise<MergedTree> => {
  const { ours, theirs, base, objectDir } = options;
  for (const id of [ours, theirs, ...(base === undefined ? [] : [base])]) assertId(id);
  const place: Place = objectDir === undefined ? { settings: [['core.fsync', 'all']] } : { objectDir };
  const { merged, sides } =
    base === undefined
      ? { merged: await merge(repo, options, place), sides: { ours, theirs } }
      : await mergeOnBase(repo, { ...options, base }, place);
  if (merged.conflicts.length === 0 || (options.labels === undefined && base === undefined)) return merged;
  const labels = options.labels ?? { ours: shortId(ours), theirs: shortId(theirs) };
  const names = new Map([
    [sides.ours, labels.ours],
    [sides.theirs, labels.theirs],
  ]);
  return relabel(repo, merged, names, place);
};
