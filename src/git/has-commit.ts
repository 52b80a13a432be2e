import { openCatFile } from './cat-file.ts';
import { assertId } from './ids.ts';
import type { Repository } from './repository.ts';

/** Whether a commit is in this repository. */
export const hasCommit = async (repo: Repository, id: string): Promise<boolean> => {
  assertId(id);
  const reader = openCatFile(repo);
  try {
    return (await reader.object(id))?.type === 'commit';
  } finally {
    reader.close();
  }
};
