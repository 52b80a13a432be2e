import { BaseCommand } from '../../src/cli/base-command.ts';
import { batchListText } from '../../src/cli/batch/status-text.ts';
import { stdout } from '../../src/cli/print.ts';
import { listBatches } from '../../src/workflows/batch/status.ts';
import { withBatchHome } from '../../src/workflows/batch/work.ts';

const NONE = 'No batches here yet. Run one: amp-sessions batch start --file <file>';

export default class BatchList extends BaseCommand {
  static override summary = 'List the batches that were started from this repository.';
  static override description =
    'A batch that was started outside of any repository is kept in your own data folder, and listed outside of any.';
  static override examples = ['<%= config.bin %> batch list', '<%= config.bin %> batch list -q'];

  async run(): Promise<Record<string, unknown>> {
    await this.parse(BatchList);
    const options = { dir: this.directory, warn: (text: string) => this.caution(text), syncs: false };
    return withBatchHome(options, async (home) => {
      const items = await listBatches(home);
      const width = stdout.isTerminal ? stdout.columns : undefined;
      if (this.quiet) for (const { id } of items) this.print(id);
      else if (items.length === 0) this.talk(NONE);
      else this.print(() => batchListText(items, { color: this.color, width, now: home.clock.now() }));
      return { items };
    });
  }
}
