import { isUtf8 } from 'node:buffer';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GitOptions, git } from './git.ts';
import { assertId } from './ids.ts';
import { pathFromBytes, splitNul } from './paths.ts';
import type { Repository } from './repository.ts';

/** A patch that anybody can apply: whole ids, binary files included, renames as what they are made of. */
const FLAGS = ['-r', '--no-renames', '--ignore-submodules=all'];
const PATCH = ['-p', '--binary', '--full-index', '--no-color', '--src-prefix=a/', '--dst-prefix=b/', '-U3'];
const QUOTED: [string, string][] = [['core.quotePath', 'true']];
const MAGIC = { GIT_LITERAL_PATHSPECS: '0' };

const excluded = (path: string): string => `:(top,exclude,literal)${path}`;

/** Everything is shown as binary files are, so that no byte of it has to be text. */
const withoutText = async <T>(work: (settings: [string, string][]) => Promise<T>): Promise<T> => {
  const dir = mkdtempSync(join(tmpdir(), 'amp-attributes-'));
  try {
    writeFileSync(join(dir, 'attributes'), '* -diff\n');
    return await work([...QUOTED, ['core.attributesFile', join(dir, 'attributes')]]);
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
};

/** File by file: those whose lines are no UTF-8 as binary ones. Rare, so it may cost a process a file. */
const byFiles = (repo: Repository, range: string[], paths: string[]): Promise<Buffer> =>
  withoutText(async (settings) => {
    const parts: Buffer[] = [];
    for (const path of paths) {
      const args = ['diff-tree', ...FLAGS, ...PATCH, ...range, '--', `:(top,literal)${path}`];
      const text = (await git(repo, args, { settings: QUOTED, env: MAGIC })).stdout;
      parts.push(isUtf8(text) ? text : (await git(repo, args, { settings, env: MAGIC })).stdout);
    }
    return Buffer.concat(parts);
  });

export interface ExactPatch {
  /** UTF-8, whatever the files hold; empty when nothing differs. */
  patch: Buffer;
  /** Files in it. */
  paths: string[];
}

/**
 * What leads from one commit to another, as a patch for `git apply` and `patch -p1`. Submodules are left out. Two
 * processes.
 * @param without paths that are no part of it
 */
export const exactPatch = async (
  repo: Repository,
  from: string,
  to: string,
  without: string[] = [],
): Promise<ExactPatch> => {
  for (const id of [from, to]) assertId(id);
  const range = [from, to];
  const how: GitOptions = { settings: QUOTED, env: MAGIC };
  const limits = ['--', ...without.map(excluded)];
  const names = await git(repo, ['diff-tree', ...FLAGS, '-z', '--name-only', ...range, ...limits], how);
  const paths = splitNul(names.stdout).map(pathFromBytes);
  if (paths.length === 0) return { patch: Buffer.alloc(0), paths };
  const { stdout } = await git(repo, ['diff-tree', ...FLAGS, ...PATCH, ...range, ...limits], how);
  return { patch: isUtf8(stdout) ? stdout : await byFiles(repo, range, paths), paths };
};
