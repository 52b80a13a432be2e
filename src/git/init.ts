import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { git } from './git.ts';
import { FALLBACK_IDENTITY, identityVariables, userIdentity } from './identity.ts';
import { locateRepository } from './locate.ts';
import type { Repository } from './repository.ts';

export interface InitOptions {
  /** Contents by path below the new repository. */
  files: Record<string, string>;
  /** Of the first commit. */
  message: string;
  branch: string;
}

/** A new repository in a folder, with one commit of the given files; no template is taken, so it has no hooks. */
export const initRepository = async (dir: string, options: InitOptions): Promise<Repository> => {
  await mkdir(dir, { recursive: true });
  const gitDir = join(dir, '.git');
  // There is nothing to distrust in a repository that does not exist yet.
  const coming: Repository = {
    root: dir,
    commonDir: dir,
    bare: false,
    objectFormat: 'sha1',
    refFormat: 'files',
    here: null,
  };
  const env = { GIT_DIR: gitDir, GIT_WORK_TREE: dir };
  await git(coming, ['init', '-q', '--template=', '--object-format=sha1', '-b', options.branch, dir], { env });
  for (const [path, text] of Object.entries(options.files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
  const repo = await locateRepository(dir);
  const worktree = repo.here ?? undefined;
  await git(repo, ['add', '-A'], { worktree });
  const identity = identityVariables((await userIdentity(repo)) ?? FALLBACK_IDENTITY);
  await git(repo, ['commit', '-q', '-m', options.message], { worktree, env: identity });
  return repo;
};
