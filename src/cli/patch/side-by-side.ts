import { hunkHeading } from './file-heading.ts';
import type { Block, Hunk, LineKind, ShownLine } from './model.ts';
import type { Palette } from './palette.ts';
import { type Row, wrap } from './wrap.ts';

/** Below this two columns of text are of no use to anybody. */
export const LEAST_COLUMNS = 60;

const BAR = ' │ ';
const SIGNS = { context: ' ', removed: '-', added: '+' } as const;

interface Panel {
  /** Columns of the numbers. */
  digits: number;
  /** Columns of the text. */
  columns: number;
  palette: Palette;
}

/** One half of a screen line: number, sign, text, filled up to its width unless it is the last of its line. */
const half = (kind: LineKind, number: string, row: Row, panel: Panel, isLast: boolean): string => {
  const { palette, columns, digits } = panel;
  const head = palette.gutter(kind, `${number.padStart(digits)} ${number === '' ? ' ' : SIGNS[kind]}`);
  const text = palette.line(kind, row.segments);
  const gap = ' '.repeat(Math.max(0, columns - row.width));
  if (isLast && kind === 'context') return `${head}${text}`;
  return `${head}${text}${palette.ground(kind, gap)}`;
};

const EMPTY: Row = { segments: [], width: 0 };

const rowsOf = (line: ShownLine, columns: number): Row[] => {
  const rows = wrap(line.segments, columns);
  if (line.isEndless) rows.push(...wrap([{ text: '(no newline at end)', scope: 'comment', isStrong: false }], columns));
  return rows;
};

/** Old and new version of a line on as many screen lines as the longer one needs. */
const lines = (before: ShownLine | undefined, after: ShownLine | undefined, panel: Panel): string[] => {
  const left = before ? rowsOf(before, panel.columns) : [];
  const right = after ? rowsOf(after, panel.columns) : [];
  const out: string[] = [];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const number = (of: number | null): string => (at === 0 && of !== null ? String(of) : '');
    const [old, fresh] = [left[at], right[at]];
    const oldHalf =
      before && old
        ? half(before.kind, number(before.oldNumber), old, panel, false)
        : half('context', '', EMPTY, panel, false);
    const newHalf = after && fresh ? half(after.kind, number(after.newNumber), fresh, panel, true) : '';
    out.push(`${oldHalf}${panel.palette.note(BAR)}${newHalf}`.trimEnd());
  }
  return out;
};

/** Pairs stand beside each other; what is between them is filled up from the top. */
const blockLines = ({ context, removed, added, pairs }: Block, panel: Panel): string[] => {
  const out = context.flatMap((line) => lines(line, line, panel));
  let i = 0;
  let j = 0;
  for (const [before, after] of [...pairs, [removed.length, added.length] as const]) {
    const rest = Math.max(before - i, after - j);
    for (let at = 0; at < rest; at++)
      out.push(
        ...lines(i + at < before ? removed[i + at] : undefined, j + at < after ? added[j + at] : undefined, panel),
      );
    if (before < removed.length && after < added.length) out.push(...lines(removed[before], added[after], panel));
    i = before + 1;
    j = after + 1;
  }
  return out;
};

const lastNumber = (blocks: Block[]): number =>
  blocks
    .flatMap(({ context, removed, added }) => [...context, ...removed, ...added])
    .reduce((most, line) => Math.max(most, line.oldNumber ?? 0, line.newNumber ?? 0), 0);

/** A hunk with the old lines on the left and the new ones on the right. */
export const sideBySideHunk = (hunk: Hunk, blocks: Block[], palette: Palette, columns: number): string[] => {
  const digits = Math.max(4, String(lastNumber(blocks)).length);
  // Number, space and sign on either side, and the bar.
  const room = Math.floor((columns - BAR.length) / 2) - digits - 2;
  const panel = { digits, columns: Math.max(1, room), palette };
  return [hunkHeading(hunk, palette), ...blocks.flatMap((block) => blockLines(block, panel))];
};
