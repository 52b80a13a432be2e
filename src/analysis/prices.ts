import type { LogEvent } from '../events/catalogue.ts';
import { asData, asMicros, type Data, type Micros } from './tables/read.ts';

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

/** Prices that do not depend on the day, the hour or the size of the request, in dollars a million tokens. */
type Flat = Record<'input_mtok' | 'output_mtok' | 'cache_read_mtok' | 'cache_write_mtok', number>;

/** Undefined where a price depends on more than the number of tokens: then the package has to be asked each time. */
const flatOf = ({ model, model_price: price }: Calculation): Flat | undefined => {
  if (Array.isArray(model.prices)) return undefined;
  const {
    input_mtok: input,
    output_mtok: output,
    cache_read_mtok: read = input,
    cache_write_mtok: write = input,
  } = price;
  const flat = [input, output, read, write];
  if (!flat.every((one) => typeof one === 'number')) return undefined;
  return { input_mtok: flat[0]!, output_mtok: flat[1]!, cache_read_mtok: flat[2]!, cache_write_mtok: flat[3]! };
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

/** Loads the price table: 100 ms, so only where a cost has to be computed. Reads nothing but the package. */
export const loadPrices = async (): Promise<Prices> => {
  const loaded = await import('@pydantic/genai-prices');
  const known = new Map<string, Flat | 'ask' | 'unknown'>();
  return (model, request, at) => {
    let flat = known.get(model);
    if (flat === 'unknown') return null;
    if (flat === undefined || flat === 'ask') {
      const answer = ask(loaded, model, request, at);
      flat ??= answer === null ? 'unknown' : (flatOf(answer) ?? 'ask');
      known.set(model, flat);
      return answer === null ? null : rounded(answer.total_price * 1e6);
    }
    const { tokensInput, tokensOutput, tokensCacheRead, tokensCacheWrite } = request;
    // Dollars a million tokens are millionths of a dollar a token.
    const micros =
      tokensInput * flat.input_mtok +
      tokensOutput * flat.output_mtok +
      tokensCacheRead * flat.cache_read_mtok +
      tokensCacheWrite * flat.cache_write_mtok;
    return rounded(micros);
  };
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

let loading: Promise<Prices> | undefined;

/** What `rowsOfLog` has to know of prices for this log: loaded once, and only if it has to know anything. */
export const pricesFor = async (events: readonly LogEvent[]): Promise<Prices | undefined> => {
  if (!needsPrices(events)) return undefined;
  loading ??= loadPrices();
  return loading;
};
