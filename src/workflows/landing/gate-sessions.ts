import { isAppError } from '../../errors.ts';
import { readPatches } from '../../git/patches.ts';
import type { Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { counted, forReview, type Gate, type GateFinding, passed, someOf } from './gate.ts';
import { type LandedLines, treesOf } from './landed-lines.ts';
import { landingOrder } from './landing-order.ts';
import { type LiveSession, liveSessions } from './live-sessions.ts';
import { findPairs, isConflict, type Pair, withQuarantine } from './pairs.ts';
import type { LandingPlan } from './plan.ts';
import { type Comer, type Stake, surveySessions } from './survey.ts';
import { compareTouched, type Touched, touchedBy } from './touching.ts';

const ownStake = (session: Session, plan: LandingPlan, lines: LandedLines): Stake => {
  const hunks = lines.files.flatMap((file) => file.hunks);
  const insertions = hunks.reduce((sum, { newLines }) => sum + newLines, 0);
  const deletions = hunks.reduce((sum, { oldLines }) => sum + oldLines, 0);
  return {
    id: session.id,
    name: session.name,
    createdAt: session.createdAt,
    tip: plan.tip,
    ahead: 1,
    behind: 0,
    files: lines.files.length,
    insertions,
    deletions,
    size: insertions + deletions,
    conflicts: plan.conflict?.conflicts.map(({ path }) => path) ?? [],
    isInConflict: plan.conflict !== undefined,
    touched: touchedBy(lines.files),
    isOnTarget: lines.isOnTarget,
  };
};

/**
 * Sessions that may have touched some of these files since they began, whatever else has changed there: two processes
 * for all of them, so that the others cost nothing more.
 */
const onSameFiles = async (ctx: Context, live: LiveSession[], touched: Touched): Promise<Comer[]> => {
  if (live.length === 0) return [];
  const comers = live.map(({ comer }) => comer);
  try {
    const ends = live.map(({ session, comer }) => ({ from: session.baseCommit, to: comer.tip }));
    const trees = await treesOf(
      ctx,
      ends.flatMap(({ from, to }) => [from, to]),
    );
    const pairs = ends.map(({ from, to }) => ({ from: trees.get(from)!, to: trees.get(to)! }));
    const { pairs: changed } = await readPatches(ctx.repo, pairs, { withLines: false });
    return comers.filter((_, at) => compareTouched(touched, touchedBy(changed[at]!), false).files.length > 0);
  } catch (error) {
    // Where one began may be cleaned away: then each is looked at.
    if (isAppError(error, 'git.failed')) return comers;
    throw error;
  }
};

/** The other sessions with the same target that touch the same files. */
const findRivals = async (ctx: Context, session: Session, plan: LandingPlan, lines: LandedLines): Promise<Pair[]> => {
  const { live } = await liveSessions(ctx, { but: session.id });
  const sameTarget = live.filter(({ target }) => target.ref === plan.target.ref);
  const comers = await onSameFiles(ctx, sameTarget, touchedBy(lines.files));
  if (comers.length === 0) return [];
  return withQuarantine(async (objectDir) => {
    const others = await surveySessions(ctx, comers, { target: plan.target.commit, objectDir });
    return findPairs(ctx, [ownStake(session, plan, lines), ...others], { objectDir, only: session.id });
  });
};

const findingsOf = (pair: Pair): GateFinding[] => {
  const { b, conflicts, places } = pair;
  const who = `${b.name} (${b.id})`;
  const how = isConflict(pair) ? 'in conflict with' : 'git can merge it with';
  const known = new Set(places.map(({ path }) => path));
  const unplaced = (conflicts ?? []).filter((path) => !known.has(path)).map((path) => ({ path }));
  return [...places, ...unplaced].map((place) => ({ ...place, text: `${how} ${who}` }));
};

/** In which order the session and those in its way land with the least trouble, in words. */
const orderText = (pairs: Pair[]): string => {
  const stakes = new Map(pairs.flatMap(({ a, b }) => [a, b]).map((stake) => [stake.id, stake]));
  const turns = landingOrder(
    [...stakes.values()],
    pairs.filter(isConflict).map(({ a, b }) => [a.id, b.id]),
  );
  const nameOf = (id: string): string => stakes.get(id)!.name;
  const words = turns.map(({ id, after }) =>
    after.length === 0
      ? nameOf(id)
      : `${nameOf(id)} (rebased with a conflict after ${after.map(nameOf).join(' and ')})`,
  );
  return `Land them in this order: ${words.join(', ')}.`;
};

/** Other sessions that are still to land and change the same lines. */
export const sessionsGate = async (
  ctx: Context,
  session: Session,
  plan: LandingPlan,
  lines: LandedLines,
): Promise<Gate> => {
  if (lines.files.length === 0) return passed('sessions', 'nothing to compare');
  const rivals = await findRivals(ctx, session, plan, lines);
  const close = rivals.filter((pair) => pair.places.length > 0 || isConflict(pair));
  if (close.length === 0)
    return passed(
      'sessions',
      rivals.length === 0
        ? 'no other session changes the same files'
        : `${counted(rivals.length, 'other session')} ${rivals.length === 1 ? 'changes' : 'change'} the same files, on other lines`,
    );
  const names = close.map(({ b }) => b.name);
  return forReview('sessions', `${counted(close.length, 'other session')} on the same lines: ${someOf(names)}`, {
    findings: close.flatMap(findingsOf).slice(0, 100),
    hint: close.some(isConflict) ? orderText(close) : 'Either can land first.',
  });
};
