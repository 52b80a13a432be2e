import { git } from './git.ts';
import { assertId } from './ids.ts';
import { pathFromBytes, splitNul } from './paths.ts';
import type { Repository } from './repository.ts';

/** A file as a tree has it. */
export interface TreeFile {
  /** Octal, as git prints it. */
  mode: string;
  id: string;
}

/** A path that two trees have differently. */
export interface TreeChange {
  path: string;
  /** Undefined: it is not there. */
  old: TreeFile | undefined;
  new: TreeFile | undefined;
}

export const SUBMODULE = '160000';

const fileOf = (mode: string, id: string): TreeFile | undefined => (/^0+$/.test(mode) ? undefined : { mode, id });

/** Every file that differs between two commits or trees, sorted as git sorts. One process. */
export const treeChanges = async (repo: Repository, from: string, to: string): Promise<TreeChange[]> => {
  assertId(from);
  assertId(to);
  const args = ['diff-tree', '-r', '--raw', '-z', '--no-renames', '--no-abbrev', '--ignore-submodules=none', from, to];
  const pieces = splitNul((await git(repo, args)).stdout);
  const changes: TreeChange[] = [];
  for (let at = 0; at + 1 < pieces.length; at += 2) {
    const [oldMode, newMode, oldId, newId] = pieces[at]!.toString('latin1').slice(1).split(' ') as [
      string,
      string,
      string,
      string,
    ];
    changes.push({
      path: pathFromBytes(pieces[at + 1]!),
      old: fileOf(oldMode, oldId),
      new: fileOf(newMode, newId),
    });
  }
  return changes;
};
