import { sanitizeLine, sanitizeText } from '../sanitize.ts';
import type { Block, Cell, ReportDocument, Section, Table } from './document.ts';

/** What Markdown (GitHub's, too) takes for its own; also what starts a link, a mention or a formula. */
const SPECIAL = /[\\`*_[\]#|~!$@{}]/g;
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Text of one line that Markdown shows as it is, wherever it stands. */
export const markdownText = (text: string): string =>
  sanitizeLine(text)
    .replace(SPECIAL, '\\$&')
    .replace(/[&<>]/g, (char) => ENTITIES[char]!)
    .replace(/:(?=\/\/|[a-z+-][\w+\\-]*:)/gi, '\\:')
    .replace(/\b(www|ftp)\./gi, '$1\\.')
    .replace(/^([-+](?=\s|$)|-(?=[-\s]*$)|=(?=[=\s]*$))/, '\\$1')
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2');

const cellText = ({ text, to, note }: Cell): string => {
  const shown = to ? `[${markdownText(text)}](#${to})` : markdownText(text);
  return note && note !== text ? `${shown} (${markdownText(note)})` : shown;
};

const tableText = ({ columns, rows }: Table): string => {
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ title }) => markdownText(title))),
    line(columns.map(({ align }) => (align === 'right' ? '--:' : '---'))),
    ...rows.map((row) => line(row.map(cellText))),
  ].join('\n');
};

const quoteText = (text: string): string =>
  sanitizeText(text)
    .trim()
    .split('\n')
    .map((line) => (line.trim() === '' ? '>' : `> ${markdownText(line)}\\`))
    .join('\n')
    .replace(/\\(?=\n>(\n|$)|$)/g, '');

const blockText = (block: Block): string[] => {
  switch (block.kind) {
    case 'say':
      return [markdownText(block.text)];
    case 'title':
      return [`**${markdownText(block.text)}**`];
    case 'quote':
      return [quoteText(block.text)];
    case 'facts':
      return [block.facts.map(([label, cell]) => `- ${markdownText(label)}: ${cellText(cell)}`).join('\n')];
    case 'table':
      return [tableText(block)];
    case 'chart':
      return [];
  }
};

const sectionText = ({ title, blocks }: Section): string[] => [
  `## ${markdownText(title)}`,
  ...blocks.flatMap(blockText),
];

/** A report in Markdown. Charts are in the tables beside them. Headings give the anchors that links lead to. */
export const reportMarkdown = ({ title, said, sections }: ReportDocument): string =>
  `${[`# ${markdownText(title)}`, ...said.map(markdownText), ...sections.flatMap(sectionText)].join('\n\n')}\n`;
