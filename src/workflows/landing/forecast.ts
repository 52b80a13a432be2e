import type { Context } from '../context.ts';
import { landingOrder } from './landing-order.ts';
import { type LiveSession, liveSessions, SESSIONS_MOST } from './live-sessions.ts';
import { findPairs, isConflict, type Pair, TRIALS, withQuarantine } from './pairs.ts';
import { type Stake, surveySessions } from './survey.ts';
import type { Target } from './target.ts';
import type { Meeting } from './touching.ts';

export interface ForecastSession {
  session: string;
  name: string;
  target: string;
  ahead: number;
  behind: number;
  files: number;
  insertions: number;
  deletions: number;
  /** Files in conflict with the target as it is now. */
  conflicts: { path: string }[];
}

export interface ForecastPair {
  sessions: [string, string];
  /** Neither can land cleanly after the other. */
  isConflict: boolean;
  /** Files that both change. */
  files: string[];
  places: Meeting['places'];
  /** Files that git cannot merge; null: not tried, judged by the lines. */
  conflicts: { path: string }[] | null;
}

export interface ForecastTurn {
  session: string;
  name: string;
  target: string;
  /** It lands without a conflict when its turn comes. */
  clean: boolean;
  /** Sessions that land before it, in conflict with it. */
  after: string[];
}

/** How the sessions that are still to land get on with their targets and with each other. */
export interface Forecast {
  /** All can land, one after the other, without a conflict. */
  ok: boolean;
  sessions: ForecastSession[];
  /** Those that touch the same files. */
  pairs: ForecastPair[];
  order: ForecastTurn[];
  /** Sessions that bring nothing to their target. */
  empty: { session: string; name: string }[];
  /** What was left out, as there was too much. */
  limits: string[];
}

const paths = (names: string[]): { path: string }[] => names.map((path) => ({ path }));

const sessionOf = (stake: Stake, target: Target): ForecastSession => {
  const { id, name, ahead, behind, files, insertions, deletions, conflicts } = stake;
  const size = { ahead, behind, files, insertions, deletions };
  return { session: id, name, target: target.name, ...size, conflicts: paths(conflicts) };
};

const pairOf = (pair: Pair): ForecastPair => ({
  sessions: [pair.a.id, pair.b.id],
  isConflict: isConflict(pair),
  files: pair.files,
  places: pair.places,
  conflicts: pair.conflicts && paths(pair.conflicts),
});

const turnsOf = (stakes: Stake[], pairs: Pair[], target: Target): ForecastTurn[] => {
  const byId = new Map(stakes.map((stake) => [stake.id, stake]));
  const against = pairs.filter(isConflict).map(({ a, b }): [string, string] => [a.id, b.id]);
  return landingOrder(stakes, against).map(({ id, after }) => {
    const { name, isInConflict } = byId.get(id)!;
    return { session: id, name, target: target.name, clean: after.length === 0 && !isInConflict, after };
  });
};

type Part = Omit<Forecast, 'ok' | 'limits'> & { untried: number };

/** Sessions with another target do not meet. */
const forecastFor = (ctx: Context, target: Target, live: LiveSession[], trials: number | undefined): Promise<Part> =>
  withQuarantine(async (objectDir) => {
    const comers = live.map(({ comer }) => comer);
    const stakes = await surveySessions(ctx, comers, { target: target.commit, objectDir });
    const pairs = await findPairs(ctx, stakes, { objectDir, trials });
    const known = new Set(stakes.map(({ id }) => id));
    return {
      sessions: stakes.map((stake) => sessionOf(stake, target)),
      pairs: pairs.map(pairOf),
      order: turnsOf(stakes, pairs, target),
      empty: comers.filter(({ id }) => !known.has(id)).map(({ id, name }) => ({ session: id, name })),
      untried: pairs.filter(({ conflicts }) => conflicts === null).length,
    };
  });

const limitsOf = (passedOver: number, untried: number): string[] => [
  ...(passedOver > 0
    ? [`Only the ${SESSIONS_MOST} sessions with the newest activity were compared; ${passedOver} were not.`]
    : []),
  ...(untried > 0 ? [`${untried} pairs were judged by their lines alone; merging them was not tried.`] : []),
];

export interface ForecastWish {
  into?: string;
  onStep?(text: string): void;
  /** Merges that are tried at most; default 500 for each target. */
  trials?: number;
}

/**
 * Forecasts how all live sessions would land: which are in conflict with their target, which with each other, and an
 * order in which few have to be rebased with a conflict. Looks only; merged files go into a folder of their own.
 * @throws AppError ref.missing
 */
export const forecast = async (ctx: Context, wish: ForecastWish = {}): Promise<Forecast> => {
  wish.onStep?.('reading the sessions');
  const { live, passedOver } = await liveSessions(ctx, { into: wish.into });
  const groups = new Map<string, LiveSession[]>();
  for (const one of live) groups.set(one.target.ref, [...(groups.get(one.target.ref) ?? []), one]);
  const parts: Part[] = [];
  for (const [, members] of groups) {
    const { target } = members[0]!;
    wish.onStep?.(
      `comparing ${members.length} session${members.length === 1 ? '' : 's'} with ${target.name} and each other`,
    );
    parts.push(await forecastFor(ctx, target, members, wish.trials ?? TRIALS));
  }
  const order = parts.flatMap((part) => part.order);
  return {
    ok: order.every(({ clean }) => clean),
    sessions: parts.flatMap((part) => part.sessions),
    pairs: parts.flatMap((part) => part.pairs),
    order,
    empty: parts.flatMap((part) => part.empty),
    limits: limitsOf(
      passedOver,
      parts.reduce((sum, { untried }) => sum + untried, 0),
    ),
  };
};
