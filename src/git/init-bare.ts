import { mkdir } from 'node:fs/promises';
import { git } from './git.ts';
import { locateRepository } from './locate.ts';
import type { Repository } from './repository.ts';

/** The bare repository in a folder of ours, made at the first call; again is harmless. No template, so no hooks. */
export const initBare = async (dir: string): Promise<Repository> => {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  // There is nothing to distrust in a repository that does not exist yet.
  const coming: Repository = {
    root: dir,
    commonDir: dir,
    bare: true,
    objectFormat: 'sha1',
    refFormat: 'files',
    here: null,
  };
  const args = ['init', '-q', '--bare', '--template=', '--object-format=sha1', '-b', 'main', dir];
  await git(coming, args, { env: { GIT_DIR: dir } });
  return locateRepository(dir);
};
