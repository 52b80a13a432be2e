import type { ChalkInstance } from 'chalk';
import { sanitizeLine, sanitizeText } from './sanitize.ts';
import { pad, textWidth } from './width.ts';

interface Finding {
  path: string;
  line?: number;
  text: string;
}

interface Gate {
  name: string;
  ok: boolean;
  severity: 'gate' | 'review';
  detail: string;
  hint?: string;
  skipped?: boolean;
  findings?: Finding[];
  output?: string;
}

/** Findings of one gate that a person sees; `--json` has more. */
const FINDINGS = 8;
/** Lines of the tests' output. */
const OUTPUT_LINES = 12;

const markOf = (gate: Gate, color: ChalkInstance): string => {
  if (gate.skipped) return color.dim('–');
  if (gate.ok) return color.green('✓');
  return gate.severity === 'review' ? color.yellow('!') : color.red('✗');
};

const placeOf = ({ path, line }: Finding): string => sanitizeLine(path) + (line === undefined ? '' : `:${line}`);

const findingLines = (findings: Finding[], color: ChalkInstance): string[] => {
  const shown = findings.slice(0, FINDINGS);
  const width = Math.min(40, Math.max(...shown.map((finding) => textWidth(placeOf(finding)))));
  const lines = shown.map((finding) => `${pad(placeOf(finding), width)}  ${color.dim(sanitizeLine(finding.text))}`);
  const more = findings.length - shown.length;
  return more > 0 ? [...lines, color.dim(`… and ${more} more`)] : lines;
};

const outputLines = (output: string, color: ChalkInstance): string[] => {
  const text = sanitizeText(output).trimEnd();
  return text === ''
    ? []
    : text
        .split('\n')
        .slice(-OUTPUT_LINES)
        .map((line) => color.dim(`│ ${line}`));
};

/** Words in lines of so many columns; a word that is longer stays whole, so that it can be copied. */
const wrapped = (text: string, columns: number): string[] => {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && textWidth(last) + 1 + textWidth(word) <= columns)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
};

/**
 * Gates, one a line, with what they found and what to do below those that need it.
 * @param columns of the terminal; without it no line is broken
 */
export const gatesText = (gates: Gate[], color: ChalkInstance, columns?: number): string => {
  const width = Math.max(...gates.map(({ name }) => name.length));
  const indent = ' '.repeat(width + 4);
  const room = columns === undefined ? Number.POSITIVE_INFINITY : Math.max(20, columns - indent.length);
  return gates
    .flatMap((gate) => {
      const [first, ...rest] = wrapped(sanitizeLine(gate.detail), room);
      const head = [
        `${markOf(gate, color)} ${gate.name.padEnd(width)}  ${first}`,
        ...rest.map((line) => indent + line),
      ];
      if (gate.ok) return head;
      const hint = gate.hint ? wrapped(sanitizeLine(gate.hint), room - 2) : [];
      const below = [
        ...(gate.findings?.length ? findingLines(gate.findings, color) : []),
        ...(gate.output === undefined ? [] : outputLines(gate.output, color)),
        ...hint.map((line, at) => `${at === 0 ? color.dim('→') : ' '} ${line}`),
      ];
      return [...head, ...below.map((line) => indent + line)];
    })
    .join('\n');
};
