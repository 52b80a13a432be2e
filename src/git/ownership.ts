import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { AppError } from '../errors.ts';
import { run } from '../process/run.ts';
import { findGit, gitEnvironment } from './environment.ts';
import { splitNul } from './paths.ts';

export interface Places {
  gitDir: string;
  commonDir: string;
  /** Null in a bare repository. */
  checkout: string | null;
}

/** As git has it: root acts for whoever called sudo. Source: git's compat/…, `is_path_owned_by_current_user`. */
const isOurs = (uid: number): boolean => {
  const own = process.geteuid?.();
  if (own === undefined || uid === own) return true;
  return own === 0 && process.env['SUDO_UID'] !== undefined && Number(process.env['SUDO_UID']) === uid;
};

/** What the user or the system trusts; a repository cannot say so itself. An empty value forgets those before it. */
const safeFolders = async (): Promise<string[]> => {
  const base = gitEnvironment({ roots: [] });
  const answer = await run({
    command: findGit(base['PATH']!),
    args: ['config', '-z', '--get-all', 'safe.directory'],
    cwd: '/',
    env: { ...base, GIT_DIR: '/nonexistent/.git' },
    timeoutMs: 60_000,
  });
  const all = splitNul(answer.stdout).map((piece) => piece.toString('utf8'));
  return all.slice(all.lastIndexOf('') + 1);
};

const covers = (safe: string, folder: string): boolean => {
  const full = safe.replace(/^~(?=\/)/, homedir());
  if (full === '*' || full === folder) return true;
  return full.endsWith('/*') && folder.startsWith(full.slice(0, -1));
};

/**
 * Refuses a repository of another user: git is told explicitly where to work and then makes no such check itself.
 * Windows knows no such owner.
 * @throws AppError repository.unsafe
 */
export const assertOwner = async (places: Places): Promise<void> => {
  const looked = [places.gitDir, places.commonDir, ...(places.checkout === null ? [] : [places.checkout])];
  const foreign = looked.find((path) => !isOurs(statSync(path).uid));
  if (foreign === undefined) return;
  const folder = places.checkout ?? places.gitDir;
  if ((await safeFolders()).some((safe) => covers(safe, folder))) return;
  throw new AppError('repository.unsafe', `${foreign} belongs to another user.`, {
    hint: `If you trust it, run: git config --global --add safe.directory ${folder}`,
  });
};
