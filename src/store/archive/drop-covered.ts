import type { Clock } from '../../clock.ts';
import { isAppError } from '../../errors.ts';
import { git, openCatFile } from '../../git/git.ts';
import { listRefs, moveRef, type RefEntry } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { renameTips } from '../session-index.ts';
import { recordTips } from '../tips.ts';
import { type ArchivedRef, readArchives } from './archives.ts';
import { isCovered } from './covered.ts';

/** Takes refs away that are where they were seen, all at once where nobody moves one in between. */
const deleteRefs = async (repo: Repository, refs: RefEntry[]): Promise<RefEntry[]> => {
  const stdin = refs.map(({ ref, id }) => `delete ${ref} ${id}\n`).join('');
  try {
    await git(repo, ['update-ref', '--no-deref', '--stdin'], { stdin });
    return refs;
  } catch (error) {
    if (!isAppError(error, 'git.failed')) throw error;
  }
  const gone: RefEntry[] = [];
  for (const one of refs) if (await moveRef(repo, one.ref, { to: null, from: one.id })) gone.push(one);
  return gone;
};

const KINDS = [
  { kind: 'log', prefixes: ['refs/amp/sessions/', 'refs/amp/batches/'] },
  { kind: 'code', prefixes: ['refs/amp/code/'] },
] as const;

interface Found extends RefEntry {
  packings: ArchivedRef[];
}

/** Refs that are here although an archive that is here too has them. */
const findCovered = async (repo: Repository): Promise<Found[]> => {
  const found: Found[] = [];
  for (const { kind, prefixes } of KINDS) {
    const archives = await readArchives(repo, kind);
    const packed = new Set(archives.all().map(({ ref }) => ref));
    if (packed.size === 0) continue;
    for (const prefix of prefixes)
      for (const entry of await listRefs(repo, prefix))
        if (packed.has(entry.ref)) found.push({ ...entry, packings: archives.of(entry.ref) });
  }
  return found;
};

/**
 * Takes away every ref whose history an archive holds, ours and others': what a packing that was interrupted left,
 * what was here before an archive came from another clone. One that goes on from there stays. The archives are read
 * from refs that are on disk. Returns the refs that went.
 * @param writer ours; its refs are forgotten first, or the next command would put them back
 */
export const dropCovered = async (
  repo: Repository,
  { writer, clock }: { writer: string | undefined; clock: Clock },
): Promise<string[]> => {
  const found = await findCovered(repo);
  if (found.length === 0) return [];
  const reader = openCatFile(repo);
  const covered: Found[] = [];
  try {
    for (const one of found) if (await isCovered(repo, reader, one)) covered.push(one);
  } finally {
    reader.close();
  }
  if (covered.length === 0) return [];
  const ours = covered.filter(({ ref }) => ref.endsWith(`/${writer}`));
  if (writer !== undefined && ours.length > 0)
    recordTips(repo, { writer, changes: ours.map(({ ref }) => ({ ref, id: null })) });
  const gone = await deleteRefs(repo, covered);
  const ends = (await readArchives(repo, 'log')).ends();
  const renamed = new Map(
    gone.flatMap(({ ref, id }) => (ends.get(ref)?.tip === id ? [[id, ends.get(ref)!.commit]] : [])),
  );
  renameTips(repo, renamed, { clock });
  return gone.map(({ ref }) => ref);
};
