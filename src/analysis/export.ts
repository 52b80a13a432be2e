import type { AnalysisContext } from './context.ts';
import { exportTable, type Sink, type TableWish, tableNamed } from './export-table.ts';
import { openAnalysis } from './open.ts';
import { mentionsTranscripts } from './tables/all.ts';

/** Rows to write, without the sessions, which are chosen where the logs are looked through. */
export interface RowsWish extends Omit<TableWish, 'sessions' | 'without'> {
  repos: string[];
  all: boolean;
}

/**
 * What writes the rows of a table.
 * @throws AppError usage.invalid at once, when there is no such table
 */
export const rowsWriter = (wish: RowsWish, warn: (text: string) => void) => {
  tableNamed(wish.table);
  return async (
    ctx: AnalysisContext,
    admitted: { sessions: string[] | undefined; without: string[] },
    out: Sink,
  ): Promise<number> => {
    const analysis = await openAnalysis(ctx, {
      repos: wish.repos,
      all: wish.all,
      transcripts: mentionsTranscripts(wish.table),
    });
    try {
      for (const text of analysis.warnings) warn(text);
      return await exportTable(analysis, { ...wish, ...admitted }, out);
    } finally {
      await analysis.close();
    }
  };
};
