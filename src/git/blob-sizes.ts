import { git } from './git.ts';
import { assertId } from './ids.ts';
import type { Repository } from './repository.ts';

/** Bytes of objects by their ids; what the repository does not have is left out. One process, none for no ids. */
export const blobSizes = async (repo: Repository, ids: string[]): Promise<Map<string, number>> => {
  const wanted = [...new Set(ids)];
  const sizes = new Map<string, number>();
  if (wanted.length === 0) return sizes;
  for (const id of wanted) assertId(id);
  const { stdout } = await git(repo, ['cat-file', '--batch-check=%(objectname) %(objectsize)'], {
    stdin: `${wanted.join('\n')}\n`,
  });
  for (const line of stdout.toString('latin1').split('\n')) {
    const [id, size] = line.split(' ');
    if (/^\d+$/.test(size ?? '')) sizes.set(id!, Number(size));
  }
  return sizes;
};
