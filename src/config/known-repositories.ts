import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HomeDirs } from './paths.ts';

/** Repositories this user has sessions in: one absolute path a line, in the user's data folder; may be deleted. */
const fileOf = (home: HomeDirs): string => join(home.data, 'repositories');

const lines = (home: HomeDirs): string[] => {
  try {
    return readFileSync(fileOf(home), 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
};

/** Remembers a repository; a home that cannot be written to only costs `--all-repos`. */
export const rememberRepository = (home: HomeDirs, root: string): void => {
  if (root.includes('\n') || lines(home).includes(root)) return;
  try {
    mkdirSync(home.data, { recursive: true, mode: 0o700 });
    appendFileSync(fileOf(home), `${root}\n`, { mode: 0o600 });
  } catch {}
};

/** Those that were ever used, in the order they were first used, and whether they are still there. */
export const usedRepositories = (home: HomeDirs): { root: string; isThere: boolean }[] =>
  [...new Set(lines(home))].map((root) => ({ root, isThere: existsSync(root) }));

/** Those that are still there, in the order they were first used. */
export const knownRepositories = (home: HomeDirs): string[] =>
  usedRepositories(home).flatMap(({ root, isThere }) => (isThere ? [root] : []));
