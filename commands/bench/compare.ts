import { string } from '@oclif/core/args';
import { integer, string as text } from '@oclif/core/flags';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { compareText } from '../../src/cli/bench/compare-text.ts';
import { compareOfficial } from '../../src/workflows/bench/compare-official.ts';

export default class BenchCompare extends BaseCommand {
  static override summary = 'Hold the verdicts of a run against those of the official SWE-bench harness.';
  static override description =
    'Grade preds.jsonl with `swebench eval`, then give the report that it wrote. Differences are told by name; what could not be graded on one side is no difference.';
  static override examples = [
    '<%= config.bin %> bench compare out/results.json amp.run1.json',
    '<%= config.bin %> bench compare out/results.json report.json --agent "amp (smart)" --repeat 2 --json',
  ];
  static override args = {
    results: string({ description: 'results.json of the run.', required: true, ignoreStdin: true }),
    report: string({
      description: 'Report of `swebench eval` or `sb-cli get-report`.',
      required: true,
      ignoreStdin: true,
    }),
  };
  static override flags = {
    agent: text({ summary: 'Which one, where several took part.', helpValue: '<name>' }),
    repeat: integer({ summary: 'Which one of its repeats.', helpValue: '<n>', min: 1, default: 1 }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(BenchCompare);
    const files = { results: this.resolve(args.results), report: this.resolve(args.report) };
    const compared = compareOfficial(files, { agent: flags.agent, repeat: flags.repeat });
    if (this.quiet) this.print([...compared.onlyHere, ...compared.onlyThere].join('\n'));
    else this.print(() => compareText(compared));
    return { ...compared };
  }
}
