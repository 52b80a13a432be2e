import { existsSync } from 'node:fs';
import { countsOf } from '../../batch/conclusions.ts';
import { homeDirs } from '../../config/paths.ts';
import { isAppError } from '../../errors.ts';
import { logId } from '../../events/envelope.ts';
import { locateRepository } from '../../git/locate.ts';
import { listRefs } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { listWal } from '../../store/wal/wal-files.ts';
import type { Offer } from '../completion.ts';
import { allBatches, batchesOfUser, openBatchHome } from './home.ts';

const BATCHES = 'refs/amp/batches/';
/** With more than these nobody waits for their names at the Tab key. */
const MOST_NAMED = 20;

/** Where batches live for somebody who stands there; nothing is made. */
const homeOf = async (dir: string): Promise<Repository | undefined> => {
  try {
    return await locateRepository(dir);
  } catch (error) {
    if (!isAppError(error, 'repository.missing')) throw error;
    const own = batchesOfUser(homeDirs(process.env, process.platform));
    return existsSync(own) ? locateRepository(own) : undefined;
  }
};

/** Batches by id and, as long as they are few, by name. */
export const offerBatches = async (dir: string): Promise<Offer[]> => {
  const repo = await homeOf(dir);
  if (!repo) return [];
  const refs = (await listRefs(repo, BATCHES)).map(({ ref }) => ref.slice(BATCHES.length).split('/')[0]!);
  const pending = listWal(repo).flatMap(({ log }) => (log.startsWith('batches/') ? [logId(log)] : []));
  const ids = [...new Set([...refs, ...pending])];
  if (ids.length === 0 || ids.length > MOST_NAMED) return ids.map((value) => ({ value }));
  const home = await openBatchHome({ dir });
  try {
    // Of several with one name the newest is meant, and it comes last.
    const byName = new Map<string, Offer>();
    const byId = (await allBatches(home)).map((batch): Offer => {
      const how = `${countsOf(batch).passed} of ${batch.items.length} passed`;
      const { name } = batch.options;
      if (name !== batch.id) byName.set(name, { value: name, description: `${batch.id}, ${how}` });
      return { value: batch.id, description: `${name}, ${how}` };
    });
    return [...byId, ...byName.values()];
  } finally {
    await home.store.close();
  }
};
