import { openCatFile } from '../../git/git.ts';
import { listRefs, readRef } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { ARCHIVE } from '../archive/archive-refs.ts';
import { countNotes } from '../forget/forgotten-notes.ts';
import { findTraces } from '../forget/traces.ts';
import { NOTES_REF, parseTombstoneRef, TOMBSTONES, tombstoneRef } from '../layout.ts';
import type { ObjectReader } from '../notes/plan-notes.ts';
import { decodeCommit } from '../objects/encode.ts';
import { readTips } from '../tips.ts';
import { readChain } from '../tombstones/read-chain.ts';
import { keyOf } from '../tombstones/tombstone-lines.ts';
import { readTombstones } from '../tombstones.ts';
import { localWriters } from '../wal/writer.ts';
import type { Problem } from './problem.ts';

const problem = (where: string, detail: string, isDamage: boolean): Problem => ({
  kind: 'tombstone',
  log: '',
  writer: parseTombstoneRef(where) ?? null,
  seq: null,
  where,
  byte: null,
  detail,
  isDamage,
});

/** Each commit of a chain is readable, and says all that the one before said. */
const checkChain = async (repo: Repository, reader: ObjectReader, ref: string, tip: string): Promise<Problem[]> => {
  const problems = new Set<string>();
  let later: Set<string> | undefined;
  for (let at: string | undefined = tip; at !== undefined; ) {
    const reading = await readChain(reader, { ref, tip: at, format: repo.objectFormat });
    for (const one of reading.problems) problems.add(one);
    const said = reading.tombstones.map(keyOf);
    if (later && !said.every((key) => later!.has(key))) problems.add(`${ref} takes back what ${at} of it says`);
    later = new Set(said);
    const commit: Awaited<ReturnType<ObjectReader['object']>> = await reader.object(at).catch(() => undefined);
    at = commit?.type === 'commit' ? decodeCommit(commit.bytes).parents[0] : undefined;
  }
  return [...problems].map((detail) => problem(ref, detail, true));
};

/** Our own refs are where we left them; the tombstones count in any case. */
const checkOwn = async (repo: Repository): Promise<Problem[]> => {
  const problems: Problem[] = [];
  for (const writer of localWriters(repo)) {
    const ref = tombstoneRef(writer);
    const left = readTips(repo, writer).get(ref);
    if (left !== undefined && (await readRef(repo, ref)) === undefined)
      problems.push(problem(ref, `${ref} is gone, and was at ${left.slice(0, 12)}`, false));
  }
  return problems;
};

/** What is still here of forgotten sessions: no damage, and it goes with the next sync. */
const checkTraces = async (repo: Repository): Promise<Problem[]> => {
  const { isForgotten, forgotten } = await readTombstones(repo);
  if (forgotten.size === 0) return [];
  const problems: Problem[] = [];
  for (const [session, { refs, files, isPacked }] of await findTraces(repo, isForgotten))
    for (const where of [...refs.map(({ ref }) => ref), ...files, ...(isPacked ? [`${ARCHIVE}*`] : [])])
      problems.push(
        problem(where, `session ${session} was forgotten and is here; \`amp-sessions sync\` takes it away`, false),
      );
  const notes = await countNotes(repo, isForgotten);
  if (notes > 0) problems.push(problem(NOTES_REF, `${notes} notes tell of forgotten sessions`, false));
  return problems;
};

/** Tombstones: their shape, that none was taken back, and that they were carried out here. */
export const checkTombstones = async (repo: Repository): Promise<Problem[]> => {
  const reader = openCatFile(repo);
  try {
    const problems: Problem[] = [];
    for (const { ref, id } of await listRefs(repo, TOMBSTONES))
      problems.push(...(await checkChain(repo, reader, ref, id)));
    return [...problems, ...(await checkOwn(repo)), ...(await checkTraces(repo))];
  } finally {
    reader.close();
  }
};
