import { string } from '@oclif/core/args';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { askToTrust } from '../../src/cli/batch/plan-text.ts';
import { showRun } from '../../src/cli/batch/run-view.ts';
import { benchAnswer, benchFailure, writeReports } from '../../src/cli/bench/finish.ts';
import { benchFlags, repoFolders, secondsOf } from '../../src/cli/bench/flags.ts';
import { benchText } from '../../src/cli/bench/text.ts';
import { bench } from '../../src/workflows/bench/bench.ts';
import { writeAllPredictions } from '../../src/workflows/bench/write-predictions.ts';
import { interruptsFrom } from '../../src/workflows/interrupts.ts';

export default class Bench extends BaseCommand {
  static override summary = 'Run agents on benchmark cases, judge what they made by hidden tests, and compare them.';
  static override description =
    'The file is a suite in YAML (docs/benchmarks.md; schemas/suite.schema.json for editors), or rows of SWE-bench as JSON, JSONL or Parquet. Each run gets a repository that ends at the case’s base commit. Errors of ours, of the machine or a provider are in no score; time-outs and budgets are told apart. Ctrl-C lets what runs finish; --resume goes on.';
  static override examples = [
    '<%= config.bin %> bench suite.yaml --agent gold --agent empty',
    '<%= config.bin %> bench suite.yaml --agent amp --model smart --model rush --repeats 3 -j 4 --out results',
    '<%= config.bin %> bench lite.jsonl --repo pytest-dev/pytest=../pytest --agent amp --test-command "python3 -m pytest -rA {{tests}}" --out results',
  ];
  static override args = {
    file: string({ description: 'Suite in YAML, or rows of SWE-bench.', required: true, ignoreStdin: true }),
  };
  static override flags = benchFlags;

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Bench);
    const [out, work] = [flags.out, flags.work].map((dir) => (dir === undefined ? undefined : this.resolve(dir)));
    const wish = {
      file: this.resolve(args.file),
      repos: repoFolders(flags.repo, (path) => this.resolve(path)),
      cases: flags.case,
      test: flags['test-command'],
      setup: flags.setup,
      parser: flags.parser,
      timeoutSec: secondsOf(flags.timeout),
      testTimeoutSec: secondsOf(flags['test-timeout']),
    };
    const { agent: agents = [], model: models = [], repeats, concurrency, resume, trust = false } = flags;
    const options = { dir: this.directory, agents, models, repeats, concurrency, resume, trust, work, ask: askToTrust };
    const show = { slots: concurrency ?? 1, silent: this.json || this.quiet };
    const done = await showRun(show, (view) =>
      bench(wish, { ...options, view, interrupts: interruptsFrom(this.interrupt), warn: (text) => this.caution(text) }),
    );
    const finished = { ...done, file: args.file };
    const files = out === undefined ? [] : writeReports(out, finished, writeAllPredictions(out, done));
    const answer = benchAnswer(finished, files);
    if (this.quiet) this.print(done.id);
    else this.print(() => benchText({ ...done, out: out ?? null }, this.color));
    const failure = benchFailure(finished, answer);
    if (failure) throw failure;
    return answer;
  }
}
