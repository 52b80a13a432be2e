import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { planText, programsText } from '../../src/cli/batch/plan-text.ts';
import { dryRun, jobs } from '../../src/cli/flags.ts';
import { AppError } from '../../src/errors.ts';
import { readBatchFile } from '../../src/workflows/batch/read-file.ts';

export default class BatchStart extends BaseCommand {
  static override summary = 'Run all items of a batch file, each as a session of its own.';
  static override description =
    'A batch file names prompts, repositories, agents and what holds for them (docs/batches.md; schemas/batch.schema.json for editors). It is read and looked through as a whole before anything starts.';
  static override examples = [
    '<%= config.bin %> batch start --file fixes.yaml --dry-run',
    '<%= config.bin %> batch start --file fixes.yaml -j 8',
  ];
  static override flags = {
    file: string({ char: 'f', summary: 'The batch file.', helpValue: '<file>', required: true }),
    concurrency: { ...jobs, summary: 'How many items at once, instead of what the file says.' },
    trust: boolean({ summary: 'Let the programs that the file names run; remembered for this content of the file.' }),
    'dry-run': dryRun,
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(BatchStart);
    if (!flags['dry-run'])
      throw new AppError('usage.invalid', 'Batches cannot be run yet.', { hint: 'Add --dry-run to see the plan.' });
    const warn = (text: string) => this.caution(text);
    const wish = { file: this.resolve(flags.file), env: process.env, concurrency: flags.concurrency, warn };
    const { plan, programs } = await readBatchFile(wish);
    const { id, options, items } = plan;
    if (this.quiet) for (const { item } of items) this.print(item);
    else this.print(() => planText(plan, this.color));
    if (programs.length > 0 && !this.quiet) {
      this.talk('\nBefore it starts you are asked about these:');
      for (const text of programsText(programs, this.color)) this.talk(text);
    }
    return { id, name: options.name, dryRun: true, options, items, programs };
  }
}
