import { string } from '@oclif/core/flags';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { runFlags } from '../../src/cli/batch/flags.ts';
import { askToTrust, planText, programsText } from '../../src/cli/batch/plan-text.ts';
import { endText, showRun } from '../../src/cli/batch/run-view.ts';
import { dryRun } from '../../src/cli/flags.ts';
import { createBatch } from '../../src/workflows/batch/create.ts';
import { readBatch } from '../../src/workflows/batch/home.ts';
import { type FilePlan, readBatchFile } from '../../src/workflows/batch/read-file.ts';
import { runBatch } from '../../src/workflows/batch/run.ts';
import { requireTrustedBatch, requireTrustedFile } from '../../src/workflows/batch/trust.ts';
import { answerOf, parseShard, withBatchHome } from '../../src/workflows/batch/work.ts';
import { sharedPlan } from '../../src/workflows/batch/worker-batch.ts';
import { interruptsFrom } from '../../src/workflows/interrupts.ts';

export default class BatchStart extends BaseCommand {
  static override summary = 'Run all items of a batch file, each as a session of its own.';
  static override description =
    'A batch file names prompts, repositories, agents and what holds for them (docs/batches.md; schemas/batch.schema.json for editors). It is read and looked through as a whole before anything starts. Ctrl-C lets what runs finish, a second one ends it; `batch resume` goes on.';
  static override examples = [
    '<%= config.bin %> batch start --file fixes.yaml --dry-run',
    '<%= config.bin %> batch start --file fixes.yaml -j 8',
  ];
  static override flags = {
    file: string({ char: 'f', summary: 'The batch file.', helpValue: '<file>', required: true }),
    ...runFlags,
    'dry-run': dryRun,
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(BatchStart);
    const warn = (text: string) => this.caution(text);
    const { concurrency, trust = false } = flags;
    const shard = flags.shard === undefined ? undefined : parseShard(flags.shard);
    const read = await readBatchFile({ file: this.resolve(flags.file), env: process.env, concurrency, warn });
    if (flags['dry-run']) return this.#plan(read);
    return withBatchHome({ dir: this.directory, warn }, async (home) => {
      await requireTrustedFile(read, home.home, { trust, ask: askToTrust });
      const id = await createBatch(home, shard ? sharedPlan(read.plan) : read.plan);
      await requireTrustedBatch(home, await readBatch(home, id), { trust, ask: askToTrust });
      const interrupts = interruptsFrom(this.interrupt);
      const wish = { slots: read.plan.options.concurrency, silent: this.json || this.quiet };
      const result = await showRun(wish, (view) => runBatch(home, id, { interrupts, view, concurrency, shard }));
      const { answer, failure } = await answerOf(home, result, { shard });
      this.print(() => endText(answer, { color: this.color, quiet: this.quiet }));
      if (failure) throw failure;
      return { ...answer };
    });
  }

  #plan({ plan, programs }: FilePlan): Record<string, unknown> {
    const { id, options, items } = plan;
    if (this.quiet) for (const { item } of items) this.print(item);
    else this.print(() => planText(plan, this.color));
    if (programs.length > 0) this.talk('\nBefore it starts you are asked about these:');
    for (const text of programsText(programs, this.color)) this.talk(text);
    return { id, name: options.name, dryRun: true, options, items, programs };
  }
}
