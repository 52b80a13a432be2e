import { join } from 'node:path';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { initFlags, secondsOf } from '../../src/cli/bench/flags.ts';
import { initAnswer, initFailure, initText, lookedText } from '../../src/cli/bench/init-text.ts';
import { dryRun } from '../../src/cli/flags.ts';
import { AppError } from '../../src/errors.ts';
import { initSuite } from '../../src/workflows/bench/init-suite.ts';
import { interruptsFrom } from '../../src/workflows/interrupts.ts';

export default class BenchInit extends BaseCommand {
  static override summary = 'Make a benchmark out of the repository’s own past.';
  static override description =
    'Each commit of the branch that changed tests and more than tests can be a case: the task is its message, the agent starts at the commit before, and the tests are held out. Only what really fails without the change and passes with it, twice, becomes one. Nothing in the repository changes; the suite’s folder is new.';
  static override examples = [
    '<%= config.bin %> bench init --from-history --test-command "npm test" --setup "npm ci"',
    '<%= config.bin %> bench init --from-history --dry-run',
  ];
  static override flags = { ...initFlags, 'dry-run': dryRun };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(BenchInit);
    const { 'dry-run': isDry, 'test-command': test } = flags;
    if (!flags['from-history'])
      throw new AppError('usage.invalid', 'It is not said what the cases are to be made of.', {
        hint: 'Add --from-history; docs/benchmarks.md tells how to write a suite by hand.',
      });
    const made = await initSuite({
      dir: this.directory,
      warn: (text) => this.caution(text),
      out: this.resolve(flags.out ?? 'bench'),
      name: flags.name,
      test,
      setup: flags.setup ?? null,
      branch: flags.branch ?? null,
      tests: flags.tests ?? [],
      limit: flags.limit,
      scan: flags.scan,
      concurrency: flags.concurrency ?? 1,
      testTimeoutSec: secondsOf(flags['test-timeout']) ?? 600,
      dryRun: isDry,
      interrupts: interruptsFrom(this.interrupt),
      onCommit: (commit) => this.talk(lookedText(commit)),
    });
    if (this.quiet) this.print(made.cases.map(({ id }) => id).join('\n'));
    else
      this.print(() => initText(made, { isDry, color: this.color, shown: join(flags.out ?? 'bench', 'suite.yaml') }));
    const failure = initFailure(made);
    if (failure) throw failure;
    return initAnswer(made);
  }
}
