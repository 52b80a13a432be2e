import type { DrawChart } from './charts.ts';
import type { Block, Cell, Chart, ReportDocument, Section, Table } from './document.ts';
import { lines, Markup, markup } from './markup.ts';
import { PALETTE } from './palette.ts';
import { STYLE } from './style.ts';

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** Squares as `git diff --stat` has them, five at most. */
const squares = ({ insertions, deletions }: NonNullable<Cell['diff']>): Markup => {
  const all = insertions + deletions;
  const count = Math.min(5, all);
  const green =
    all === 0
      ? 0
      : Math.min(
          count - (deletions > 0 ? 1 : 0),
          Math.max(Math.round((insertions / all) * count), insertions > 0 ? 1 : 0),
        );
  const row = '■'.repeat(green);
  const rest = '■'.repeat(count - green);
  return markup`<span class="squares" aria-hidden="true"><i class="good">${row}</i><i class="bad">${rest}</i></span>`;
};

const valued = ({ text, value, of, diff }: Cell): Markup => {
  if (diff) {
    const [added, removed] = text.split(' ');
    return markup`<span class="diff"><i class="good">${added}</i> <i class="bad">${removed}</i></span> ${squares(diff)}`;
  }
  if (of === undefined) return markup`${text}`;
  return markup`<data data-of="${of}" value="${value ?? ''}">${text}</data>`;
};

const inner = (cell: Cell): Markup => {
  const shown = cell.to ? markup`<a href="#${cell.to}">${cell.text}</a>` : valued(cell);
  const note = cell.note && cell.note !== cell.text ? markup` <small>${cell.note}</small>` : '';
  return markup`${cell.tone ? markup`<span class="${cell.tone}">${shown}</span>` : shown}${note}`;
};

const tableMarkup = ({ columns, rows }: Table): Markup => {
  const classes = columns.map(({ align, wide, short }) =>
    align === 'right' ? 'right' : wide ? 'wide' : short ? 'short' : 'left',
  );
  const head = columns.map(({ title }, at) => markup`<th scope="col" class="${classes[at]}">${title}</th>`);
  const body = rows.map(
    (row) => markup`<tr>${row.map((cell, at) => markup`<td class="${classes[at]}">${inner(cell)}</td>`)}</tr>\n`,
  );
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>
<thead><tr>${head}</tr></thead>
<tbody>${body}</tbody>
</table></div>`;
};

const SIZES = [
  // Between a screen, where it grows a little, and paper, where it shrinks: its letters stay legible on both.
  { name: 'broad', width: 880 },
  { name: 'narrow', width: 340 },
];

/** Drawn twice, so that words can be read on a telephone too. */
const chartMarkup = (chart: Chart, draw: DrawChart): Markup => {
  const legend =
    chart.series.length > 1 &&
    chart.series.map(({ name, color }) => markup`<span class="key ${color}">${name}</span> `);
  const pictures = SIZES.map(
    ({ name, width }) =>
      markup`<div class="${name}" role="img" aria-label="${chart.title}">${new Markup(draw(chart, width))}</div>\n`,
  );
  return markup`<figure><figcaption>${chart.title} ${legend}</figcaption>\n${pictures}</figure>`;
};

const blockMarkup = (block: Block, draw: DrawChart): Markup => {
  switch (block.kind) {
    case 'say':
      return markup`<p>${block.text}</p>`;
    case 'title':
      return markup`<h3>${block.text}</h3>`;
    case 'quote':
      return markup`<blockquote>${lines(block.text.trim())}</blockquote>`;
    case 'facts':
      return markup`<dl>${block.facts.map(([label, cell]) => markup`<div><dt>${label}</dt><dd>${inner(cell)}</dd></div>\n`)}</dl>`;
    case 'table':
      return tableMarkup(block);
    case 'chart':
      return chartMarkup(block.chart, draw);
  }
};

const sectionMarkup = ({ id, title, isPage, blocks }: Section, draw: DrawChart): Markup =>
  markup`<section id="${id}"${isPage && markup` class="page"`}>
<h2>${title}${isPage && markup` <a class="up" href="#sessions">all sessions</a>`}</h2>
${blocks.map((block) => markup`${blockMarkup(block, draw)}\n`)}</section>
`;

const shades = (mode: 'light' | 'dark'): string =>
  Object.entries(PALETTE)
    .map(([name, colors]) => `--${name}:${colors[mode]}`)
    .join(';');

/** The colours that the charts were drawn in, each as the one of the day. */
const painted = Object.entries(PALETTE)
  .map(
    ([name, { light }]) => `svg [fill="${light}"]{fill:var(--${name})}svg [stroke="${light}"]{stroke:var(--${name})}`,
  )
  .join('\n');

const css = `:root{color-scheme:light dark;${shades('light')}}
@media (prefers-color-scheme:dark){:root{${shades('dark')}}}
@media print{:root{color-scheme:light;${shades('light')}}}
${painted}
${STYLE}`;

/** A report as one file of HTML that needs nothing else, no script either. */
export const reportHtml = ({ title, said, sections }: ReportDocument, draw: DrawChart): string => {
  const links = sections
    .filter(({ isPage }) => !isPage)
    .map(({ id, title: name }) => markup`<a href="#${id}">${name}</a> `);
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>
${new Markup(css)}</style>
</head>
<body>
<main>
<header>
<h1>${title}</h1>
${said.map((text) => markup`<p>${text}</p>\n`)}</header>
${links.length > 0 && markup`<nav aria-label="Sections">${links}</nav>\n`}${sections.map((one) => sectionMarkup(one, draw))}</main>
</body>
</html>
`.html;
};
