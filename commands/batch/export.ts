import { boolean, option, string } from '@oclif/core/flags';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { batchArg } from '../../src/cli/batch/flags.ts';
import { formatCount } from '../../src/cli/format.ts';
import { exportBatch } from '../../src/workflows/batch/export.ts';
import { findBatch } from '../../src/workflows/batch/home.ts';
import { batchStatus } from '../../src/workflows/batch/status.ts';
import { withBatchHome } from '../../src/workflows/batch/work.ts';
import { heldError } from '../../src/workflows/export/export-log.ts';

const TABLES = ['batches', 'batch_items', 'sessions', 'iterations', 'usage', 'tool_calls', 'test_runs', 'commits'];

export default class BatchExport extends BaseCommand {
  static override summary = 'Write a batch and its sessions into files, one a table.';
  static override description =
    'The tables are those of `sql` (docs/analytics-tables.md), with the rows of this batch alone. What leaves is looked through for secrets first; a session with one is left out.';
  static override examples = ['<%= config.bin %> batch export fixes --format csv --out fixes'];
  static override args = { batch: batchArg };
  static override flags = {
    format: option({
      summary: 'How they are written; csv if not given.',
      options: ['csv', 'ndjson', 'json', 'parquet'] as const,
    })(),
    out: string({ char: 'o', summary: 'Folder for the files; it is made.', helpValue: '<folder>', required: true }),
    raw: boolean({ summary: 'CSV: leave texts alone that a spreadsheet would run as formulas.' }),
    force: boolean({ summary: 'Replace files that are there.' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(BatchExport);
    const { format = 'csv', raw = false, force = false } = flags;
    const warn = (text: string) => this.caution(text);
    const { rowsWriter } = await import('../../src/analysis/export.ts');
    return withBatchHome({ dir: this.directory, warn, syncs: false }, async (home) => {
      const id = await findBatch(home, args.batch);
      const of = { format, raw, all: false, batch: id };
      const tables = TABLES.map((name) => ({
        name,
        rows: (repos: string[]) => rowsWriter({ ...of, table: name, repos }, warn),
      }));
      const dir = this.resolve(flags.out);
      const wish = { dir, extension: format, force, tables, signal: this.interrupt.gently };
      const done = await exportBatch(home, await batchStatus(home, id), wish);
      const answer = { id, format, out: dir, ...done };
      for (const { path, rows } of done.files)
        this.print(this.quiet ? path : `${this.color.green('✓')} ${formatCount(rows, 'row')} in ${this.plain(path)}`);
      const error = heldError(done.held, answer);
      if (error) throw error;
      return answer;
    });
  }
}
