import { type BlameWish, blame, type FileBlame } from '../../../src/workflows/blame/blame.ts';
import type { Origin } from '../../../src/workflows/blame/origins.ts';
import type { Context } from '../../../src/workflows/context.ts';

const wordsOf = ({ kind, iteration, author, commit = '' }: Origin): string => {
  if (kind === 'agent') return `iteration ${iteration ?? '?'}`;
  if (kind === 'manual') return `by hand: ${author?.name}`;
  return kind === 'other' ? commit.slice(0, 8) : kind;
};

/** Every line as `text < where it comes from`. */
export const linesOf = ({ lines }: FileBlame): string[] =>
  lines.map(({ text, origin }) => `${text} < ${wordsOf(origin)}`);

/** The lines of a file, in words; seen from the top of the main checkout. */
export const blamed = async (ctx: Context, file: string, wish: Partial<BlameWish> = {}): Promise<string[]> =>
  linesOf(await blame(ctx, { cwd: ctx.repo.root, file, ...wish }));
