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

/** Gates, one a line, with what they found and what to do below those that need it. */
export const gatesText = (gates: Gate[], color: ChalkInstance): string => {
  const width = Math.max(...gates.map(({ name }) => name.length));
  const indent = ' '.repeat(width + 4);
  return gates
    .flatMap((gate) => {
      const head = `${markOf(gate, color)} ${gate.name.padEnd(width)}  ${sanitizeLine(gate.detail)}`;
      if (gate.ok) return [head];
      const below = [
        ...(gate.findings?.length ? findingLines(gate.findings, color) : []),
        ...(gate.output === undefined ? [] : outputLines(gate.output, color)),
        ...(gate.hint ? [`${color.dim('→')} ${sanitizeLine(gate.hint)}`] : []),
      ];
      return [head, ...below.map((line) => indent + line)];
    })
    .join('\n');
};
