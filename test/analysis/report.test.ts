import { beforeAll, describe, expect, it } from 'vitest';
import { openAnalysis } from '../../src/analysis/open.ts';
import { type ReportFacts, reportFacts } from '../../src/analysis/report.ts';
import { renderReport } from '../../src/cli/report/render.ts';
import { draft, finished, started } from '../support/events.ts';
import { importHistory, madeHistory, plainFigures } from '../support/history.ts';
import { type HtmlElement, walkHtml } from '../support/walk-html.ts';
import { makeWorld, type World } from './world.ts';

type Plain = Record<string, unknown>;
interface AllPlain {
  total: Plain;
  session: Record<string, Plain>;
  day: Record<string, Plain>;
  more: { models: Record<string, Plain>; tool: Record<string, Plain> };
}

const asked = { repositories: ['/somewhere'], at: '2026-11-22T13:00:00.000Z', warnings: [] };

const factsOf = async (world: World, scope = {}): Promise<ReportFacts> => {
  const analysis = await openAnalysis(world.ctx);
  try {
    return await reportFacts(analysis, scope);
  } finally {
    await analysis.close();
  }
};

/** What a figure is called by the script, and in the report. */
const SAME: Record<string, string> = {
  iterations: 'iterations',
  durationMs: 'durationMs',
  tokensInput: 'tokensInput',
  tokensOutput: 'tokensOutput',
  tokensCacheRead: 'tokensCacheRead',
  tokensCacheWrite: 'tokensCacheWrite',
  costUsd: 'costUsd',
  calls: 'toolCalls',
  failures: 'toolFailures',
  testRuns: 'testRuns',
  commits: 'commits',
  landedLines: 'landedLines',
  shareDiscarded: 'shareDiscarded',
};

const inside = (element: HtmlElement, tag: string, id: string): boolean =>
  element.within.some((one) => one.tag === tag && (one.attributes['id'] === id || id === ''));

/** Figures of the pairs of a section, as text: the exact value of each. */
const figuresIn = (all: HtmlElement[], id: string): Record<string, string> =>
  Object.fromEntries(
    all
      .filter((one) => one.tag === 'data' && inside(one, 'section', id) && inside(one, 'dl', ''))
      .map(({ attributes }) => [attributes['data-of']!, attributes['value']!]),
  );

/** Those figures that the report has must be these; those that it has not must be none. */
const expectSame = (shown: Record<string, string>, plain: Plain): void => {
  for (const [word, of] of Object.entries(SAME)) {
    const value = plain[word] ?? null;
    if (of in shown) expect([of, shown[of]]).toEqual([of, value === null ? '' : String(value)]);
    else expect([of, value === null || value === 0]).toEqual([of, true]);
  }
};

