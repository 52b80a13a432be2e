import { BaseCommand } from '../../src/cli/base-command.ts';
import { batchArg, runFlags } from '../../src/cli/batch/flags.ts';
import { askToTrust } from '../../src/cli/batch/plan-text.ts';
import { endText, showRun } from '../../src/cli/batch/run-view.ts';
import { findBatch, readBatch } from '../../src/workflows/batch/home.ts';
import { resumeBatch } from '../../src/workflows/batch/resume.ts';
import { requireTrustedBatch } from '../../src/workflows/batch/trust.ts';
import { answerOf, parseShard, withBatchHome } from '../../src/workflows/batch/work.ts';
import { interruptsFrom } from '../../src/workflows/interrupts.ts';

export default class BatchResume extends BaseCommand {
  static override summary = 'Go on with a batch after a stop, a crash or a reboot.';
  static override description =
    'What has its result stays as it is. What ran when the process died is looked at first: if it had come to its end, that counts; else it is tried again. The plan and its options are those the batch was made with; the file is not read again.';
  static override examples = ['<%= config.bin %> batch resume fixes'];
  static override args = { batch: batchArg };
  static override flags = runFlags;

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(BatchResume);
    const { concurrency, trust = false } = flags;
    const shard = flags.shard === undefined ? undefined : parseShard(flags.shard);
    return withBatchHome({ dir: this.directory, warn: (text) => this.caution(text) }, async (home) => {
      const batch = await readBatch(home, await findBatch(home, args.batch));
      await requireTrustedBatch(home, batch, { trust, ask: askToTrust });
      const interrupts = interruptsFrom(this.interrupt);
      const wish = { slots: concurrency ?? batch.options.concurrency, silent: this.json || this.quiet };
      const work = showRun(wish, (view) => resumeBatch(home, batch.id, { interrupts, view, concurrency, shard }));
      const { answer, failure } = await answerOf(home, await work, { shard });
      this.print(() => endText(answer, { color: this.color, quiet: this.quiet }));
      if (failure) throw failure;
      return { ...answer };
    });
  }
}
