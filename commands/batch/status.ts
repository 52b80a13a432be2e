import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { batchArg } from '../../src/cli/batch/flags.ts';
import { batchStatusText, goOnText } from '../../src/cli/batch/status-text.ts';
import { watchBatch } from '../../src/cli/batch/watch.ts';
import { stdout } from '../../src/cli/print.ts';
import { findBatch } from '../../src/workflows/batch/home.ts';
import { type BatchStatus, batchStatus } from '../../src/workflows/batch/status.ts';
import { withBatchHome } from '../../src/workflows/batch/work.ts';

export default class BatchStatusCommand extends BaseCommand {
  static override summary = 'Show how a batch gets on, or what it came to, item by item.';
  static override description =
    'Of more than 60 items only those are shown that have something to tell; --all shows all. With -q the ids of the sessions.';
  static override examples = ['<%= config.bin %> batch status fixes', '<%= config.bin %> batch status fixes --watch'];
  static override args = { batch: batchArg };
  static override flags = {
    watch: boolean({ char: 'w', summary: 'Go on showing it until nobody works on it here any more.' }),
    all: boolean({ summary: 'Every item, however many there are.' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(BatchStatusCommand);
    const options = { dir: this.directory, warn: (text: string) => this.caution(text), syncs: false };
    return withBatchHome(options, async (home) => {
      const id = await findBatch(home, args.batch);
      const { color, json, quiet } = this;
      const text = (status: BatchStatus): string => {
        const width = stdout.isTerminal ? stdout.columns : undefined;
        return batchStatusText(status, { color, width, all: flags.all, now: home.clock.now() });
      };
      const look = () => batchStatus(home, id);
      const watch = { look, text, color, silent: json || quiet };
      const status = await (flags.watch ? watchBatch({ ...watch, signal: this.interrupt.gently }) : look());
      if (quiet) for (const { session } of status.items) if (session !== null) this.print(session);
      if (!quiet && !flags.watch) this.print(() => text(status));
      const goOn = goOnText(status);
      if (goOn !== undefined) this.talk(goOn);
      return { ...status };
    });
  }
}
