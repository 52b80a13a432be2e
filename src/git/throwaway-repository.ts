import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placeOf, readConfig } from './config.ts';
import { git } from './git.ts';
import { locateRepository } from './locate.ts';
import { isOfRepository } from './neutral.ts';
import type { Repository } from './repository.ts';

/** A bare repository that nobody needs afterwards. */
export interface ThrowawayRepository {
  repo: Repository;
  remove(): void;
}

/**
 * An empty bare repository outside of everything, in which a fetch takes nothing for there that only a name says is.
 * Proxies and headers that a repository sets for its own fetches hold here too.
 */
export const throwawayRepository = async (like: Repository): Promise<ThrowawayRepository> => {
  const dir = mkdtempSync(join(tmpdir(), 'amp-other-'));
  const remove = (): void => rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  try {
    const coming: Repository = { ...like, root: dir, commonDir: dir, bare: true, refFormat: 'files', here: null };
    const args = ['init', '-q', '--bare', '--template=', `--object-format=${like.objectFormat}`, dir];
    await git(coming, args, { env: { GIT_DIR: dir } });
    const repo = await locateRepository(dir);
    for (const entry of await readConfig(placeOf(like)))
      if (isOfRepository(entry) && entry.section === 'http')
        await git(repo, ['config', '--add', entry.key, entry.value]);
    return { repo, remove };
  } catch (error) {
    remove();
    throw error;
  }
};
