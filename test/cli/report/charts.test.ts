import { describe, expect, it } from 'vitest';
import { drawChart } from '../../../src/cli/report/charts.ts';
import type { Chart } from '../../../src/cli/report/document.ts';
import { reportHtml } from '../../../src/cli/report/html.ts';
import { PALETTE } from '../../../src/cli/report/palette.ts';
import { type HtmlElement, walkHtml } from '../../support/walk-html.ts';

const chart = (values: number[], over: Partial<Chart> = {}): Chart => ({
  title: 'Calls',
  kind: 'names',
  unit: 'count',
  labels: values.map((_, at) => `n${at}`),
  series: [{ name: 'well', color: 'main', values }],
  ...over,
});
const drawn = (made: Chart, width = 340): HtmlElement[] => walkHtml(`<!DOCTYPE html>\n${drawChart(made, width)}`);
const textsIn = (all: HtmlElement[]): string[] => all.filter(({ tag }) => tag === 'text').map(({ text }) => text);
const bars = (all: HtmlElement[], color: keyof typeof PALETTE = 'main'): string[] =>
  all.filter(({ attributes }) => attributes['fill'] === PALETTE[color].light).map(({ attributes }) => attributes['d']!);

describe('a chart', () => {
  it.each([
    ['one', [5]],
    ['none', []],
    ['nothing but zeros', [0, 0]],
    ['negative zero', [-0, 3]],
    ['huge ones', [Number.MAX_SAFE_INTEGER, 1]],
    ['tiny ones', [1e-7, 2e-7]],
    ['sixty of them', Array.from({ length: 60 }, (_, at) => at)],
  ])('of %s is whole', (_, values) => {
    for (const kind of ['names', 'time'] as const)
      for (const unit of ['usd', 'count'] as const) {
        const svg = drawChart(chart(values, { kind, unit }), 340);
        expect(svg).not.toMatch(/NaN|Infinity|undefined|null|>-\$?0</);
        expect(walkHtml(`<!DOCTYPE html>\n${svg}`)[0]!.tag).toBe('svg');
      }
  });

  it('has a bar for each value, also where two names are the same', () => {
    expect(bars(drawn(chart([3, 2, 1])))).toHaveLength(3);
    const same = drawn(chart([3, 2], { labels: ['same', 'same'] }));
    expect([textsIn(same).filter((text) => text === 'same').length, bars(same).length]).toEqual([2, 2]);
  });

  it('has bars that are as long as what they tell', () => {
    const ends = bars(drawn(chart([4, 2, 1]))).map((path) => [...path.matchAll(/-?\d+(?:\.\d+)?/g)].map(Number));
    const widths = ends.map((numbers) => {
      const across = numbers.filter((_, at) => at % 2 === 0);
      return Math.max(...across) - Math.min(...across);
    });
    expect(widths[0]! / widths[1]!).toBeCloseTo(2, 0);
    expect(widths[0]).toBeGreaterThan(widths[2]! * 3);
  });

  it('tells numbers in thousands, and money in the digits that tell something', () => {
    expect(textsIn(drawn(chart([2000, 4000])))).toContain('4,000');
    expect(textsIn(drawn(chart([1.5, 3], { unit: 'usd' }))).filter((text) => text.startsWith('$'))).toContain('$2.00');
    const cheap = textsIn(drawn(chart([0.0002, 0.0004], { unit: 'usd' })));
    expect(cheap).toContain('$0.0002');
    expect(cheap.filter((text) => text === '<$0.01')).toEqual([]);
  });

  it.each([
    ['{a|b} {value} {b}', '{a|b} {value} {b}'],
    ['-', '-'],
    ['', ''],
    [' class="x" onload="y"', 'class="x" onload="y"'],
    ['</text></svg><script>', '</text></svg><script>'],
    ['<style>*{}</style>', '<style>*{}</style>'],
    ['line\nline', 'line line'],
    ['\u202eabc\u001b[31m', 'abc'],
    ['constructor', 'constructor'],
    ['日本語', '日本語'],
  ])('shows the name %j as it is', (given, shown) => {
    const texts = textsIn(drawn(chart([2, 1], { labels: [given, 'other'] }), 1080));
    if (shown !== '') expect(texts).toContain(shown);
    expect(texts).toContain('other');
  });

  it('cuts long names to the room that there is', () => {
    const names = { labels: ['x'.repeat(300), '漢'.repeat(300)] };
    const [narrow, broad] = [340, 1080].map((width) => textsIn(drawn(chart([1, 2], names), width)));
    expect(narrow!.find((text) => text.startsWith('x'))).toHaveLength(14);
    expect(broad!.find((text) => text.startsWith('x'))).toHaveLength(32);
    expect(narrow!.find((text) => text.startsWith('漢'))!.length).toBeLessThan(9);
  });

  it('shows its days without their year', () => {
    const days = { kind: 'time' as const, labels: ['2026-01-31', '2026-02-01'] };
    expect(textsIn(drawn(chart([1, 2], days))).filter((text) => text.includes('-'))).toEqual(['01-31', '02-01']);
  });
});

describe('a chart in its report', () => {
  const two: Chart = chart([2, 1], {
    title: 'A "title" <b>',
    series: [
      { name: 'well', color: 'good', values: [2, 1] },
      { name: '<failed>', color: 'bad', values: [1, 0] },
    ],
  });
  const html = reportHtml(
    { title: 'T', said: [], sections: [{ id: 'a', title: 'A', blocks: [{ kind: 'chart', chart: two }] }] },
    drawChart,
  );
  const all = walkHtml(html);

  it('is there for broad and for narrow, with words for those who do not see it', () => {
    const pictures = all.filter(({ attributes }) => attributes['role'] === 'img');
    expect(pictures.map(({ attributes }) => [attributes['class'], attributes['aria-label']])).toEqual([
      ['broad', 'A "title" <b>'],
      ['narrow', 'A "title" <b>'],
    ]);
    expect(all.filter(({ tag }) => tag === 'svg').every(({ attributes }) => attributes['aria-hidden'] === 'true')).toBe(
      true,
    );
  });

  it('says what its colours are, where there are several', () => {
    const keys = all.filter(({ attributes }) => attributes['class']?.startsWith('key'));
    expect(keys.map(({ attributes, text }) => [attributes['class'], text])).toEqual([
      ['key good', 'well'],
      ['key bad', '<failed>'],
    ]);
  });

  it('has other colours at night for each that it is drawn in', () => {
    const css = all.find(({ tag }) => tag === 'style')!.text;
    const used = all
      .flatMap(({ attributes: { fill, stroke } }) => [fill, stroke])
      .filter((one) => one?.startsWith('#'));
    expect(used.length).toBeGreaterThan(6);
    const names = Object.entries(PALETTE);
    for (const color of new Set(used)) {
      const [name, { light, dark }] = names.find(([, one]) => one.light === color)!;
      expect(css).toContain(`svg [fill="${light}"]{fill:var(--${name})}`);
      expect(css).toContain(`svg [stroke="${light}"]{stroke:var(--${name})}`);
      expect(css.split('prefers-color-scheme:dark')[1]).toContain(`--${name}:${dark}`);
    }
    expect(new Set(names.map(([, { light }]) => light)).size).toBe(names.length);
  });
});
