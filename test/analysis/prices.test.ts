import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { calcPrice } from '@pydantic/genai-prices';
import { describe, expect, it } from 'vitest';
import { loadPrices, needsPrices, PRICE_TABLE, PRICES, pricesFor } from '../../src/analysis/prices.ts';
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

  it('are unknown, never 0, for a model that nobody knows', async () => {
    const prices = await loadPrices();
    for (let time = 0; time < 2; time++) expect(prices('unheard-of', request, AT)).toBeNull();
  });

  it('are looked up only where a model is named and no cost told', async () => {
    expect(needsPrices(log(used('gpt-5.4')))).toBe(true);
    expect(needsPrices(log(used('gpt-5.4'), billed))).toBe(false);
    expect(needsPrices(log(used(null)))).toBe(false);
    expect(await pricesFor(log(used(null)))).toBeUndefined();
  });

  it('make a computed cost a lower bound with its price table, and leave a bill as it is', async () => {
    const rows = async (...drafts: ReturnType<typeof draft>[]) => {
      const events = log(...drafts);
      return rowsOfLog('sessions/s000000001', events, await pricesFor(events))['usage']!;
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
