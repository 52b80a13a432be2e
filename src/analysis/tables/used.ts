import { PRICES, type Prices } from '../prices.ts';
import { asCount, asData, asMicros, type Micros, money, plus, plusMoney } from './read.ts';
import type { Row } from './table.ts';

const COUNTS = ['tokensInput', 'tokensOutput', 'tokensCacheRead', 'tokensCacheWrite'] as const;

/** Tokens that were told; null: none were. */
export type Tokens = Record<(typeof COUNTS)[number], number | null>;

export const noTokens = (): Tokens => ({
  tokensInput: null,
  tokensOutput: null,
  tokensCacheRead: null,
  tokensCacheWrite: null,
});

export const addTokens = (to: Tokens, more: Tokens): void => {
  for (const name of COUNTS) to[name] = plus(to[name], more[name]);
};

export const tokenColumns = (tokens: Tokens): Row => ({
  tokens_input: tokens.tokensInput,
  tokens_output: tokens.tokensOutput,
  tokens_cache_read: tokens.tokensCacheRead,
  tokens_cache_write: tokens.tokensCacheWrite,
});

/** A cost, and how far it can be trusted. */
export interface Cost {
  micros: Micros | null;
  /** null: nothing was used. */
  source: string | null;
  isLowerBound: boolean | null;
}

export const costColumns = ({ micros, source, isLowerBound }: Cost) => ({
  cost_usd: money(micros),
  cost_source: source,
  cost_is_lower_bound: micros === null ? null : isLowerBound,
});

const NOTHING: Cost = { micros: null, source: null, isLowerBound: null };
const UNKNOWN: Cost = { micros: null, source: 'unknown', isLowerBound: null };

/** What several costs come to: a lower bound as soon as one of them is, or is not known. */
export const sumOf = (costs: Iterable<Cost>): Cost => {
  let micros: Micros | null = null;
  let isLowerBound = false;
  const sources = new Set<string>();
  for (const cost of costs) {
    if (cost.source === null) continue;
    micros = plusMoney(micros, cost.micros);
    if (cost.micros === null || cost.isLowerBound) isLowerBound = true;
    if (cost.micros !== null) sources.add(cost.source);
    else sources.add('unknown');
  }
  if (sources.size === 0) return NOTHING;
  if (micros === null) return UNKNOWN;
  sources.delete('unknown');
  return { micros, source: sources.size === 1 ? [...sources][0]! : 'mixed', isLowerBound };
};

/** Tokens of one model in one iteration. */
interface OfModel {
  reports: number;
  tokens: Tokens;
  /** List price of the reports that have one. */
  computed: Micros | null;
}

const isSilent = ({ tokens }: OfModel): boolean => COUNTS.every((name) => (tokens[name] ?? 0) === 0);

const computedOf = (one: OfModel): Cost => {
  if (isSilent(one)) return NOTHING;
  return one.computed === null ? UNKNOWN : { micros: one.computed, source: 'computed', isLowerBound: true };
};

const SOURCES = new Set<unknown>(['reported', 'billed', 'computed']);

/** What an iteration used. */
export class Used {
  readonly #prices: Prices | undefined;
  readonly #models = new Map<string | null, OfModel>();
  readonly #told: Cost[] = [];
  /** The model that the thread named. */
  model: string | null = null;

  constructor(prices: Prices | undefined) {
    this.#prices = prices;
  }

  /** `usage.reported` */
  report(data: unknown, model: string | null, at: string): void {
    const name = model ?? this.model;
    const one = this.#models.get(name) ?? { reports: 0, tokens: noTokens(), computed: null };
    this.#models.set(name, one);
    one.reports += 1;
    const told = noTokens();
    for (const count of COUNTS) told[count] = asCount(asData(data)[count]);
    addTokens(one.tokens, told);
    const { tokensInput, tokensOutput, tokensCacheRead, tokensCacheWrite } = told;
    if (tokensInput === null || tokensOutput === null || tokensCacheRead === null || tokensCacheWrite === null) return;
    if (name === null || !this.#prices) return;
    const request = { tokensInput, tokensOutput, tokensCacheRead, tokensCacheWrite };
    one.computed = plusMoney(one.computed, this.#prices(name, request, at));
  }

  /** `cost.reported` */
  bill(data: unknown): void {
    const { costUsd, costSource } = asData(data);
    const micros = asMicros(costUsd);
    if (micros === null || !SOURCES.has(costSource)) return;
    this.#told.push({ micros, source: String(costSource), isLowerBound: costSource === 'computed' });
  }

  get tokens(): Tokens {
    const all = noTokens();
    for (const { tokens } of this.#models.values()) addTokens(all, tokens);
    return all;
  }

  get cost(): Cost {
    return this.#told.length > 0 ? sumOf(this.#told) : sumOf([...this.#models.values()].map(computedOf));
  }

  /** The one model that was told of. */
  get onlyModel(): string | null {
    const named = [...this.#models.keys()].filter((name) => name !== null);
    return named.length === 0 ? this.model : named.length === 1 ? named[0]! : null;
  }

  /** Rows of `usage`, without what is the iteration's. */
  rows(): Row[] {
    const models = [...this.#models];
    const isTold = this.#told.length > 0;
    const isShared = isTold && models.length > 1;
    const rows = models.map(([model, one]): Row => {
      const cost = isShared ? { ...NOTHING, source: 'shared' } : isTold ? this.cost : computedOf(one);
      const prices = !isTold && one.computed !== null && !isSilent(one) ? PRICES : null;
      return { model, reports: one.reports, ...tokenColumns(one.tokens), ...costColumns(cost), prices };
    });
    if (!isTold || models.length === 1) return rows;
    const model = isShared ? null : this.model;
    return [...rows, { model, reports: 0, ...tokenColumns(noTokens()), ...costColumns(this.cost), prices: null }];
  }
}
