import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { isAppError } from '../../errors.ts';
import { git } from '../../git/git.ts';
import { moveRef, type RefEntry } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { TOMBSTONES_KEEP } from '../layout.ts';
import { dropFromIndex } from '../session-index.ts';
import { readTips, recordTips } from '../tips.ts';
import { isMissing, readIfThere, storeError, syncDir } from '../wal/files.ts';
import { localWriters } from '../wal/writer.ts';
import { cachesBesideIndex, draftsNamed, type Traces } from './traces.ts';

/** All at once where nobody moves one in between. */
const deleteRefs = async (repo: Repository, refs: RefEntry[]): Promise<void> => {
  if (refs.length === 0) return;
  const stdin = refs.map(({ ref, id }) => `delete ${ref} ${id}\n`).join('');
  try {
    await git(repo, ['update-ref', '--no-deref', '--stdin'], { stdin, settings: [['core.fsync', 'all']] });
  } catch (error) {
    if (!isAppError(error, 'git.failed')) throw error;
    for (const { ref, id } of refs) await moveRef(repo, ref, { to: null, from: id });
  }
};

/** So that nothing takes them for lost and puts them back. */
const forgetTips = (repo: Repository, session: string): void => {
  for (const writer of localWriters(repo)) {
    const ours = [...readTips(repo, writer).keys()].filter((ref) => ref.split('/')[3] === session);
    if (ours.length > 0) recordTips(repo, { writer, changes: ours.map((ref) => ({ ref, id: null })) });
  }
};

/** Packs that a process left protected which died while it brought them in. */
const dropKeeps = (repo: Repository, isGone: (reason: string) => boolean): void => {
  const dir = join(repo.commonDir, 'objects', 'pack');
  for (const name of readdirSync(dir)) {
    if (!name.endsWith('.keep')) continue;
    const path = join(dir, name);
    if (isGone(readIfThere(path)?.toString().trimEnd() ?? '')) rmSync(path, { force: true });
  }
};

const removeFiles = (paths: string[]): void => {
  try {
    // Another process may just be adding to a cache.
    for (const path of paths) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
    for (const dir of new Set(paths.map(dirname))) syncDir(dir);
  } catch (error) {
    if (!isMissing(error)) throw storeError(error, paths[0] ?? '');
  }
};

/**
 * Takes away all of a session's history that this clone has, but for notes and archives: refs, what is not in git yet,
 * what was set aside, caches. May be called again at any time; what is gone is gone. Objects are left to git.
 */
export const purgeSession = async (
  repo: Repository,
  session: string,
  { traces, clock }: { traces: Traces | undefined; clock: Clock },
): Promise<void> => {
  forgetTips(repo, session);
  await deleteRefs(repo, traces?.refs ?? []);
  removeFiles([...(traces?.files ?? []), ...cachesBesideIndex(repo), ...draftsNamed(repo, session)]);
  dropFromIndex(repo, session, { clock });
  dropKeeps(repo, (reason) => reason === TOMBSTONES_KEEP || reason.startsWith(`amp sessions/${session} `));
};
