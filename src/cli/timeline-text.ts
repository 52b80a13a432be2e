import type { ChalkInstance } from 'chalk';
import type { LogEvent } from '../events/catalogue.ts';
import { eventText } from './event-text.ts';
import { formatCount, formatDuration, formatMoney, tokensText } from './format.ts';
import { sanitizeLine } from './sanitize.ts';

/** What a heading says of an iteration. */
export interface IterationFigures {
  iteration: number;
  /** The clone that ran it. */
  writer?: string;
  /** Its name, where its number is not enough. */
  label?: string;
  /** Null while it runs. */
  outcome: string | null;
  commit: string | null;
  files: number;
  insertions: number;
  deletions: number;
  durationMs: number | null;
  usage: {
    tokensInput: number;
    tokensOutput: number;
    tokensCacheRead: number;
    tokensCacheWrite: number;
    costUsd: number | null;
  };
  tests: { exitCode: number | null; timedOut: boolean } | null;
}

export interface TimelineView {
  /** Place of each event in the log; 1, 2, 3, … without. */
  numbers?: number[];
  /** Iterations that get a heading; none without. */
  iterations?: IterationFigures[];
}

const OUTCOMES: Record<string, (color: ChalkInstance) => string> = {
  completed: (color) => color.green('✓ completed'),
  failed: (color) => color.red('✗ failed'),
};

const costText = ({ usage }: IterationFigures): string => {
  const tokens = usage.tokensInput + usage.tokensOutput + usage.tokensCacheRead + usage.tokensCacheWrite;
  if (tokens === 0 && usage.costUsd === null) return '';
  const cost = usage.costUsd === null ? 'cost unknown' : formatMoney(usage.costUsd);
  return tokens === 0 ? cost : `${cost}, ${tokensText(tokens)}`;
};

const testsText = ({ tests }: IterationFigures, color: ChalkInstance): string => {
  if (tests === null) return '';
  return tests.exitCode === 0 && !tests.timedOut ? color.green('✓ tests passed') : color.red('✗ tests failed');
};

/** `iteration 2  ✓ completed · 3 files +40 -2 · ✓ tests passed · $0.12, 37.0k tokens · 1m 05s`. */
const headingText = (figures: IterationFigures, color: ChalkInstance): string => {
  const { outcome, commit, files, insertions, deletions, durationMs } = figures;
  const facts = [
    outcome === null ? color.yellow('… running') : (OUTCOMES[outcome]?.(color) ?? color.yellow(`● ${outcome}`)),
    commit === null
      ? outcome === null
        ? ''
        : 'nothing changed'
      : `${formatCount(files, 'file')} ${color.green(`+${insertions}`)} ${color.red(`-${deletions}`)}`,
    testsText(figures, color),
    costText(figures),
    durationMs === null ? '' : formatDuration(durationMs),
  ].filter((fact) => fact !== '');
  return `${color.bold(`iteration ${sanitizeLine(figures.label ?? String(figures.iteration))}`)}  ${facts.join(color.dim(' · '))}`;
};

const iterationOf = (event: LogEvent): number | undefined => {
  const found = (event.data as { iteration?: unknown } | null)?.iteration;
  return typeof found === 'number' ? found : undefined;
};

/** First and last place of what happened in each iteration; a session's iterations follow each other. */
const bracketsOf = (events: LogEvent[], iterations: IterationFigures[]) =>
  iterations.flatMap((figures) => {
    const { iteration, writer } = figures;
    const isOwn = (event: LogEvent): boolean =>
      iterationOf(event) === iteration && (writer === undefined || event.writer === writer);
    const from = events.findIndex((event) => isOwn(event) && event.type === 'iteration.started');
    return from < 0 ? [] : [{ figures, from, to: events.findLastIndex(isOwn) }];
  });

const pad = (part: number): string => String(part).padStart(2, '0');

/**
 * Events as lines: number, local time (with the day where it changes), what happened. Each iteration has a heading
 * with its figures, and a line at its side as far as it goes.
 */
export const timelineText = (events: LogEvent[], color: ChalkInstance, view: TimelineView = {}): string => {
  const numbers = view.numbers ?? events.map((_, at) => at + 1);
  const width = String(numbers.at(-1) ?? 0).length;
  const brackets = bracketsOf(events, view.iterations ?? []);
  const indent = brackets.length > 0 ? '  ' : '';
  let day = '';
  const lines: string[] = [];
  const say = (text: string): void => void lines.push(text);
  events.forEach((event, i) => {
    const at = new Date(Date.parse(event.at) || 0);
    const date = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
    if (date !== day) say(color.bold(date));
    day = date;
    const around = brackets.find(({ from, to }) => from <= i && i <= to);
    if (around?.from === i) {
      if (i > 0) say('');
      say(`${color.dim('╭')} ${headingText(around.figures, color)}`);
    }
    const side = around ? `${color.dim(around.to === i ? '╰' : '│')} ` : indent;
    const time = `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
    say(`${side}${color.dim(String(numbers[i]).padStart(width))} ${color.dim(time)} ${eventText(event, color)}`);
    if (around?.to === i && i + 1 < events.length && !brackets.some(({ from }) => from === i + 1)) say('');
  });
  return lines.join('\n');
};

interface Chapter {
  line: { writer: string; host: string | null; here: boolean } | null;
  events: LogEvent[];
  numbers: number[];
}

const titleOf = ({ line }: Chapter, color: ChalkInstance): string[] => {
  if (line === null) return [];
  const where = line.host === null ? '' : ` on ${sanitizeLine(line.host)}`;
  return [
    `${color.bold.red(`══ line ${sanitizeLine(line.writer)}`)}${where}${line.here ? color.cyan(' (this clone)') : ''}`,
  ];
};

/** What clones did apart from each other stands apart, each under the name of its line. */
export const chaptersText = (chapters: Chapter[], color: ChalkInstance, iterations: IterationFigures[]): string =>
  chapters
    .map((chapter) =>
      [...titleOf(chapter, color), timelineText(chapter.events, color, { numbers: chapter.numbers, iterations })].join(
        '\n',
      ),
    )
    .join('\n\n');
