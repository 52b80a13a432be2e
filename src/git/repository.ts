/**
 * A repository as located once, by walking the file system; git itself never discovers anything.
 * All paths are absolute and real.
 */
export interface Repository {
  /** Top of the main checkout, or the bare repository itself. `.worktrees` lies here. */
  root: string;
  /** `<root>/.git`, or the bare repository: what all worktrees share. */
  commonDir: string;
  bare: boolean;
  objectFormat: 'sha1' | 'sha256';
  refFormat: 'files' | 'reftable';
  /** Where the user stands: a checkout of this repository (main or linked); null in a bare one. */
  here: Worktree | null;
  /** Files with more bytes are neither hashed nor committed, but named; undefined: all are taken. */
  fileLimit?: number;
}

/** One checkout: its files and its own git directory (`commonDir` for the main one, `commonDir/worktrees/<x>` else). */
export interface Worktree {
  path: string;
  gitDir: string;
}
