import { type Budget, changedWords } from './changed-words.ts';
import type { Highlight, Token } from './highlighter.ts';
import type { Block, Hunk, PatchLine, Segment, ShownLine, Span } from './model.ts';
import { LONGEST_LINE, pairLines } from './paired-lines.ts';
import { visible } from './visible.ts';

/** What turning hunks into lines for a terminal needs. */
export interface ShowOptions {
  highlight: Highlight | undefined;
  budget: Budget;
  tabSize: number;
}

/** Cuts tokens where what is strong begins and ends. */
const segmentsOf = (tokens: Token[], spans: Span[]): Segment[] => {
  const segments: Segment[] = [];
  let offset = 0;
  let next = 0;
  for (const { text, scope } of tokens) {
    let at = 0;
    while (at < text.length) {
      while (next < spans.length && spans[next]![1] <= offset + at) next += 1;
      const [from, to] = spans[next] ?? [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      const isStrong = from <= offset + at;
      const end = Math.min(text.length, (isStrong ? to : from) - offset);
      segments.push({ text: text.slice(at, end), scope, isStrong });
      at = end;
    }
    offset += text.length;
  }
  return segments;
};

/** A carriage return at the end says something only where not every line of the hunk has one. */
const textsOf = (lines: PatchLine[], tabSize: number): string[] => {
  const isDos = lines.every(({ text, isEndless }) => isEndless || text.endsWith('\r'));
  return lines.map(({ text }) => visible(isDos ? text.replace(/\r$/, '') : text, tabSize));
};

/** Colours of each line: both versions of the hunk are read as a whole, so that what spans lines is right. */
const tokensOf = (lines: PatchLine[], texts: string[], language: string | undefined, highlight?: Highlight) => {
  const tokens = texts.map((text): Token[] => [{ text, scope: '' }]);
  if (!highlight || language === undefined || texts.some((text) => text.length > LONGEST_LINE)) return tokens;
  for (const other of ['added', 'removed'] as const) {
    const places = [...lines.keys()].filter((at) => lines[at]!.kind !== other);
    const found = highlight(
      places.map((at) => texts[at]!),
      language,
    );
    if (!found) return tokens;
    places.forEach((place, at) => {
      tokens[place] = found[at]!;
    });
  }
  return tokens;
};

const numbered = (hunk: Hunk, texts: string[], tokens: Token[][]): ShownLine[] => {
  let oldNumber = hunk.oldStart;
  let newNumber = hunk.newStart;
  return hunk.lines.map(({ kind, isEndless }, at) => ({
    kind,
    text: texts[at]!,
    segments: segmentsOf(tokens[at]!, []),
    oldNumber: kind === 'added' ? null : oldNumber++,
    newNumber: kind === 'removed' ? null : newNumber++,
    isEndless,
  }));
};

const blocksOf = (lines: ShownLine[]): Block[] => {
  const blocks: Block[] = [];
  for (const line of lines) {
    const last = blocks.at(-1);
    const isContext = line.kind === 'context';
    // A removed line after added ones begins another change.
    const goesOn =
      last &&
      (isContext ? last.removed.length + last.added.length === 0 : last.context.length === 0) &&
      !(line.kind === 'removed' && last.added.length > 0);
    const block = goesOn ? last : { context: [], removed: [], added: [], pairs: [] };
    if (!goesOn) blocks.push(block);
    block[line.kind].push(line);
  }
  return blocks;
};

const mark = (line: ShownLine, spans: Span[]): void => {
  line.segments = segmentsOf(line.segments, spans);
};

/** The lines of a hunk, fit for a terminal, with their colours and what changed within them. */
export const showHunk = (hunk: Hunk, language: string | undefined, options: ShowOptions): Block[] => {
  const texts = textsOf(hunk.lines, options.tabSize);
  const blocks = blocksOf(numbered(hunk, texts, tokensOf(hunk.lines, texts, language, options.highlight)));
  for (const block of blocks) {
    const text = (line: ShownLine): string => line.text;
    block.pairs = pairLines(block.removed.map(text), block.added.map(text), options.budget);
    for (const [removed, added] of block.pairs) {
      const [before, after] = [block.removed[removed]!, block.added[added]!];
      const spans = changedWords(before.text, after.text, options.budget);
      mark(before, spans.before);
      mark(after, spans.after);
    }
  }
  return blocks;
};
