import { readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { isAppError } from '../../errors.ts';
import { gitText } from '../../git/git.ts';
import { locateRepository } from '../../git/locate.ts';
import { listRefs } from '../../git/refs.ts';
import { localPath, remoteNames } from '../../git/remotes.ts';
import type { Repository } from '../../git/repository.ts';
import { fetchObjects, listRemoteRefs } from '../../git/sync-fetch.ts';
import { findSyncRemote, type SyncRemote } from '../../git/sync-remote.ts';
import { throwawayRepository } from '../../git/throwaway-repository.ts';
import {
  codeRef,
  DAMAGED,
  eventsFile,
  type Lane,
  laneRef,
  NOTES_REF,
  payloadDir,
  quarantineDir,
} from '../../store/layout.ts';
import type { RepairSource } from '../../store/repair/plan-lane.ts';
import { SoundObjects } from '../../store/repair/sound-objects.ts';
import { isMissing, readIfThere } from '../../store/wal/files.ts';
import { readPayloadPart } from '../../store/wal/payload-files.ts';
import type { Context } from '../context.ts';

/** Another clone, or what was set aside here, with all its refs by name. */
export interface OpenSource extends RepairSource {
  refs: Map<string, string>;
  close(): void;
}

const namesIn = (dir: string): string[] => {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
};

/** Bytes that were set aside from a lane's write-ahead file. */
const quarantined = (repo: Repository, lane: Lane): Buffer[] => {
  const dir = quarantineDir(repo);
  const stem = `${basename(eventsFile(repo, lane))}.`;
  return namesIn(dir)
    .filter((name) => name.startsWith(stem) && !name.endsWith('.tmp'))
    .flatMap((name) => readIfThere(join(dir, name)) ?? []);
};

const waiting = (repo: Repository, lane: Lane): Buffer[] => {
  const bytes = readIfThere(eventsFile(repo, lane));
  return bytes ? [bytes] : [];
};

/** What this clone itself has set aside. */
export const quarantineSource = async ({ repo }: Context): Promise<OpenSource> => {
  const refs = new Map((await listRefs(repo, DAMAGED)).map(({ ref, id }) => [ref, id]));
  const objects = new SoundObjects(repo);
  return {
    label: 'the quarantine',
    objects,
    refs: new Map(),
    tips: ({ log, writer }) =>
      [...refs].filter(([ref]) => ref.startsWith(`${DAMAGED}${log}/${writer}/`)).map(([, id]) => id),
    loose: (lane) => quarantined(repo, lane),
    payload: () => undefined,
    close: () => objects.close(),
  };
};

/** The clone behind a path: what it has that is not in git can be read too. */
const folderOf = async (address: string): Promise<Repository | undefined> => {
  const path = localPath(address);
  if (path === undefined) return undefined;
  try {
    return await locateRepository(path);
  } catch (error) {
    if (isAppError(error)) return undefined;
    throw error;
  }
};

/** Seen from anywhere. */
const absolute = async ({ repo }: Context, remote: SyncRemote): Promise<SyncRemote> => {
  const named = remote.name === remote.address;
  const address = named ? await gitText(repo, ['remote', 'get-url', '--', remote.address]) : remote.address;
  const path = localPath(address);
  return { label: remote.label, address: path === undefined ? address : resolve(repo.root, path), name: null };
};

/** @returns ids of those that could be had */
const fetchWhatCan = async (repo: Repository, remote: SyncRemote, ids: string[]): Promise<string[]> => {
  try {
    await fetchObjects(repo, remote, ids);
    return ids;
  } catch (error) {
    if (!isAppError(error, 'remote.unreachable')) throw error;
  }
  // A clone that is damaged itself still gives what it has whole.
  const had: string[] = [];
  for (const id of ids)
    try {
      await fetchObjects(repo, remote, [id]);
      had.push(id);
    } catch (error) {
      if (!isAppError(error, 'remote.unreachable')) throw error;
    }
  return had;
};

export interface Wanted {
  lanes: Lane[];
  /** Writers' code, which brings the whole history of the code along. */
  code: { session: string; writer: string }[];
  /** Refs. */
  archives: string[];
  notes: boolean;
}

const refsOf = ({ lanes, code, archives, notes }: Wanted): string[] => [
  ...lanes.map(laneRef),
  ...code.map(({ session, writer }) => codeRef(session, writer)),
  ...archives,
  ...(notes ? [NOTES_REF] : []),
];

/**
 * Another clone's logs in a throw-away repository: in our own, git would take for there what only a ref names.
 * @throws AppError remote.unreachable
 */
export const cloneSource = async (ctx: Context, remote: SyncRemote, wanted: Wanted): Promise<OpenSource> => {
  const other = await absolute(ctx, remote);
  const there = await listRemoteRefs(ctx.repo, other, ['refs/amp/*', NOTES_REF]);
  const { repo, remove } = await throwawayRepository(ctx.repo);
  const objects = new SoundObjects(repo);
  const close = (): void => {
    objects.close();
    remove();
  };
  try {
    const asked = refsOf(wanted).flatMap((ref) => (there.has(ref) ? [[ref, there.get(ref)!] as const] : []));
    const had = new Set(await fetchWhatCan(repo, other, [...new Set(asked.map(([, id]) => id))]));
    const refs = new Map(asked.filter(([, id]) => had.has(id)));
    const folder = await folderOf(other.address);
    return {
      label: remote.label,
      objects,
      refs,
      tips: (lane) => [refs.get(laneRef(lane)) ?? []].flat(),
      loose: (lane) => (folder ? [...waiting(folder, lane), ...quarantined(folder, lane)] : []),
      payload: (lane, sha256) => (folder ? readPayloadPart(payloadDir(folder, lane), sha256) : undefined),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
};

/** The clones to ask: the one that was named, else every remote. */
export const remotesToAsk = async (
  ctx: Context,
  from: string | undefined,
  directory: string,
): Promise<SyncRemote[]> => {
  if (from !== undefined) return [await findSyncRemote(ctx.repo, from, directory)];
  const remotes: SyncRemote[] = [];
  for (const name of await remoteNames(ctx.repo)) remotes.push(await findSyncRemote(ctx.repo, name, directory));
  return remotes;
};
