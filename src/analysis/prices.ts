import type { LogEvent } from '../events/catalogue.ts';
import { asData, asMicros, asText, type Data, type Micros } from './tables/read.ts';

/** Where computed costs come from: a package, its version, and the day of its price table. */
export const PRICE_TABLE = { name: '@pydantic/genai-prices', version: '0.1.8', date: '2026-09-23' } as const;

/** As it stands beside a computed cost. */
export const PRICES = `${PRICE_TABLE.name}@${PRICE_TABLE.version}, prices of ${PRICE_TABLE.date}`;

/** Tokens of one request, as `usage.reported` has them: input without cache reads and writes. */
export interface Request {
  tokensInput: number;
  tokensOutput: number;
  tokensCacheRead: number;
  tokensCacheWrite: number;
}

/** List price of a request in millionths of a dollar; null for a model that the table does not know. */
export type Prices = (model: string, request: Request, at: string) => Micros | null;

type Package = typeof import('@pydantic/genai-prices');
type Calculation = NonNullable<ReturnType<Package['calcPrice']>>;

const FIELDS = ['input_mtok', 'output_mtok', 'cache_read_mtok', 'cache_write_mtok'] as const;

/** Dollars a million tokens of a request with more tokens of input than `above`, cache reads and writes among them. */
type Step = Record<(typeof FIELDS)[number] | 'above', number>;

type Price = Calculation['model_price'][(typeof FIELDS)[number]];

/** What one kind of tokens costs in a request that has so many of input; as the package has it. */
const priceAt = (price: Price, tokens: number): number | undefined => {
  if (typeof price !== 'object') return price;
  return price.tiers.reduce((found, tier) => (tokens > tier.start ? tier.price : found), price.base);
};

/** By rising size of the request; undefined where a price depends on more than tokens: then the package is asked each time. */
const stepsOf = ({ model, model_price: price }: Calculation): Step[] | undefined => {
  if (Array.isArray(model.prices)) return undefined;
  const starts = FIELDS.flatMap((field) => {
    const own = price[field];
    return typeof own === 'object' ? own.tiers.map(({ start }) => start) : [];
  });
  const steps = [-1, ...new Set(starts)]
    .sort((a, b) => a - b)
    .map((above): Partial<Step> => {
      const [input, output, read = input, write = input] = FIELDS.map((field) => priceAt(price[field], above + 1));
      return { above, input_mtok: input!, output_mtok: output!, cache_read_mtok: read!, cache_write_mtok: write! };
    });
  const isWhole = (step: Partial<Step>): step is Step => Object.values(step).every((one) => typeof one === 'number');
  return steps.every(isWhole) ? steps : undefined;
};

const ask = ({ calcPrice }: Package, model: string, request: Request, at: string): Calculation | null => {
  const { tokensInput, tokensOutput, tokensCacheRead, tokensCacheWrite } = request;
  const usage = {
    // The package counts what the cache was read and written for among the input.
    input_tokens: tokensInput + tokensCacheRead + tokensCacheWrite,
    output_tokens: tokensOutput,
    cache_read_tokens: tokensCacheRead,
    cache_write_tokens: tokensCacheWrite,
  };
  try {
    return calcPrice(usage, model, { timestamp: new Date(at) });
  } catch {
    return null;
  }
};

/** Half a millionth is rounded up, whatever the last bits of a double say. */
const rounded = (micros: number): Micros | null =>
  micros >= 0 && micros < 1e18 ? BigInt(Math.round(Number(micros.toFixed(6)))) : null;

const priceBy = (steps: readonly Step[], request: Request): Micros | null => {
  const { tokensInput, tokensOutput, tokensCacheRead, tokensCacheWrite } = request;
  const all = tokensInput + tokensCacheRead + tokensCacheWrite;
  const step = steps.findLast(({ above }) => all > above)!;
  // Dollars a million tokens are millionths of a dollar a token.
  return rounded(
    tokensInput * step.input_mtok +
      tokensOutput * step.output_mtok +
      tokensCacheRead * step.cache_read_mtok +
      tokensCacheWrite * step.cache_write_mtok,
  );
};

/** Of models whose prices are the same at all times; null: nobody knows the model. */
export type KnownPrices = Record<string, Step[] | null>;

let loading: Promise<Package> | undefined;

/** 100 ms, so only where a cost has to be computed and a model was never met. Reads nothing but the package. */
const loadPackage = (): Promise<Package> => {
  loading ??= import('@pydantic/genai-prices');
  return loading;
};

/** Prices of models, each looked up once: those that were met before are handed in. */
export class PriceBook {
  readonly #known: Map<string, Step[] | null>;
  /** Some were looked up that were not handed in. */
  hasNew = false;

  constructor(known: KnownPrices = {}) {
    this.#known = new Map(Object.entries(known));
  }

  get known(): KnownPrices {
    return Object.fromEntries(this.#known);
  }

  /** What `rowsOfLog` has to know of prices for this log; undefined where it need not know any. */
  async for(events: readonly LogEvent[]): Promise<Prices | undefined> {
    if (!needsPrices(events)) return undefined;
    const isKnown = modelsOf(events).every((model) => this.#known.has(model));
    return this.prices(isKnown ? undefined : await loadPackage());
  }

  /** @param loaded may be missing where all models are known */
  prices(loaded: Package | undefined): Prices {
    return (model, request, at) => {
      const steps = this.#known.get(model);
      if (steps !== undefined) return steps && priceBy(steps, request);
      const answer = loaded ? ask(loaded, model, request, at) : null;
      const found = answer === null ? null : stepsOf(answer);
      if (loaded && found !== undefined) this.#learn(model, found);
      return answer === null ? null : rounded(answer.total_price * 1e6);
    };
  }

  #learn(model: string, steps: Step[] | null): void {
    this.#known.set(model, steps);
    this.hasNew = true;
  }
}

/** The whole price table, at hand. */
export const loadPrices = async (): Promise<Prices> => new PriceBook().prices(await loadPackage());

/** Every model that events name. */
const modelsOf = (events: readonly LogEvent[]): string[] => {
  const models = new Set<string>();
  for (const { type, data } of events) {
    if (type !== 'usage.reported' && type !== 'thread.started') continue;
    const model = asText(asData(data)['model']);
    if (model !== null) models.add(model);
  }
  return [...models];
};

const isTold = ({ costUsd, costSource }: Data): boolean =>
  asMicros(costUsd) !== null && ['reported', 'billed', 'computed'].includes(String(costSource));

/** Whether a log has an iteration that names its model, and no cost. */
export const needsPrices = (events: readonly LogEvent[]): boolean => {
  const named = new Set<string>();
  const told = new Set<string>();
  for (const { type, writer, data: given } of events) {
    if (type !== 'usage.reported' && type !== 'thread.started' && type !== 'cost.reported') continue;
    const data = asData(given);
    const key = `${writer} ${String(data['iteration'])}`;
    if (type === 'cost.reported' && isTold(data)) told.add(key);
    else if (typeof data['model'] === 'string') named.add(key);
  }
  return [...named].some((key) => !told.has(key));
};
