import { AppError } from '../../errors.ts';
import { isAncestor } from '../../git/commits.ts';
import { moveRef, readRef } from '../../git/refs.ts';
import { objectsBehind } from '../../git/take-objects.ts';
import { codeRef, DAMAGED } from '../../store/layout.ts';
import { bringObjects } from '../../store/repair/apply-lane.ts';
import { type ObjectSource, SoundObjects } from '../../store/repair/sound-objects.ts';
import { readTips, recordTips } from '../../store/tips.ts';
import { missingObjects, orDamage } from '../../store/verify/lane-history.ts';
import type { Context } from '../context.ts';
import type { OpenSource } from './sources.ts';

export interface CodeLane {
  session: string;
  writer: string;
}

/** A ref that keeps things reachable, and its writer. */
export interface KeptRef {
  ref: string;
  writer: string;
}

/** What makes all that such a ref keeps whole. */
export interface KeptPlan extends KeptRef {
  now: string | null;
  tip: string;
  objects: Map<string, ObjectSource>;
}

export type CodePlan = KeptPlan & CodeLane;

/** So many objects are read to see whether they are sound; of more, only whether they are there. */
const MANY = 20_000;

const unsound = async (ctx: Context, ids: string[]): Promise<string[]> => {
  const missing = await missingObjects(ctx.repo, ids);
  if (ids.length > MANY) return [...missing];
  const ours = new SoundObjects(ctx.repo);
  try {
    const bad: string[] = [];
    for (const id of ids) if (missing.has(id) || !(await ours.object(id))) bad.push(id);
    return bad;
  } finally {
    ours.close();
  }
};

/** Where the ref has to be: where we left it, unless it went on from there. */
export const targetOf = async (ctx: Context, { ref, writer }: KeptRef, now: string | null): Promise<string | null> => {
  const left = writer === ctx.store.writer ? readTips(ctx.repo, writer).get(ref) : undefined;
  if (left === undefined || left === now || now === null) return left ?? now;
  const later = await orDamage(isAncestor(ctx.repo, left, now));
  return 'value' in later && later.value ? now : left;
};

/** What makes whole what a ref keeps; null when it is, or when nobody has what is missing. */
export const planKept = async (ctx: Context, kept: KeptRef, sources: OpenSource[]): Promise<KeptPlan | null> => {
  const { ref } = kept;
  const now = (await readRef(ctx.repo, ref)) ?? null;
  const tip = await targetOf(ctx, kept, now);
  if (tip === null) return null;
  for (const source of sources) {
    const theirs = source.refs.get(ref);
    if (theirs === undefined) continue;
    const all = await objectsBehind(source.objects.repo, [theirs]);
    if (!all.includes(tip)) continue;
    const ids = await unsound(ctx, await objectsBehind(source.objects.repo, [tip]));
    return { ...kept, now, tip, objects: new Map(ids.map((id) => [id, source])) };
  }
  const whole = await orDamage(objectsBehind(ctx.repo, [tip]));
  return 'value' in whole && now !== tip ? { ...kept, now, tip, objects: new Map() } : null;
};

/** What makes a session's code ref whole; null as above. */
export const planCode = async (ctx: Context, lane: CodeLane, sources: OpenSource[]): Promise<CodePlan | null> => {
  const plan = await planKept(ctx, { ref: codeRef(lane.session, lane.writer), writer: lane.writer }, sources);
  return plan && { ...plan, ...lane };
};

/** @returns where the damaged things are kept @throws AppError store.conflict when the ref moved meanwhile */
export const applyKept = async (ctx: Context, { ref, now, tip, objects, writer }: KeptPlan): Promise<string[]> => {
  const { repo, clock } = ctx;
  const { release, aside } = await bringObjects({ repo, clock }, objects);
  try {
    if (now !== tip) {
      if (now !== null && (await missingObjects(repo, [now])).size === 0) {
        const kept = `${DAMAGED}${ref.slice('refs/amp/'.length)}/${clock.newId()}`;
        await moveRef(repo, kept, { to: now, from: null });
        aside.push(kept);
      }
      if (!(await moveRef(repo, ref, { to: tip, from: now })))
        throw new AppError('store.conflict', `${ref} moved while it was being put right.`, {
          hint: 'Somebody works on it; run the command again.',
        });
    }
    if (writer === ctx.store.writer) recordTips(repo, { writer, changes: [{ ref, id: tip }] });
    return aside;
  } finally {
    release();
  }
};
