import { describe, expect, it } from 'vitest';
import { reportHtml } from '../../../src/cli/report/html.ts';
import { markdownText, reportMarkdown } from '../../../src/cli/report/markdown.ts';
import { lines, Markup, markup } from '../../../src/cli/report/markup.ts';
import { sanitizeLine } from '../../../src/cli/sanitize.ts';
import {
  aFailure,
  aModel,
  aPage,
  aSession,
  asked,
  aTool,
  compose,
  facts,
  markdownTables,
  money,
  shownMarkdown,
} from '../../support/report-facts.ts';
import { walkHtml } from '../../support/walk-html.ts';

const noChart = (): string => '';

const EVILS = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='x",
  '</td></table></main><style>*{display:none}</style>',
  '<!-- --> <![CDATA[ ]]>',
  '&lt;b&gt; &amp;amp; &#60;',
  '](javascript:alert(1)) [x](https://evil.example) ![i](//evil.example/i.png)',
  '`code` ``two`` `| in | code`',
  '| cell | more | \\| \\\\|',
  'ends in a backslash \\',
  '**bold** __too__ ~~gone~~ *a* _b_',
  '# heading #',
  '> quote',
  '- [ ] task',
  '12. list',
  '3) list',
  '+ list',
  '----',
  '=====',
  ':tada: :+1: @everyone #12 www.evil.example ftp.evil.example',
  '$x$ $$y$$ {{ site.x }} {% raw %}',
  '[^1]: note',
  '<https://evil.example> mailto:a@evil.example',
  'one\r\n\r\n# two\n\n| a |\n| - |',
  '\u202egnp.exe\u2066 \u200bhidden\ufeff',
  '\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007 \u001b[2J\u009b31m',
  'lone \ud800 surrogate \u0000 nul \u0007 bell \u0085 next',
  'ünïcödé 日本語 🎉 עברית',
];

