import { string as stringArg } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { runFlags } from '../src/cli/batch/flags.ts';
import { askToTrust } from '../src/cli/batch/plan-text.ts';
import { endText, showRun } from '../src/cli/batch/run-view.ts';
import { answerOf, noting, parseShard, withBatchHome } from '../src/workflows/batch/work.ts';
import { workOnBatch } from '../src/workflows/batch/worker.ts';
import { batchForWorker, itemsOfWorker } from '../src/workflows/batch/worker-batch.ts';
import { interruptsFrom } from '../src/workflows/interrupts.ts';

export default class Worker extends BaseCommand {
  static override summary = 'Work on a batch beside others: for job arrays, Kubernetes and CI matrices.';
  static override description =
    'Workers of one clone share the batch and never do the same item. On machines that share no file system each takes a part: --shard i/n, or --item; results come together by `sync`. With --file the batch is made first, unless it is there; give the file a runId.';
  static override examples = [
    '<%= config.bin %> worker fixes --once',
    '<%= config.bin %> worker --file fixes.yaml --trust --shard 2/10',
    '<%= config.bin %> worker --file fixes.yaml --trust --item $SLURM_ARRAY_TASK_ID',
  ];
  static override args = {
    batch: stringArg({ description: 'Id, unique prefix of it, or name of the batch.', ignoreStdin: true }),
  };
  static override flags = {
    file: string({ char: 'f', summary: 'The batch file, instead of a batch that is there.', helpValue: '<file>' }),
    once: boolean({ summary: 'One item, then the end.' }),
    item: string({
      summary: 'Only this item, by its number (7 is 007); may repeat.',
      helpValue: '<n>',
      multiple: true,
      multipleNonGreedy: true,
    }),
    ...runFlags,
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Worker);
    const { concurrency, once, trust = false } = flags;
    const shard = flags.shard === undefined ? undefined : parseShard(flags.shard);
    const warn = (text: string) => this.caution(text);
    return withBatchHome({ dir: this.directory, warn }, async (home) => {
      const file = flags.file === undefined ? undefined : this.resolve(flags.file);
      const batch = await batchForWorker(home, { given: args.batch, file }, { trust, ask: askToTrust });
      const items = itemsOfWorker(batch, flags.item);
      const interrupts = interruptsFrom(this.interrupt);
      const wish = { slots: once ? 1 : (concurrency ?? batch.options.concurrency), silent: this.json || this.quiet };
      const how = { interrupts, concurrency, shard, items, once };
      const begun: string[] = [];
      const work = showRun(wish, (view) => workOnBatch(home, batch.id, { ...how, view: noting(view, begun) }));
      const { answer, failure } = await answerOf(home, await work, { shard, items: once ? begun : items });
      this.print(() => endText(answer, { color: this.color, quiet: this.quiet }));
      if (failure) throw failure;
      return { ...answer };
    });
  }
}
