import { string as stringArg } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { tellBench } from '../../src/cli/bench/finish.ts';
import { benchText } from '../../src/cli/bench/text.ts';
import { reportBench } from '../../src/workflows/bench/report-bench.ts';

export default class BenchReport extends BaseCommand {
  static override summary = 'Tell what a run of a benchmark came to, from its record alone: nothing is run.';
  static override description =
    'Of a run whose parts were done on several machines (`bench --shard`) it tells the whole, once `sync` has brought them together; the suite need not be there. --out writes preds.jsonl, results.json and report.md. Ends with 5 while runs are left.';
  static override examples = [
    '<%= config.bin %> bench report hand --out results',
    '<%= config.bin %> bench report 3f0a91c2d4 --json',
  ];
  static override args = {
    run: stringArg({
      description: 'Id, unique prefix of it, or name of the suite: its newest run.',
      required: true,
      ignoreStdin: true,
    }),
  };
  static override flags = {
    out: string({ char: 'o', summary: 'Folder for preds.jsonl, results.json and report.md.', helpValue: '<folder>' }),
    work: string({ summary: 'Folder that the run was given for its repositories.', helpValue: '<folder>' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(BenchReport);
    const [out, work] = [flags.out, flags.work].map((dir) => (dir === undefined ? undefined : this.resolve(dir)));
    const warn = (text: string) => this.caution(text);
    const done = await reportBench({ dir: this.directory, run: args.run, out, work, warn });
    const print = () => this.print(() => (this.quiet ? done.id : benchText({ ...done, out: out ?? null }, this.color)));
    return tellBench(done, { out, warn, print });
  }
}
