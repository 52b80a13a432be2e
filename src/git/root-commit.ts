import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gitText } from './git.ts';
import { FALLBACK_IDENTITY, type Identity, identityVariables } from './identity.ts';
import type { Repository } from './repository.ts';

/** Always the same moment, so that all who begin with the same repository share one root and can be merged. */
const WHEN = '@946684800 +0000';

const MESSAGE = 'Root of sessions begun while the repository was empty';

/** A commit of the empty tree, to begin from in a repository that has none. The same identity gives the same commit. */
export const createRootCommit = async (repo: Repository, identity: Identity | null): Promise<string> => {
  const settings: [string, string][] = [['core.fsync', 'all']];
  const noIndex = join(tmpdir(), `amp-no-index-${process.pid}`);
  const tree = await gitText(repo, ['write-tree'], { index: noIndex, settings });
  const env = {
    ...identityVariables(identity ?? FALLBACK_IDENTITY),
    GIT_AUTHOR_DATE: WHEN,
    GIT_COMMITTER_DATE: WHEN,
  };
  return gitText(repo, ['commit-tree', tree], { env, stdin: `${MESSAGE}\n`, settings });
};
