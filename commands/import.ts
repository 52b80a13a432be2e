import { string } from '@oclif/core/args';
import { BaseCommand } from '../src/cli/base-command.ts';
import { dryRun } from '../src/cli/flags.ts';
import { importText } from '../src/cli/import-text.ts';
import { withContext } from '../src/workflows/context.ts';
import { importError, importFile } from '../src/workflows/import/import.ts';

export default class Import extends BaseCommand {
  static override summary = 'Take in sessions that `export` wrote elsewhere.';
  static override description =
    'Every line keeps its writer, number and hash, as if it had come by a sync. The whole file is checked before anything is taken: a line that is wrong is named, and then nothing comes in. What is here already stays; a log that does not go on from what is here is refused, the others come in. Forgotten sessions do not come back. Code is not in the file: `diff` and `resume` say which commit is missing.';
  static override examples = [
    '<%= config.bin %> import history.ndjson',
    '<%= config.bin %> import history.ndjson --dry-run',
    'ssh host amp-sessions -C repo export --out - | <%= config.bin %> import -',
  ];
  static override args = {
    file: string({
      description: 'What `export --format ndjson` wrote; - is stdin.',
      required: true,
      ignoreStdin: true,
    }),
  };
  static override flags = { 'dry-run': dryRun };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Import);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const answer = await importFile(ctx, {
        path: args.file === '-' ? '-' : this.resolve(args.file),
        name: args.file === '-' ? 'stdin' : args.file,
        dryRun: flags['dry-run'],
        stdin: process.stdin,
        onStep: (text) => this.talk(`${text} …`),
      });
      if (!this.quiet) this.print(() => importText(answer, this.color));
      else for (const id of answer.sessions) this.print(id);
      const error = importError(answer);
      if (error) throw error;
      return { ...answer };
    });
  }
}
