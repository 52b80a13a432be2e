import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { batchArg } from '../../src/cli/batch/flags.ts';
import { stoppedText } from '../../src/cli/batch/stopped-text.ts';
import { findBatch } from '../../src/workflows/batch/home.ts';
import { stopBatch } from '../../src/workflows/batch/stop.ts';
import { withBatchHome } from '../../src/workflows/batch/work.ts';

export default class BatchStop extends BaseCommand {
  static override summary = 'Stop the work on a batch from another terminal, as Ctrl-C in its own would.';
  static override description =
    'What runs is let finish; with --now it is ended too, and waits to be tried again. `batch resume` goes on. With --cancel what has not begun is given up.';
  static override examples = [
    '<%= config.bin %> batch stop fixes',
    '<%= config.bin %> batch stop fixes --now --cancel',
  ];
  static override args = { batch: batchArg };
  static override flags = {
    now: boolean({ summary: 'End what runs as well.' }),
    cancel: boolean({ summary: 'Give up what is queued.' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(BatchStop);
    return withBatchHome({ dir: this.directory, warn: (text) => this.caution(text) }, async (home) => {
      const id = await findBatch(home, args.batch);
      const wish = { now: flags.now ?? false, cancel: flags.cancel ?? false };
      const stopped = await this.progress.step(`stopping ${id}`, () => stopBatch(home, id, wish));
      this.print(this.quiet ? id : stoppedText(stopped, wish));
      return { ...stopped };
    });
  }
}
