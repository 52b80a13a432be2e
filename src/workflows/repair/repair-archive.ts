import { readRef } from '../../git/refs.ts';
import { parseArchiveRef } from '../../store/archive/archive-refs.ts';
import { readArchives } from '../../store/archive/archives.ts';
import { encodePacked } from '../../store/archive/contents.ts';
import { readArchive } from '../../store/archive/read-contents.ts';
import { codeRef, type Lane, laneRef } from '../../store/layout.ts';
import { decodeCommit, decodeTree } from '../../store/objects/encode.ts';
import { SoundObjects, UnitedObjects } from '../../store/repair/sound-objects.ts';
import { archiveProblems } from '../../store/verify/check-archives.ts';
import type { Context } from '../context.ts';
import { type CodeLane, type KeptPlan, planKept, targetOf } from './repair-code.ts';
import type { OpenSource } from './sources.ts';

/** What is damaged: lanes and code with a ref of their own, and archives of what was packed away. */
export interface Damage {
  lanes: Lane[];
  code: CodeLane[];
  /** Refs. */
  archives: string[];
}

/** Damage of a lane that has no ref of its own is damage of the archives that have it. */
export const inArchives = async ({ repo }: Context, { lanes, code, archives }: Damage): Promise<Damage> => {
  const packed = new Set(archives);
  const holders = async (kind: 'log' | 'code', ref: string): Promise<string[]> =>
    (await readRef(repo, ref)) === undefined
      ? (await readArchives(repo, kind)).of(ref).map(({ archive }) => archive)
      : [];
  const rest: Damage = { lanes: [], code: [], archives: [] };
  for (const lane of lanes) {
    const found = await holders('log', laneRef(lane));
    if (found.length === 0) rest.lanes.push(lane);
    for (const ref of found) packed.add(ref);
  }
  for (const one of code) {
    const found = await holders('code', codeRef(one.session, one.writer));
    if (found.length === 0) rest.code.push(one);
    for (const ref of found) packed.add(ref);
  }
  return { ...rest, archives: [...packed] };
};

/** All that an archive of logs is made of can be had: links, lists, sealed logs, lines, long texts. */
const isWhole = async (objects: UnitedObjects, tip: string, { repo }: Context): Promise<boolean> => {
  const open = [tip];
  const seen = new Set<string>();
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const object = await objects.object(id);
    if (!object) return false;
    if (object.type === 'commit') {
      const { tree, parents } = decodeCommit(object.bytes);
      open.push(tree, ...parents);
    } else if (object.type === 'tree') open.push(...decodeTree(object.bytes, repo.objectFormat).map((one) => one.id));
  }
  return true;
};

/** Whether another archive lists every line that can still be read of ours. */
const hasAllOf = async (objects: UnitedObjects, { now, tip }: { now: string; tip: string }, { repo }: Context) => {
  const linesOf = async (id: string): Promise<string[]> =>
    (await readArchive(objects, id, repo.objectFormat)).contents.map(encodePacked);
  try {
    const theirs = new Set(await linesOf(tip));
    return (await linesOf(now)).every((line) => theirs.has(line));
  } catch {
    // What cannot be read cannot be shown to be in there.
    return false;
  }
};

/**
 * What makes an archive whole; null when it is, or when nobody has what is missing. Its own end is proved by ids; an
 * archive of another writer that does not agree with itself gives way to one that does and lists all that ours lists.
 */
export const planArchive = async (ctx: Context, ref: string, sources: OpenSource[]): Promise<KeptPlan | null> => {
  const { kind, writer } = parseArchiveRef(ref)!;
  if (kind === 'code') return planKept(ctx, { ref, writer }, sources);
  const now = (await readRef(ctx.repo, ref)) ?? null;
  const wanted = await targetOf(ctx, { ref, writer }, now);
  const others = writer === ctx.store.writer ? [] : sources.flatMap((source) => source.refs.get(ref) ?? []);
  const ours = new SoundObjects(ctx.repo);
  try {
    for (const tip of new Set([wanted, ...others])) {
      if (tip === null) continue;
      const objects = new UnitedObjects(ours, sources);
      if (!(await isWhole(objects, tip, ctx))) continue;
      if ((await archiveProblems(objects, { ref, id: tip }, ctx.repo.objectFormat)).length > 0) continue;
      if (tip !== wanted && !(now !== null && (await hasAllOf(objects, { now, tip }, ctx)))) continue;
      const taken = new Map(objects.taken);
      return now === tip && taken.size === 0 ? null : { ref, writer, now, tip, objects: taken };
    }
    return null;
  } finally {
    ours.close();
  }
};
