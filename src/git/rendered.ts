import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, type Stats } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lstatIfAny } from './files.ts';
import { git } from './git.ts';
import { joinNul, onDisk } from './paths.ts';
import type { Repository, Worktree } from './repository.ts';

/** How the files of a commit look once they are checked out: line ends, filters and all. */
export interface Rendered {
  /** The same kind of thing with the same content; whether it is executable does not matter. */
  isSame(path: string, file: string | Buffer, stat: Stats): boolean;
  /** Executable both, or neither. */
  hasSameMode(path: string, stat: Stats): boolean;
  /** A file that is the beginning of it: whoever wrote it was stopped. */
  isTorn(path: string, file: string | Buffer, stat: Stats): boolean;
}

const compare = (dir: string): Rendered => ({
  isSame(path, file, stat) {
    const wanted = onDisk(dir, path);
    const known = lstatIfAny(wanted);
    if (!known) return false;
    if (stat.isSymbolicLink() || known.isSymbolicLink()) {
      const areLinks = stat.isSymbolicLink() && known.isSymbolicLink();
      return areLinks && readlinkSync(file, 'buffer').equals(readlinkSync(wanted, 'buffer'));
    }
    const areFiles = stat.isFile() && known.isFile();
    return areFiles && stat.size === known.size && readFileSync(file).equals(readFileSync(wanted));
  },
  hasSameMode(path, stat) {
    return (((lstatIfAny(onDisk(dir, path))?.mode ?? 0) ^ stat.mode) & 0o100) === 0;
  },
  isTorn(path, file, stat) {
    const wanted = onDisk(dir, path);
    const known = lstatIfAny(wanted);
    if (!known?.isFile() || !stat.isFile() || stat.size >= known.size) return false;
    return readFileSync(wanted).subarray(0, stat.size).equals(readFileSync(file));
  },
});

/**
 * Some files of a commit or tree as a checkout would write them, for the time of `work`. The attributes that count are
 * its own, not those of the worktree as it happens to be. Two processes, none without paths.
 */
export const withRendered = async <T>(
  repo: Repository,
  worktree: Worktree,
  options: { tree: string; paths: string[] },
  work: (rendered: Rendered) => Promise<T> | T,
): Promise<T> => {
  const dir = mkdtempSync(join(tmpdir(), 'amp-files-'));
  try {
    const files = join(dir, 'files');
    mkdirSync(files);
    if (options.paths.length > 0) {
      const index = join(dir, 'index');
      await git(repo, ['read-tree', options.tree], { worktree, index });
      const stdin = joinNul(options.paths);
      await git(repo, ['checkout-index', '-f', '-q', '-z', '--stdin'], { worktree, index, files, stdin });
    }
    return await work(compare(files));
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
};
