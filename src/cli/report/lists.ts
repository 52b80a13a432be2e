import { cost, left, number, right, text, time, tokens } from './cells.ts';
import type { Block, Table } from './document.ts';
import type { Lists } from './facts.ts';

/** The tables that stand both in the whole report and on a session's page. */

const MOST = 40;

/** A table with no more rows than a person reads, and a sentence about the rest. */
export const most = ({ columns, rows }: Omit<Table, 'kind'>, limit = MOST): Block[] => {
  if (rows.length === 0) return [];
  const shown: Block = { kind: 'table', columns, rows: rows.slice(0, limit) };
  const rest = rows.length - limit;
  return rest > 0 ? [shown, { kind: 'say', text: `And ${rest} more; amp-sessions metrics --json has all.` }] : [shown];
};

export const modelBlocks = ({ models }: Pick<Lists, 'models'>): Block[] =>
  most({
    columns: [
      left('Model or mode', true),
      left('Agent'),
      right('Iterations'),
      right('In'),
      right('Out'),
      right('Cache read'),
      right('Written'),
      right('Cost'),
    ],
    rows: models.map((one) => [
      text(one.model),
      text(one.agent),
      number(one.iterations),
      tokens(one.tokensInput),
      tokens(one.tokensOutput),
      tokens(one.tokensCacheRead),
      tokens(one.tokensCacheWrite),
      cost(one),
    ]),
  });

export const toolBlocks = ({ tools }: Pick<Lists, 'tools'>): Block[] =>
  most({
    columns: [
      left('Tool', true),
      right('Calls'),
      right('Failed'),
      right('Half within'),
      right('95% within'),
      right('All'),
    ],
    rows: tools.map((one) => [
      text(one.tool),
      number(one.toolCalls, 'toolCalls'),
      { ...number(one.toolFailures, 'toolFailures'), ...(one.toolFailures > 0 && { tone: 'bad' as const }) },
      time(one.toolP50Ms, 'toolP50Ms'),
      time(one.toolP95Ms, 'toolP95Ms'),
      time(one.toolP50Ms === null ? null : one.toolMs, 'toolMs'),
    ]),
  });

const byWhat = (recoveredBy: Record<string, number>): string =>
  Object.entries(recoveredBy)
    .sort(([, a], [, b]) => b - a)
    .map(([word, times]) => `${word} ${times}`)
    .join(', ');

export const failureBlocks = ({ failures }: Pick<Lists, 'failures'>): Block[] =>
  most({
    columns: [left('What went wrong', true), right('Times'), right('Put right'), left('By', true)],
    rows: failures.map((one) => [
      text(one.mode),
      number(one.errors, 'errors'),
      number(one.errorsRecovered, 'errorsRecovered'),
      text(byWhat(one.recoveredBy)),
    ]),
  });
