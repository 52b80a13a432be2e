import { hunkHeading } from './file-heading.ts';
import type { Hunk } from './model.ts';
import type { Palette } from './palette.ts';
import { LINE_END } from './parse-patch.ts';
import { visible } from './visible.ts';

const MARKS = { removed: ['[-', '-]'], added: ['{+', '+}'], context: ['', ''] } as const;

/**
 * A hunk of `git diff --word-diff=porcelain`: every line is a piece of a line, and `~` is where that ends. What was
 * removed and what was added stand in one line. Without colours they are marked as git marks them.
 * Source: git-diff(1), --word-diff.
 */
export const wordHunk = (hunk: Hunk, palette: Palette, hasColors: boolean, tabSize: number): string[] => {
  const out = [hunkHeading(hunk, palette)];
  let line = '';
  for (const { kind, text } of hunk.lines) {
    if (text === LINE_END) {
      out.push(line);
      line = '';
      continue;
    }
    const [open, close] = hasColors ? ['', ''] : MARKS[kind];
    line += open + palette.line(kind, [{ text: visible(text, tabSize), scope: '', isStrong: false }]) + close;
  }
  if (line !== '') out.push(line);
  return out;
};
