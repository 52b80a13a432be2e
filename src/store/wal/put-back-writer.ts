import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Repository } from '../../git/repository.ts';
import { ampDir } from '../layout.ts';
import { readIfThere } from './files.ts';
import { findWriter, mintWriter } from './writer.ts';

const says = (path: string, id: string): boolean => readIfThere(path)?.includes(JSON.stringify(id)) === true;

/**
 * Sees to it that this clone goes on under the name it had, whatever became of the file that says it.
 * @returns whether something had to be done
 */
export const putBackWriter = (repo: Repository, { clock, id }: { clock: Clock; id: string }): boolean => {
  const found = findWriter(repo);
  if (found === id) return false;
  const dir = ampDir(repo);
  // It names this very file and this host, so we made it, and it says something else than we wrote.
  if (found !== undefined)
    for (const name of readdirSync(dir).filter((one) => /^writer(\.\d+)?$/.test(one)))
      if (says(join(dir, name), found)) rmSync(join(dir, name), { force: true });
  mintWriter(repo, { clock, id });
  return true;
};
