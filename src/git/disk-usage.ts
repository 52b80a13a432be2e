import { git, gitText } from './git.ts';
import { assertFullRef, assertId } from './ids.ts';
import type { RefEntry } from './ref-files.ts';
import type { Repository } from './repository.ts';

/** Bytes on disk of everything that some commits lead to, less what others lead to. One process, none for no ids. */
export const diskUsage = async (
  repo: Repository,
  { of, not = [] }: { of: string[]; not?: string[] },
): Promise<number> => {
  if (of.length === 0) return 0;
  for (const id of [...of, ...not]) assertId(id);
  const stdin = [...of, ...not.map((id) => `^${id}`)].map((line) => `${line}\n`).join('');
  const text = await gitText(repo, ['rev-list', '--objects', '--disk-usage', '--ignore-missing', '--stdin'], { stdin });
  return Number(text);
};

/** Bytes on disk of the files in commits, by their names; what has no name is left out. Two processes. */
export const fileUsage = async (repo: Repository, of: string[]): Promise<Map<string, number>> => {
  const usage = new Map<string, number>();
  if (of.length === 0) return usage;
  for (const id of of) assertId(id);
  const listed = await git(repo, ['rev-list', '--objects', '--ignore-missing', '--stdin'], {
    stdin: of.map((id) => `${id}\n`).join(''),
  });
  const named = listed.stdout
    .toString('latin1')
    .split('\n')
    .filter((line) => line.indexOf(' ') < line.length - 1 && line.includes(' '));
  if (named.length === 0) return usage;
  const args = ['cat-file', '--batch-check=%(objectsize:disk) %(rest)', '--buffer'];
  const { stdout } = await git(repo, args, { stdin: Buffer.from(`${named.join('\n')}\n`, 'latin1') });
  for (const line of stdout.toString('latin1').split('\n')) {
    const at = line.indexOf(' ');
    const bytes = Number(line.slice(0, at));
    if (at > 0 && Number.isFinite(bytes)) usage.set(line.slice(at + 1), (usage.get(line.slice(at + 1)) ?? 0) + bytes);
  }
  return usage;
};

/**
 * Deletes refs together, each only while it names what it is said to name: all of them or none. One process.
 * @throws AppError git.failed when one has moved
 */
export const deleteRefs = async (repo: Repository, refs: RefEntry[]): Promise<void> => {
  if (refs.length === 0) return;
  for (const { ref, id } of refs) {
    assertFullRef(ref);
    assertId(id);
  }
  const stdin = refs.map(({ ref, id }) => `delete ${ref} ${id}\n`).join('');
  await git(repo, ['update-ref', '--no-deref', '--stdin'], { stdin, settings: [['core.fsync', 'all']] });
};
