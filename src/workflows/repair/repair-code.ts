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

export interface CodePlan extends CodeLane {
  ref: string;
  now: string | null;
  tip: string;
  objects: Map<string, ObjectSource>;
}

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
const targetOf = async (ctx: Context, ref: string, { writer }: CodeLane, now: string | null) => {
  const left = writer === ctx.store.writer ? readTips(ctx.repo, writer).get(ref) : undefined;
  if (left === undefined || left === now || now === null) return left ?? now;
  const later = await orDamage(isAncestor(ctx.repo, left, now));
  return 'value' in later && later.value ? now : left;
};

/** What makes a session's code ref whole; null when it is, or when nobody has what is missing. */
export const planCode = async (ctx: Context, lane: CodeLane, sources: OpenSource[]): Promise<CodePlan | null> => {
  const ref = codeRef(lane.session, lane.writer);
  const now = (await readRef(ctx.repo, ref)) ?? null;
  const tip = await targetOf(ctx, ref, lane, now);
  if (tip === null) return null;
  for (const source of sources) {
    const theirs = source.refs.get(ref);
    if (theirs === undefined) continue;
    const all = await objectsBehind(source.objects.repo, [theirs]);
    if (!all.includes(tip)) continue;
    const ids = await unsound(ctx, await objectsBehind(source.objects.repo, [tip]));
    return { ...lane, ref, now, tip, objects: new Map(ids.map((id) => [id, source])) };
  }
  const whole = await orDamage(objectsBehind(ctx.repo, [tip]));
  return 'value' in whole && now !== tip ? { ...lane, ref, now, tip, objects: new Map() } : null;
};

/** @returns where the damaged things are kept */
export const applyCode = async (ctx: Context, { ref, now, tip, objects, writer }: CodePlan): Promise<string[]> => {
  const { repo, clock } = ctx;
  const { release, aside } = await bringObjects({ repo, clock }, objects);
  try {
    if (now !== tip) {
      if (now !== null && (await missingObjects(repo, [now])).size === 0) {
        const kept = `${DAMAGED}${ref.slice('refs/amp/'.length)}/${clock.newId()}`;
        await moveRef(repo, kept, { to: now, from: null });
        aside.push(kept);
      }
      await moveRef(repo, ref, { to: tip, from: now });
    }
    if (writer === ctx.store.writer) recordTips(repo, { writer, changes: [{ ref, id: tip }] });
    return aside;
  } finally {
    release();
  }
};
