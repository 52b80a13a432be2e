import { string } from '@oclif/core/args';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { askToTrust, programsText } from '../../src/cli/batch/plan-text.ts';
import { showRun } from '../../src/cli/batch/run-view.ts';
import { tellBench } from '../../src/cli/bench/finish.ts';
import { againOf, benchFlags, fileOf } from '../../src/cli/bench/flags.ts';
import { benchPlanAnswer, benchPlanText } from '../../src/cli/bench/plan-text.ts';
import { benchText } from '../../src/cli/bench/text.ts';
import { parseShard } from '../../src/workflows/batch/work.ts';
import { bench, planBenchFile } from '../../src/workflows/bench/bench.ts';
import { interruptsFrom } from '../../src/workflows/interrupts.ts';

export default class Bench extends BaseCommand {
  static override summary = 'Run agents on benchmark cases, judge what they made by hidden tests, and compare them.';
  static override description =
    'The file is a suite in YAML (docs/benchmarks.md; schemas/suite.schema.json for editors), or rows of SWE-bench as JSON, JSONL or Parquet. Each run gets a repository that ends at the case’s base commit. Errors of ours, of the machine or a provider are in no score; time-outs and budgets are told apart. Ctrl-C lets what runs finish; --resume goes on. With --shard machines do a part each; `sync` brings them together, `bench report` tells the whole.';
  static override examples = [
    '<%= config.bin %> bench suite.yaml --agent gold --agent empty',
    '<%= config.bin %> bench suite.yaml --agent amp --model smart --model rush --repeats 3 -j 4 --out results',
    '<%= config.bin %> bench suite.yaml --trust --shard 2/10',
    '<%= config.bin %> bench lite.jsonl --repo pytest-dev/pytest=../pytest --agent amp --test-command "python3 -m pytest -rA {{tests}}" --out results',
  ];
  static override args = {
    file: string({ description: 'Suite in YAML, or rows of SWE-bench.', required: true, ignoreStdin: true }),
  };
  static override flags = benchFlags;

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Bench);
    const { agent: agents = [], model: models = [], repeats, concurrency, resume, trust = false } = flags;
    const [out, work] = [flags.out, flags.work].map((dir) => (dir === undefined ? undefined : this.resolve(dir)));
    const file = fileOf(this.resolve(args.file), flags, (path) => this.resolve(path));
    const shard = flags.shard === undefined ? undefined : parseShard(flags.shard);
    const choice = { dir: this.directory, agents, models, repeats, concurrency, shard, runId: flags['run-id'] };
    if (flags['dry-run']) return this.#plan(await planBenchFile(file, choice));
    const show = { slots: concurrency ?? 1, silent: this.json || this.quiet };
    const keepWorktrees = flags['keep-worktrees'];
    const how = { ...choice, resume, trust, work, out, keepWorktrees, ask: askToTrust };
    const interrupts = interruptsFrom(this.interrupt);
    const warn = (text: string) => this.caution(text);
    const done = await showRun(show, (view) => bench(file, { ...how, interrupts, view, warn }));
    const finished = { ...done, file: args.file, again: againOf(flags) };
    const print = () => this.print(() => (this.quiet ? done.id : benchText({ ...done, out: out ?? null }, this.color)));
    return tellBench(finished, { out, warn, print });
  }

  #plan(planned: Awaited<ReturnType<typeof planBenchFile>>): Record<string, unknown> {
    const { programs } = planned.bench;
    if (this.quiet) for (const { item } of planned.items) this.print(item);
    else this.print(() => benchPlanText(planned, this.color));
    if (programs.length > 0) this.talk('\nBefore it starts you are asked about these:');
    for (const text of programsText(programs, this.color)) this.talk(text);
    return benchPlanAnswer(planned);
  }
}
