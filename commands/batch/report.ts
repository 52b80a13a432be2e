import { BaseCommand } from '../../src/cli/base-command.ts';
import { batchArg } from '../../src/cli/batch/flags.ts';
import { renderBatchReport } from '../../src/cli/report/compose-batch.ts';
import { reportFlags } from '../../src/cli/report-flags.ts';
import { reportPlace, writeReport } from '../../src/cli/report-text.ts';
import { findBatch } from '../../src/workflows/batch/home.ts';
import { batchStatus } from '../../src/workflows/batch/status.ts';
import { withBatchHome } from '../../src/workflows/batch/work.ts';

const { output, format, force } = reportFlags;

export default class BatchReport extends BaseCommand {
  static override summary = 'Write a report on a batch, in Markdown or as one HTML file.';
  static override description =
    'What came of it, what went wrong and how often, by agent and by repository, and every item. HTML needs no script and no other file. `report` tells of the sessions themselves.';
  static override examples = [
    '<%= config.bin %> batch report fixes --output fixes.md',
    '<%= config.bin %> batch report fixes --output fixes.html --force',
  ];
  static override args = { batch: batchArg };
  static override flags = { output, format, force };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(BatchReport);
    const place = reportPlace(flags, (given) => this.resolve(given));
    const options = { dir: this.directory, warn: (text: string) => this.caution(text), syncs: false };
    return withBatchHome(options, async (home) => {
      const facts = await batchStatus(home, await findBatch(home, args.batch));
      const text = await renderBatchReport(place.format, facts, { at: home.clock.now() });
      writeReport(place, text);
      const { id, counts } = facts;
      this.print(() =>
        place.path === null
          ? text.trimEnd()
          : this.quiet
            ? place.path
            : `${this.color.green('✓')} ${this.plain(place.path)}`,
      );
      const answer = { id, format: place.format, output: place.path, bytes: Buffer.byteLength(text), counts };
      return { ...answer, ...(place.path === null && { text }) };
    });
  }
}
