import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { batchArg, runFlags } from '../../src/cli/batch/flags.ts';
import { askToTrust } from '../../src/cli/batch/plan-text.ts';
import { endText, showRun } from '../../src/cli/batch/run-view.ts';
import { AppError } from '../../src/errors.ts';
import { findBatch, readBatch } from '../../src/workflows/batch/home.ts';
import { retryBatch } from '../../src/workflows/batch/retry.ts';
import { requireTrustedBatch } from '../../src/workflows/batch/trust.ts';
import { answerOf, parseShard, withBatchHome } from '../../src/workflows/batch/work.ts';
import { interruptsFrom } from '../../src/workflows/interrupts.ts';

export default class BatchRetry extends BaseCommand {
  static override summary = 'Try items again that have their result, each in a new session.';
  static override description =
    'With --failed all that did not pass: failed tests, errors, time-outs, budgets, cancelled. What they came to before stays on record. With --running what a clone on another machine began and will never end: name it, as `batch status` does, only where you know that it is gone.';
  static override examples = [
    '<%= config.bin %> batch retry fixes --failed',
    '<%= config.bin %> batch retry fixes --item 007 --item login',
    '<%= config.bin %> batch retry fixes --running k7x2',
  ];
  static override args = { batch: batchArg };
  static override flags = {
    failed: boolean({ summary: 'Everything that did not pass.', exclusive: ['item', 'running'] }),
    running: string({ summary: 'What this gone clone left running.', helpValue: '<writer>', exclusive: ['item'] }),
    item: string({
      summary: 'This item, by number or name; may repeat.',
      helpValue: '<item>',
      multiple: true,
      multipleNonGreedy: true,
    }),
    ...runFlags,
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(BatchRetry);
    const { concurrency, trust = false } = flags;
    const named = flags.item ?? (flags.failed ? ('failed' as const) : undefined);
    const items = flags.running === undefined ? named : { running: flags.running };
    if (items === undefined)
      throw new AppError('usage.invalid', 'Nothing says what is to be tried again.', {
        hint: 'Add --failed, --item, or --running.',
      });
    const shard = flags.shard === undefined ? undefined : parseShard(flags.shard);
    return withBatchHome({ dir: this.directory, warn: (text) => this.caution(text) }, async (home) => {
      const batch = await readBatch(home, await findBatch(home, args.batch));
      await requireTrustedBatch(home, batch, { trust, ask: askToTrust });
      const interrupts = interruptsFrom(this.interrupt);
      const wish = { slots: concurrency ?? batch.options.concurrency, silent: this.json || this.quiet };
      const how = { interrupts, concurrency, shard, items };
      const work = showRun(wish, (view) => retryBatch(home, batch.id, { ...how, view }));
      const { answer, failure } = await answerOf(home, await work, { shard });
      this.print(() => endText(answer, { color: this.color, quiet: this.quiet }));
      if (failure) throw failure;
      return { ...answer };
    });
  }
}
