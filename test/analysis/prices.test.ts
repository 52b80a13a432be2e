import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { calcPrice } from '@pydantic/genai-prices';
import { describe, expect, it } from 'vitest';
import { loadPrices, needsPrices, PRICE_TABLE, PRICES, PriceBook } from '../../src/analysis/prices.ts';
import { rowsOfLog } from '../../src/analysis/tables/rows.ts';
import { created, draft, eventsOf, finished, started } from '../support/events.ts';
import { ROOT } from '../support/sources.ts';

const used = (model: string | null) =>
  draft('usage.reported', {
    iteration: 1,
    tokensInput: 1001,
    tokensOutput: 333,
    tokensCacheRead: 50_003,
    tokensCacheWrite: 7,
    model,
  });
const billed = draft('cost.reported', { iteration: 1, costUsd: 0.5, costSource: 'billed', threadCostUsd: null });
const log = (...drafts: ReturnType<typeof draft>[]) =>
  eventsOf([draft('session.created', created()), started(1), ...drafts, finished(1)]);

const AT = '2026-10-01T12:00:00.000Z';
const request = { tokensInput: 1001, tokensOutput: 333, tokensCacheRead: 50_003, tokensCacheWrite: 7 };

describe('prices', () => {
  it('names the package that is installed', () => {
    const file = join(ROOT, 'node_modules', PRICE_TABLE.name, 'package.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: PRICE_TABLE.version, license: 'MIT' });
  });

  it.each(['claude-opus-4-6', 'gpt-5.4', 'claude-sonnet-4-5-20250929', 'grok-4', 'gemini-3.1-pro-preview'])(
    'are those of the package for %s, the first time and the second',
    async (model) => {
      const usage = { input_tokens: 51_011, output_tokens: 333, cache_read_tokens: 50_003, cache_write_tokens: 7 };
      const price = calcPrice(usage, model, { timestamp: new Date(AT) });
      const prices = await loadPrices();
      for (let time = 0; time < 2; time++)
        expect(prices(model, request, AT)).toBe(BigInt(Math.round(Number((price!.total_price * 1e6).toFixed(6)))));
    },
  );

  it.each(['gpt-5.4', 'claude-sonnet-4-5', 'gemini-3.1-pro-preview', 'claude-opus-4-5', 'gpt-5'])(
    'are those of the package for requests of %s of any size',
    async (model) => {
      const prices = await loadPrices();
      for (const size of [0, 1, 127_999, 199_999, 200_000, 200_001, 271_999, 272_000, 272_001, 900_000])
        for (const [tokensInput, tokensCacheRead, tokensCacheWrite] of [
          [size, 0, 0],
          [0, size, 0],
          [0, 0, size],
          [size - (size >> 1), size >> 2, (size >> 1) - (size >> 2)],
        ] as const) {
          const own = { tokensInput, tokensOutput: 777, tokensCacheRead, tokensCacheWrite };
          const usage = { input_tokens: size, output_tokens: 777, cache_read_tokens: tokensCacheRead };
          const price = calcPrice({ ...usage, cache_write_tokens: tokensCacheWrite }, model, {
            timestamp: new Date(AT),
          });
          expect(prices(model, own, AT)).toBe(BigInt(Math.round(Number((price!.total_price * 1e6).toFixed(6)))));
        }
    },
  );

  it('are unknown, never 0, for a model that nobody knows', async () => {
    const prices = await loadPrices();
    for (let time = 0; time < 2; time++) expect(prices('unheard-of', request, AT)).toBeNull();
  });

  it('are looked up only where a model is named and no cost told', async () => {
    expect(needsPrices(log(used('gpt-5.4')))).toBe(true);
    expect(needsPrices(log(used('gpt-5.4'), billed))).toBe(false);
    expect(needsPrices(log(used(null)))).toBe(false);
    expect(await new PriceBook().for(log(used(null)))).toBeUndefined();
  });

  it('of models that were met before are the same without the package', async () => {
    const models = ['gpt-5.4', 'claude-opus-4-6', 'unheard-of', 'claude-opus-4-5'];
    const first = new PriceBook();
    const prices = (await first.for(log(...models.map(used))))!;
    const answers = models.map((model) => prices(model, request, AT));
    expect([first.hasNew, Object.keys(first.known)]).toEqual([true, expect.arrayContaining(['gpt-5.4', 'unheard-of'])]);
    const known = JSON.parse(JSON.stringify(first.known)) as typeof first.known;
    const second = new PriceBook(known);
    const met = models.filter((model) => model in known);
    // Not those whose price depends on the day: the package has to be asked each time.
    expect(met).not.toContain('claude-opus-4-6');
    const without = second.prices(undefined);
    for (const [at, model] of models.entries())
      if (met.includes(model)) expect(without(model, request, AT)).toBe(answers[at]);
    const again = (await second.for(log(...models.map(used))))!;
    expect(models.map((model) => again(model, request, AT))).toEqual(answers);
    expect([second.hasNew, second.known]).toEqual([false, known]);
    const other = (await second.for(log(used('grok-4'))))!;
    expect([typeof other('grok-4', request, AT), second.hasNew]).toEqual(['bigint', true]);
  });

  it('make a computed cost a lower bound with its price table, and leave a bill as it is', async () => {
    const rows = async (...drafts: ReturnType<typeof draft>[]) => {
      const events = log(...drafts);
      return rowsOfLog('sessions/s000000001', events, await new PriceBook().for(events))['usage']!;
    };
    const computed = { cost_source: 'computed', cost_is_lower_bound: true, prices: PRICES };
    expect(await rows(used('gpt-5.4'))).toMatchObject([{ model: 'gpt-5.4', ...computed }]);
    const bill = { cost_usd: '0.500000', cost_source: 'billed', cost_is_lower_bound: false, prices: null };
    expect(await rows(used('gpt-5.4'), billed)).toMatchObject([{ model: 'gpt-5.4', ...bill }]);
    expect(await rows(used('gpt-5.4'), used('grok-4'), billed)).toMatchObject([
      { model: 'gpt-5.4', cost_usd: null, cost_source: 'shared', cost_is_lower_bound: null },
      { model: 'grok-4', cost_usd: null, cost_source: 'shared' },
      { model: null, tokens_input: null, ...bill },
    ]);
    expect(await rows(used('unheard-of'))).toMatchObject([{ cost_usd: null, cost_source: 'unknown', prices: null }]);
  });
});
