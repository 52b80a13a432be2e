import { describe, expect, it } from 'vitest';
import { drawChart } from '../../../src/cli/report/charts.ts';
import { type Chart, type ReportDocument, shorten } from '../../../src/cli/report/document.ts';
import { reportHtml } from '../../../src/cli/report/html.ts';
import { markdownText, reportMarkdown } from '../../../src/cli/report/markdown.ts';
import { lines, markup } from '../../../src/cli/report/markup.ts';
import { PALETTE } from '../../../src/cli/report/palette.ts';
import { walkHtml } from '../../support/walk-html.ts';

const documentOf = (blocks: ReportDocument['sections'][number]['blocks']): ReportDocument => ({
  title: 'T',
  said: [],
  sections: [{ id: 'a', title: 'A', blocks }],
});
const bodyOf = (markdown: string): string => markdown.split('\n\n').slice(2).join('\n\n').trimEnd();

describe('Markdown', () => {
  it.each([
    ['<b>&amp;', '&lt;b&gt;&amp;amp;'],
    ['a|b `c` *d* _e_ [f](g) ~h~', 'a\\|b \\`c\\` \\*d\\* \\_e\\_ \\[f\\](g) \\~h\\~'],
    ['https://evil.example www.evil.example @all', 'https\\://evil.example www\\.evil.example \\@all'],
    ['two\nlines\tand \u202ebidi\u001b]0;x\u0007', 'two lines and bidi'],
    ['- no list', '\\- no list'],
    ['1. no list', '1\\. no list'],
    ['1.5', '1.5'],
    ['---', '\\---'],
    ['===', '\\==='],
    ['# no heading', '\\# no heading'],
    ['back\\slash $x$', 'back\\\\slash \\$x\\$'],
  ])('%j is shown as it is', (given, made) => expect(markdownText(given)).toBe(made));

  it('quotes a prompt line by line', () => {
    const quoted = reportMarkdown(documentOf([{ kind: 'quote', text: 'one\n# two\n\n> three\r\nfour\n' }]));
    expect(bodyOf(quoted)).toBe('> one\\\n> \\# two\n>\n> &gt; three\\\n> four');
  });

  it('has tables with notes and links, and no charts', () => {
    const chart: Chart = { title: 'C', kind: 'time', unit: 'usd', labels: ['a', 'b'], series: [] };
    const columns = [{ title: 'N' }, { title: 'V', align: 'right' as const }];
    const rows = [[{ text: 'x|y', to: 'place', note: 'id' }, { text: '1' }]];
    const made = reportMarkdown(
      documentOf([
        { kind: 'chart', chart },
        { kind: 'table', columns, rows },
      ]),
    );
    expect(bodyOf(made)).toBe('| N | V |\n| --- | --: |\n| [x\\|y](#place) (id) | 1 |');
  });
});

describe('HTML', () => {
  it('takes texts for texts, in content and in attributes', () => {
    const evil = `"'><i onclick=x>&`;
    expect(markup`<a title="${evil}">${evil}</a>`.html).toBe(
      '<a title="&quot;&#39;&gt;&lt;i onclick=x&gt;&amp;">&quot;&#39;&gt;&lt;i onclick=x&gt;&amp;</a>',
    );
    expect(markup`${[markup`<b>${1}</b>`, 'x<y', undefined, false, null]}`.html).toBe('<b>1</b>x&lt;y');
    expect(lines('a\n<b\u202e>\r\nc').html).toBe('a\n&lt;b&gt;\nc');
  });

  it('shows as many squares as there are lines, five at most', () => {
    const squares = (insertions: number, deletions: number): string[] => {
      const cell = { text: `+${insertions} −${deletions}`, diff: { insertions, deletions } };
      const html = reportHtml(documentOf([{ kind: 'facts', facts: [['L', cell]] }]), drawChart);
      return walkHtml(html)
        .filter(({ tag, within }) => tag === 'i' && within.at(-1)!.attributes['class'] === 'squares')
        .map(({ text }) => text);
    };
    expect(squares(0, 0)).toEqual(['', '']);
    expect(squares(1, 0)).toEqual(['■', '']);
    expect(squares(1000, 1)).toEqual(['■■■■', '■']);
    expect(squares(1, 1000)).toEqual(['■', '■■■■']);
    expect(squares(0, 9)).toEqual(['', '■■■■■']);
  });
});

describe('a chart', () => {
  const chart: Chart = {
    title: 'Calls',
    kind: 'names',
    unit: 'count',
    labels: ['<b>"x"]]>', 'b\u202e', 'c'.repeat(100)],
    series: [
      { name: 'well', color: 'main', values: [3, 2, 1000] },
      { name: 'failed', color: 'bad', values: [1, 0, 0] },
    ],
  };

  it('is drawn alike each time, in colours that the day changes', () => {
    const svg = drawChart(chart, 340);
    expect(drawChart(chart, 340)).toBe(svg);
    expect(svg).toMatch(/^<svg aria-hidden="true" width="340" height="108"/);
    expect(svg).toContain(`fill="${PALETTE.main.light}"`);
    expect(svg).toContain(`fill="${PALETTE.bad.light}"`);
    const known = new Set([...Object.values(PALETTE).map(({ light }) => light), 'none', 'transparent']);
    const colors = [...svg.matchAll(/(?:fill|stroke)="([^"]*)"/g)].map(([, color]) => color!);
    expect(colors.filter((color) => !known.has(color))).toEqual([]);
  });

  it('has names as texts, cut to their room, and nothing that runs', () => {
    const svg = drawChart(chart, 340);
    expect(svg).toContain('&lt;b&gt;&quot;x&quot;]]&gt;');
    expect(svg).toContain('c…');
    expect(svg).not.toMatch(/\u202e|CDATA|<style|ecmeta|c{20}/);
    const all = walkHtml(`<!DOCTYPE html>\n${svg}`);
    expect(new Set(all.map(({ tag }) => tag))).toEqual(new Set(['svg', 'rect', 'path', 'text']));
  });

  it('tells money as money', () => {
    const money = drawChart({ ...chart, kind: 'time', unit: 'usd', labels: ['2026-11-01', '2026-11-02'] }, 860);
    expect(money).toMatch(/>\$1,200</);
    expect(money).toContain('>11-01<');
  });
});

it('a long text is cut between characters', () => {
  expect(shorten('short', 5)).toBe('short');
  expect(shorten('longer', 5)).toBe('long…');
  expect(shorten('😀😀😀😀😀', 5)).toBe('😀😀😀😀😀');
  expect(shorten('😀😀😀😀😀😀', 5)).toBe('😀😀😀😀…');
});
