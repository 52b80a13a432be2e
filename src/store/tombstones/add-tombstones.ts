import { type Clock, systemClock } from '../../clock.ts';
import { AppError } from '../../errors.ts';
import { openCatFile } from '../../git/git.ts';
import { readRef } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { bringIn, untilWon } from '../bring-in.ts';
import { TOMBSTONES_KEEP, tombstoneRef } from '../layout.ts';
import type { ObjectReader } from '../notes/plan-notes.ts';
import { BLOB_MODE, type TreeEntry } from '../objects/encode.ts';
import { type NewObjects, newObjects } from '../objects/new-objects.ts';
import { readTips, recordTips } from '../tips.ts';
import { type ChainReading, readChain } from './read-chain.ts';
import { keyOf, type Tombstone, tombstoneFile, tombstoneLine } from './tombstone-lines.ts';

interface Plan {
  reading: ChainReading;
  fresh: Tombstone[];
}

/** The files of the newest commit with the new lines at their ends; all of them anew where one is damaged. */
const planTree = async ({ reading, fresh }: Plan, objects: NewObjects): Promise<string> => {
  const isSound = reading.problems.length === 0;
  const files = new Map<string, { bytes: Buffer[]; entry?: TreeEntry }>();
  if (isSound) for (const entry of reading.files) files.set(entry.name, { bytes: [entry.bytes!], entry });
  for (const tombstone of isSound ? fresh : [...reading.tombstones, ...fresh]) {
    const name = tombstoneFile(tombstone);
    const bytes = [...(files.get(name)?.bytes ?? []), Buffer.from(tombstoneLine(tombstone))];
    files.set(name, { bytes });
  }
  const entries: TreeEntry[] = [];
  for (const [name, { bytes, entry }] of files)
    entries.push(entry ?? { mode: BLOB_MODE, name, id: await objects.blob(Buffer.concat(bytes)) });
  return objects.tree(entries);
};

const describe = (writer: string, fresh: Tombstone[]): string =>
  `${fresh.length} tombstone${fresh.length === 1 ? '' : 's'}\n\nAmp-Writer: ${writer}`;

const chainLost = (ref: string, tip: string): AppError =>
  new AppError(
    'log.damaged',
    `The commit ${tip} of ${ref} is damaged or missing, so no tombstone can be added to it.`,
    {
      hint: `Fetch it from a clone that has it: \`git fetch <clone> ${ref}\`.`,
    },
  );

const NOTHING: ChainReading = { tombstones: [], files: [], problems: [] };

interface Start {
  /** What our ref names now. */
  now: string | null;
  /** The commit to go on from. */
  tip: string | null;
  reading: ChainReading;
  /** What we had said, should somebody have moved our ref back or deleted it. */
  before: Tombstone[];
}

const startOf = async (repo: Repository, reader: ObjectReader, writer: string): Promise<Start> => {
  const ref = tombstoneRef(writer);
  const read = (tip: string) => readChain(reader, { ref, tip, format: repo.objectFormat });
  const isHere = async (id: string): Promise<boolean> => {
    const object = await reader.object(id).catch(() => undefined);
    return object?.type === 'commit';
  };
  const now = (await readRef(repo, ref)) ?? null;
  const left = readTips(repo, writer).get(ref) ?? null;
  const isLost = left !== null && left !== now && (await isHere(left));
  const tip = now ?? (isLost ? left : null);
  if (tip !== null && !(await isHere(tip))) throw chainLost(ref, tip);
  const before = isLost ? (await read(left)).tombstones : [];
  return { now, tip, reading: tip === null ? NOTHING : await read(tip), before };
};

const addOnce = async (
  repo: Repository,
  { writer, entries, clock, reader }: { writer: string; entries: Tombstone[]; clock: Clock; reader: ObjectReader },
): Promise<{ won: boolean } | undefined> => {
  const ref = tombstoneRef(writer);
  const { now, tip, reading, before } = await startOf(repo, reader, writer);
  const said = new Set(reading.tombstones.map(keyOf));
  const fresh = [...before, ...entries].filter((one) => !said.has(keyOf(one)) && said.add(keyOf(one)));
  if (fresh.length === 0 && now === tip) return { won: false };
  const objects = await newObjects(repo);
  try {
    const tree = await planTree({ reading, fresh }, objects);
    const parents = tip === null ? [] : [tip];
    const to = await objects.commit({ tree, parents, at: clock.now(), message: describe(writer, fresh) });
    const [moved] = await bringIn(repo, { objects, moves: [{ ref, to, from: now }], reason: TOMBSTONES_KEEP });
    if (!moved) return undefined;
    recordTips(repo, { writer, changes: [{ ref, id: to }] });
    return { won: true };
  } finally {
    objects.dispose();
  }
};

/**
 * Adds tombstones to this writer's ref; what it says already is not said again. On disk when this resolves.
 * @returns false when there was nothing to add
 * @throws AppError log.damaged, store.conflict, git.failed
 */
export const addTombstones = async (
  repo: Repository,
  writer: string,
  entries: Tombstone[],
  { clock = systemClock }: { clock?: Clock } = {},
): Promise<boolean> => {
  const reader = openCatFile(repo);
  try {
    return await untilWon(tombstoneRef(writer), () => addOnce(repo, { writer, entries, clock, reader }));
  } finally {
    reader.close();
  }
};
