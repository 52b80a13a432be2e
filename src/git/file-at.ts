import { git, gitText } from './git.ts';
import { assertId, isId } from './ids.ts';
import { pathFromBytes, splitNul } from './paths.ts';
import type { Repository, Worktree } from './repository.ts';

export interface FileEntry {
  /** As a tree has it: 100644, 100755, 120000 (symbolic link), 160000 (submodule), 040000. */
  mode: string;
  type: 'blob' | 'tree' | 'commit';
  id: string;
  /** Bytes of a blob; null else. */
  size: number | null;
}

const ENTRY = /^(\d{6}) (blob|tree|commit) ([0-9a-f]+) +(\d+|-)\t/;

/**
 * What a commit has at a path, or at the nearest folder above it that is no folder: a submodule, a file.
 * @returns undefined when there is nothing
 */
export const entryAt = async (
  repo: Repository,
  commit: string,
  path: string,
): Promise<(FileEntry & { path: string }) | undefined> => {
  assertId(commit);
  const parts = path.split('/');
  const paths = parts.map((_, at) => parts.slice(0, at + 1).join('/'));
  const { stdout } = await git(repo, ['ls-tree', '-z', '--full-tree', '-t', '-l', commit, '--', ...paths]);
  const entries = splitNul(stdout).flatMap((piece) => {
    const [head, mode, type, id, size] = ENTRY.exec(piece.toString('latin1')) ?? [];
    if (head === undefined) return [];
    return [
      {
        mode: mode!,
        type: type as FileEntry['type'],
        id: id!,
        size: size === '-' ? null : Number(size),
        path: pathFromBytes(piece.subarray(head.length)),
      },
    ];
  });
  const found = entries.find((entry) => entry.path === path);
  return found ?? entries.find((entry) => entry.type !== 'tree' && paths.includes(entry.path));
};

/** The newest commit that added, changed or deleted a path, looking back from another one; undefined: none did. */
export const lastChangeOf = async (repo: Repository, from: string, path: string): Promise<string | undefined> => {
  assertId(from);
  const id = await gitText(repo, ['rev-list', '-1', from, '--', path]);
  return isId(id) ? id : undefined;
};

/** Whether a worktree's index has a path. */
export const isTracked = async (repo: Repository, worktree: Worktree, path: string): Promise<boolean> =>
  (await gitText(repo, ['ls-files', '-z', '--cached', '--', path], { worktree })).split('\0').includes(path);