describe('a report of a made-up history', () => {
  let world: World;
  let facts: ReportFacts;
  let plain: AllPlain;
  let html: string;
  let all: HtmlElement[];
  let markdown: string;
  beforeAll(async () => {
    world = await makeWorld();
    importHistory(world.dir, 5, 40);
    plain = plainFigures<AllPlain>(madeHistory(5, 40).lines);
    facts = await factsOf(world);
    html = await renderReport('html', facts, asked);
    markdown = await renderReport('markdown', facts, asked);
    all = walkHtml(html);
  });

  it('has the figures of the script that shares nothing, in all', () =>
    expectSame(figuresIn(all, 'summary'), plain.total));

  it('and for each session, on its page', () => {
    expect(facts.sessions.length).toBeGreaterThan(30);
    for (const { session } of facts.sessions) {
      const shown = figuresIn(all, `session-${session}`);
      if (plain.session[session]) expectSame(shown, plain.session[session]);
      else expect(shown).toEqual({ costUsd: '', iterations: '0' });
    }
  });

  it('and for each day', () => {
    // What is told of an iteration that nobody saw begin is of no day.
    const { '': _, ...days } = plain.day;
    const rows = facts.days.map(({ day, figures }) => [day, figures.iterations, figures.costUsd, figures.testRuns]);
    const same = Object.entries(days).map(([day, one]) => [day, one['iterations'], one['costUsd'], one['testRuns']]);
    expect(rows).toEqual(same);
    const shown = all
      .filter((one) => inside(one, 'section', 'time') && one.attributes['data-of'] === 'costUsd')
      .map(({ attributes }) => attributes['value']);
    expect(shown.reverse()).toEqual(Object.values(days).map((one) => one['costUsd'] ?? ''));
  });

  /** Rows of the table of a section, as texts, and the exact values in them. */
  const rowsIn = (id: string): { texts: string[]; values: (string | undefined)[] }[] =>
    all
      .filter((one) => one.tag === 'tr' && inside(one, 'tbody', '') && inside(one, 'section', id))
      .map((row) => {
        const has = (tag: string) => all.filter((one) => one.tag === tag && one.within.includes(row));
        return {
          texts: has('td').map(({ text }) => text),
          values: has('data').map(({ attributes }) => attributes['value']),
        };
      });
  const sorted = (rows: unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

  it('and for each tool', () => {
    const shown = rowsIn('tools').map(({ texts, values }) => [texts[0], ...values]);
    const same = Object.entries(plain.more.tool).map(([name, one]) => [
      name || '–',
      ...['toolCalls', 'toolFailures', 'toolP50Ms', 'toolP95Ms'].map((word) => String(one[word] ?? '')),
      one['toolP50Ms'] === null ? '' : String(one['toolMs']),
    ]);
    expect(shown.length).toBeGreaterThan(2);
    expect(sorted(shown)).toEqual(sorted(same));
  });

  it('and for each model by each agent', () => {
    const shown = rowsIn('models').map(({ texts, values }) => [`${texts[0]} by ${texts[1]}`, ...values.slice(1)]);
    const words = ['tokensInput', 'tokensOutput', 'tokensCacheRead', 'tokensCacheWrite', 'costUsd'];
    const rows = facts.metrics.models.map((one) => [`${one.model ?? ''} by ${one.agent ?? ''}`, one] as const);
    expect(rows.length).toBeGreaterThan(2);
    for (const [name, one] of rows)
      for (const word of ['iterations', ...words])
        expect([name, word, one[word as 'costUsd']]).toEqual([name, word, plain.more.models[name]![word]]);
    expect(rows.length).toBe(Object.keys(plain.more.models).length);
    expect(shown.map(([name]) => name)).toEqual(rows.map(([, one]) => `${one.model ?? '–'} by ${one.agent ?? '–'}`));
  });

  it('and for each failure', () => {
    const shown = rowsIn('failures').map(({ texts, values }) => [texts[0], values[0]]);
    const errors = Object.entries(plain.total['errors'] as Record<string, number>);
    expect(sorted(shown)).toEqual(sorted(errors.map(([mode, times]) => [mode, String(times)])));
    const recovered = Object.values(plain.total['recovered'] as Record<string, number>);
    const right = rowsIn('failures').map(({ values }) => Number(values[1]));
    expect(right.reduce((a, b) => a + b, 0)).toBe(recovered.reduce((a, b) => a + b, 0));
  });

  it('tells of the slowest and the dearest in their order', () => {
    const times = facts.slowest.map((row) => Number(row['duration_ms']));
    expect(times).toEqual([...times].sort((a, b) => b - a));
    const costs = facts.dearest.map((row) => Number(row['cost_usd']));
    expect(costs).toEqual([...costs].sort((a, b) => b - a));
    expect([times.length, costs.length, facts.slowestCalls.length]).toEqual([10, 10, 10]);
  });

  it('has a page for each session, and every link leads somewhere', () => {
    const ids = all.map(({ attributes }) => attributes['id']).filter((id) => id !== undefined);
    expect(new Set(ids).size).toBe(ids.length);
    const links = all.filter(({ tag }) => tag === 'a').map(({ attributes }) => attributes['href']!);
    expect(links.filter((link) => !link.startsWith('#') || !ids.includes(link.slice(1)))).toEqual([]);
    for (const { session } of facts.sessions) expect(links).toContain(`#session-${session}`);
    const headings = [...markdown.matchAll(/^## (.*)$/gm)].map(([, title]) =>
      title!.toLowerCase().replaceAll(' ', '-'),
    );
    const targets = [...markdown.matchAll(/\]\(#([^)]*)\)/g)].map(([, id]) => id!);
    expect(targets.filter((id) => !headings.includes(id))).toEqual([]);
  });

  it('needs no script and no other file, and says so to the browser', () => {
    expect(all.filter(({ tag }) => /^(script|link|img|iframe|object|embed|base)$/.test(tag))).toEqual([]);
    expect(all.flatMap(({ attributes }) => Object.keys(attributes)).filter((name) => /^(on|src)/.test(name))).toEqual(
      [],
    );
    const policy = all.find(({ attributes }) => attributes['http-equiv'] === 'Content-Security-Policy');
    expect(policy!.attributes['content']).toMatch(/^default-src 'none'; style-src 'unsafe-inline'/);
    expect(all.filter(({ tag }) => tag === 'svg').length).toBeGreaterThan(3);
    expect(html).not.toContain('CDATA');
  });

  it('has no empty section, table or list', () => {
    for (const tag of ['section', 'tbody', 'dl', 'figure', 'svg'])
      for (const one of all.filter((element) => element.tag === tag))
        expect([tag, one.text.trim()]).not.toEqual([tag, '']);
    expect(markdown).not.toMatch(/undefined|null|NaN|\[object/);
    expect(html).not.toMatch(/undefined|>null|NaN|\[object/);
  });

  it('is of a period, or of a session, alone', async () => {
    const { session, figures } = facts.sessions[3]!;
    const one = await factsOf(world, { sessions: [session] });
    expect(one.sessions.map((row) => row.session)).toEqual([session]);
    expect(one.pages.map((page) => page.session)).toEqual([session]);
    expect(one.metrics.total).toEqual(figures);
    const none = await factsOf(world, { since: '2030-01-01T00:00:00.000Z' });
    const said = await renderReport('markdown', none, { ...asked, since: '2030-01-01T00:00:00.000Z' });
    expect(said).toContain('Nothing happened in that time.');
    expect(said).not.toContain('##');
  });
});

describe('texts that somebody else wrote', () => {
  const EVIL =
    '<script>alert(1)</script> ]]> | "><img src=x onerror=alert(1)> `x` **b** [l](javascript:x) \u202eoof\u001b[31m\n# h\n-->';

  it('stay texts, wherever they stand', async () => {
    const world = await makeWorld();
    const tokens = { tokensInput: 5, tokensOutput: 7, tokensCacheRead: 0, tokensCacheWrite: 0 };
    const agent = { name: EVIL, mode: EVIL, version: EVIL, threadId: null };
    await world.write('evil', [
      draft('session.renamed', { name: EVIL, previous: 'x' }),
      draft('prompt.replaced', { prompt: EVIL }),
      started(1, { prompt: EVIL, agent }),
      draft('thread.started', { iteration: 1, threadId: EVIL, mode: EVIL, model: EVIL }),
      draft('tool-call.started', { iteration: 1, toolCallId: 'a', tool: EVIL, summary: EVIL }),
      draft('tool-call.finished', {
        iteration: 1,
        toolCallId: 'a',
        tool: EVIL,
        durationMs: 5,
        isError: true,
        exitCode: 1,
      }),
      draft('tool-call.started', { iteration: 1, toolCallId: 'b', tool: `${EVIL}2`, summary: EVIL }),
      draft('usage.reported', { iteration: 1, model: EVIL, ...tokens }),
      finished(1, { subject: EVIL }),
    ]);
    const facts = await factsOf(world);
    const html = await renderReport('html', facts, { ...asked, repositories: [EVIL], warnings: [EVIL], names: [EVIL] });
    const all = walkHtml(html);
    expect(all.filter(({ tag }) => /^(script|img|b)$/.test(tag))).toEqual([]);
    expect(html).not.toMatch(/\u202e|\u001b|<img|<script|onerror=[^a]/);
    expect(all.some(({ tag, text }) => tag === 'a' && text.startsWith('<script>alert(1)</script> ]]> | "><img'))).toBe(
      true,
    );
    expect(all.some(({ tag, text }) => tag === 'text' && text.startsWith('<script>'))).toBe(true);
    const markdown = await renderReport('markdown', facts, {
      ...asked,
      repositories: [EVIL],
      warnings: [EVIL],
      names: [EVIL],
    });
    expect(markdown).not.toMatch(/<|\u202e|\u001b|(?<!\\)`|(?<!\\)\*b|(?<!\\)\]\(javascript/);
    expect(markdown.match(/^# /gm)).toHaveLength(1);
    const widths = markdown
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .map((line) => line.replaceAll('\\|', '').split('|').length);
    const heads = [...markdown.matchAll(/^(\|.*\|)\n\| ---/gm)].map(([, head]) => head!.split('|').length);
    expect(widths.every((width) => heads.includes(width))).toBe(true);
  });
});
