import type { ChalkInstance } from 'chalk';
import { newBudget } from './changed-words.ts';
import { bodyNote, fileHeading, type Sizes } from './file-heading.ts';
import type { Highlight } from './highlighter.ts';
import { languageOf } from './language-of.ts';
import type { PatchFile } from './model.ts';
import { paletteOf } from './palette.ts';
import { parsePatch } from './parse-patch.ts';
import { type ShowOptions, showHunk } from './shown-hunk.ts';
import { LEAST_COLUMNS, sideBySideHunk } from './side-by-side.ts';
import { unifiedHunk } from './unified.ts';
import { wordHunk } from './word-diff.ts';

export interface PatchView {
  color: ChalkInstance;
  /** Of the terminal. */
  columns: number;
  layout: 'unified' | 'side-by-side' | 'words';
  /** Of binary files. */
  sizes: Sizes;
  env: Record<string, string | undefined>;
}

/** Letters of a patch over which nobody waits for the colours of its words. */
const MOST_LETTERS = 1_000_000;

/** Loads the grammars, which takes a moment, only for a patch that they can colour. */
const highlighterFor = async (files: PatchFile[], patch: string, view: PatchView): Promise<Highlight | undefined> => {
  if (view.color.level === 0 || view.layout === 'words' || patch.length > MOST_LETTERS) return undefined;
  if (!files.some((file) => languageOf(file.newPath ?? file.oldPath ?? '') !== undefined)) return undefined;
  const { createHighlighter } = await import('./highlighter.ts');
  return createHighlighter();
};

/**
 * A patch of git for a person at a terminal: nothing in it can steer the terminal.
 * @param patch with whole object ids; for the layout `words` made by `--word-diff=porcelain`
 */
export const renderPatch = async (patch: string, view: PatchView): Promise<string> => {
  const files = parsePatch(patch);
  const palette = paletteOf(view.color, view.env);
  const isWide = view.layout === 'side-by-side' && view.columns >= LEAST_COLUMNS;
  const highlight = await highlighterFor(files, patch, view);
  const options: ShowOptions = { highlight, budget: newBudget(), tabSize: isWide ? 4 : 8 };
  const out: string[] = [];
  for (const file of files) {
    if (out.length > 0) out.push('');
    out.push(...fileHeading(file, palette, view.columns, view.layout !== 'words'));
    const note = bodyNote(file, view.sizes);
    if (note !== undefined) {
      out.push(note);
      continue;
    }
    const language = languageOf(file.newPath ?? file.oldPath ?? '');
    for (const hunk of file.hunks) {
      if (view.layout === 'words') {
        out.push(...wordHunk(hunk, palette, view.color.level > 0, options.tabSize));
        continue;
      }
      const blocks = showHunk(hunk, language, options);
      out.push(...(isWide ? sideBySideHunk(hunk, blocks, palette, view.columns) : unifiedHunk(hunk, blocks, palette)));
    }
  }
  return out.length === 0 ? '' : `${out.join('\n')}\n`;
};
