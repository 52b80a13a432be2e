import type { ChalkInstance } from 'chalk';
import { patchText } from './diff-text.ts';
import type { Sizes } from './patch/file-heading.ts';
import type { PatchView } from './patch/render-patch.ts';
import { stdout } from './print.ts';

/** The columns a person has: of the terminal, else what COLUMNS says. */
const columnsOf = (env: Record<string, string | undefined>): number => {
  const told = stdout.isTerminal ? 0 : Number(env['COLUMNS']);
  return Number.isInteger(told) && told > 0 ? told : stdout.columns;
};

/** Letters of a patch that nobody reads to its end: it is shown as git prints it, at once. */
const MOST_LETTERS = 10_000_000;

/**
 * How a patch is painted for a person; undefined where a program reads, which gets it as git made it. Without colours
 * a terminal shows git's own patch too, made inert, unless another layout is asked for.
 */
export const patchPainter = (wish: {
  color: ChalkInstance;
  layout: PatchView['layout'];
  env: Record<string, string | undefined>;
  sizes(): Promise<Sizes>;
}): ((patch: string, wantsPatch: boolean) => Promise<string>) | undefined => {
  const { color, layout, env } = wish;
  if (color.level === 0 && !stdout.isTerminal) return undefined;
  return async (patch, wantsPatch) => {
    if (wantsPatch || patch.length > MOST_LETTERS || (color.level === 0 && layout === 'unified'))
      return patchText(patch, color);
    const { renderPatch } = await import('./patch/render-patch.ts');
    return renderPatch(patch, { color, layout, env, columns: columnsOf(env), sizes: await wish.sizes() });
  };
};
