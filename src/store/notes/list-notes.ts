import { gitText } from '../../git/git.ts';
import type { Repository } from '../../git/repository.ts';

/** Id of each note's blob by the id of its commit, whatever the fan-out; files that are no notes are left out. */
export const listNotes = async (repo: Repository, tip: string): Promise<Map<string, string>> => {
  const text = await gitText(repo, ['ls-tree', '-r', '-z', '--full-tree', tip], { maxBytes: 1 << 30 });
  const notes = new Map<string, string>();
  for (const entry of text.split('\0')) {
    const [, type, id, path] = /^\d+ (\w+) ([0-9a-f]+)\t(.*)$/s.exec(entry) ?? [];
    const commit = path?.replaceAll('/', '') ?? '';
    if (type === 'blob' && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) notes.set(commit, id!);
  }
  return notes;
};
