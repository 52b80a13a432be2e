import { type AnalysisContext, type AnalysisWish, openAnalysis } from '../open.ts';
import { type Found, type SearchWish, search } from './search.ts';
import { parseWords } from './words.ts';

/**
 * Looks through the history of the repositories that are asked.
 * @throws AppError `usage.invalid`, and those of `openAnalysis`
 */
export const searchHistory = async (
  ctx: AnalysisContext,
  wish: SearchWish,
  asked: AnalysisWish,
): Promise<Found & { warnings: string[] }> => {
  // Nonsense is refused before anything is read.
  parseWords(wish.words);
  const analysis = await openAnalysis(ctx, { ...asked, transcripts: true });
  try {
    return { ...(await search(analysis, wish)), warnings: analysis.warnings };
  } finally {
    await analysis.close();
  }
};