describe.each(EVILS)('%j', (evil) => {
  const seen = sanitizeLine(evil);

  it('is text in HTML, in content and in quotes of attributes', () => {
    const [element] = walkHtml(`<!DOCTYPE html>\n${markup`<p title="${evil}">${evil}</p>`.html}`);
    expect(element).toMatchObject({ tag: 'p', attributes: { title: seen }, text: seen, within: [] });
  });

  it('is text in Markdown, on one line', () => {
    const made = markdownText(evil);
    expect(shownMarkdown(made)).toBe(seen);
    expect(made).not.toMatch(/[\n\r<>]/);
    expect(made).not.toMatch(/(?<!\\)(?:\\\\)*[`*_[\]|~#$@]/);
    expect(made).not.toMatch(/^(?:[-+](?:\s|$)|\d+[.)]\s|[-=]+$)|(?<!\\):(?:\/\/|tada|\+1)|www\./);
  });
});

describe('a template', () => {
  it('takes only what is markup for markup', () => {
    expect(markup`${new Markup('<b>')}${'<b>'}`.html).toBe('<b>&lt;b&gt;');
    expect(markup`${{ html: '<b>' } as unknown as string}`.html).toBe('[object Object]');
    expect(markup`${0}${-0}${''}${false}${null}${undefined}${[]}`.html).toBe('00');
    expect(markup`${[['<', ['>']], new Markup('<i>')]}`.html).toBe('&lt;&gt;<i>');
  });

  it('keeps lines where they are told to be lines', () => {
    expect(lines('<a>\n\tb\u2028c\u001b[1m').html).toBe('&lt;a&gt;\n\tb\nc');
    expect(markup`${'<a>\n\tb'}`.html).toBe('&lt;a&gt; b');
  });
});

/** A report in which each text is this one. */
const reportOf = (evil: string) => {
  const row = { session: 's1', name: evil, iteration: 1, subject: evil, model: evil, outcome: evil, duration_ms: 9 };
  const story = ['iteration', 'tests', 'error', 'commit', 'operation'].map((kind) => ({
    ...{ kind, says: evil, outcome: evil, target: evil, agent: evil, fate: evil, began: evil },
    ...{ iteration: 1, duration_ms: 5, insertions: 1, deletions: 0 },
  }));
  const lists = {
    models: [aModel(evil, { agent: evil })],
    tools: [aTool(evil)],
    failures: [aFailure(evil, { recoveredBy: { [evil]: 1 } })],
  };
  const about = { name: evil, prompt: evil, status: evil, agent: evil, mode: evil, base: evil, branch: evil };
  return compose(
    facts(money('1.000000', { prices: [evil], testRuns: 1 }), {
      ...lists,
      days: [{ day: evil.slice(0, 99), figures: aSession('s1', {}, money('1.000000')).figures }],
      sessions: [
        aSession('s1', { ...about, merged_into: evil, pull_request: evil, created_at: evil }, { commits: 1 }),
        aSession(evil.slice(0, 999), { name: null }),
      ],
      slowest: [row],
      dearest: [row],
      slowestCalls: [{ ...row, tool: evil, summary: evil, failed: null }],
      pages: [aPage('s1', { ...lists, story }), aPage(evil.slice(0, 999))],
    }),
    { repositories: [evil], warnings: [evil], names: [evil] },
  );
};

describe('a report full of such texts', () => {
  const whole = EVILS.join(' ');

  it('is HTML with the elements that a harmless one has', () => {
    const evil = walkHtml(reportHtml(reportOf(whole), noChart));
    const good = walkHtml(reportHtml(reportOf('harmless'), noChart));
    // A note is only there where it says more than the text, which may be cut.
    const shape = (all: typeof evil) =>
      all
        .filter(({ tag }) => tag !== 'small')
        .map(({ tag, attributes }) => [tag, ...Object.keys(attributes)].join(' '));
    expect(shape(evil)).toEqual(shape(good));
  });

  it('has ids that are unique, and links that lead to them', () => {
    const all = walkHtml(reportHtml(reportOf(whole), noChart));
    const ids = all.flatMap(({ attributes }) => attributes['id'] ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[\w-]+$/.test(id))).toEqual([]);
    const links = all.filter(({ tag }) => tag === 'a').map(({ attributes }) => attributes['href']);
    expect(links.length).toBeGreaterThan(8);
    expect(links.filter((link) => !ids.includes(link!.slice(1)))).toEqual([]);
  });

  it('is Markdown with the headings, tables and links that a harmless one has', () => {
    const [evil, good] = [reportMarkdown(reportOf(whole)), reportMarkdown(reportOf('harmless'))];
    expect(markdownTables(evil).map((rows) => rows.length)).toEqual(markdownTables(good).map((rows) => rows.length));
    expect(evil.split('\n\n').length).toBe(good.split('\n\n').length);
    const headings = (text: string) => [...text.matchAll(/^#+ /gm)].length;
    expect(headings(evil)).toBe(headings(good));
    const targets = (text: string) => [...text.matchAll(/(?<!\\)\]\((#session-s1)?/g)].map(([, to]) => to);
    expect(targets(evil).filter((to) => to === '#session-s1')).toEqual(
      targets(good).filter((to) => to === '#session-s1'),
    );
    expect(evil).not.toMatch(/<|\u202e|\u001b|\u200b/);
  });

  it('is no wider for texts without end', () => {
    const html = reportHtml(reportOf('x'.repeat(100_000)), noChart);
    expect(html.length).toBeLessThan(900_000);
    const cells = walkHtml(html).filter(({ tag }) => tag === 'td');
    expect(Math.max(...cells.map(({ text }) => text.length))).toBeLessThan(2000);
  });
});

describe('texts that nobody sees', () => {
  it('leave no empty link, title or quote', () => {
    const document = reportOf('\u200b\u202e');
    const html = walkHtml(reportHtml(document, noChart));
    for (const tag of ['a', 'h3', 'blockquote'])
      expect(html.filter((one) => one.tag === tag && one.text.trim() === '')).toEqual([]);
    expect(reportMarkdown(document)).not.toMatch(/\[\]\(|^\*{4}$|^>$/m);
  });
});

it('what was asked for is said as it is, once', () => {
  const document = compose(facts(), asked({ repositories: ['/a b/<c>'] }));
  expect(reportMarkdown(document)).toContain('\n\nRepository /a b/&lt;c&gt;.\n\n');
  expect(reportHtml(document, noChart)).toContain('<p>Repository /a b/&lt;c&gt;.</p>');
});
