import { hunkHeading } from './file-heading.ts';
import type { Block, Hunk, ShownLine } from './model.ts';
import type { Palette } from './palette.ts';

const SIGNS = { context: ' ', removed: '-', added: '+' } as const;

/** What git says of a last line without its newline. */
export const ENDLESS = '\\ No newline at end of file';

const lineText = (line: ShownLine, palette: Palette): string[] => {
  const { kind, segments, isEndless } = line;
  const text = palette.gutter(kind, SIGNS[kind]) + palette.line(kind, segments);
  return isEndless ? [text, palette.note(ENDLESS)] : [text];
};

/** A hunk as git prints one, line under line. */
export const unifiedHunk = (hunk: Hunk, blocks: Block[], palette: Palette): string[] => [
  hunkHeading(hunk, palette),
  ...blocks
    .flatMap(({ context, removed, added }) => [...context, ...removed, ...added])
    .flatMap((line) => lineText(line, palette)),
];
