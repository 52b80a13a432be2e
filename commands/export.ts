import { string as stringArg } from '@oclif/core/args';
import { BaseCommand } from '../src/cli/base-command.ts';
import { exportFlags } from '../src/cli/export-flags.ts';
import { exportedText, exportUsage } from '../src/cli/export-text.ts';
import { outStream } from '../src/cli/out-stream.ts';
import { exportHistory } from '../src/workflows/export/export.ts';
import { heldError } from '../src/workflows/export/export-log.ts';

export default class Export extends BaseCommand {
  static override summary = 'Write the history, or a table made from it, into a file.';
  static override description =
    'ndjson without --table is the log itself: every line as it was written, one event a line, with its long texts; `amp-sessions import` takes it in elsewhere. --since and --until then choose whole sessions. Everything else is rows of a table (events, if none is named), its columns and rows always in the same order (docs/analytics-tables.md); --since and --until choose rows. CSV is that of RFC 4180; a text that a spreadsheet would run as a formula gets an apostrophe in front. What leaves is looked through for secrets first; a session with one is left out. The file has its name only when it is whole.';
  static override examples = [
    '<%= config.bin %> export --out history.ndjson',
    '<%= config.bin %> export login --format json --out -',
    '<%= config.bin %> export --format csv --table sessions --since 30d --out sessions.csv',
    '<%= config.bin %> export --format parquet --table usage --all --out usage.parquet',
  ];
  static override strict = false;
  static override args = {
    session: stringArg({
      description: 'Ids, unique prefixes, names or branches; without any: all.',
      ignoreStdin: true,
    }),
  };
  static override flags = exportFlags;

  async run(): Promise<Record<string, unknown>> {
    const { argv, flags } = await this.parse(Export);
    const { format = 'ndjson', since, until, raw = false } = flags;
    exportUsage({ ...flags, format, json: this.json });
    const table = flags.table ?? (format === 'ndjson' ? undefined : 'events');
    const repos = (flags.repo ?? []).map((dir) => this.resolve(dir));
    const out = { path: flags.out, force: flags.force === true, signal: this.interrupt.gently, stdout: outStream() };
    const wish = { sessions: argv as string[], since, until, all: flags.all === true, repos, out };
    const analysis = table === undefined ? undefined : await import('../src/analysis/export.ts');
    const rows = analysis?.rowsWriter({ table: table!, format, since, until, raw, repos, all: wish.all }, (text) =>
      this.caution(text),
    );
    const options = { dir: this.directory, warn: (text: string) => this.caution(text), syncs: false };
    const done = await exportHistory(options, wish, rows);
    const answer = { format, table: table ?? null, out: flags.out, ...done };
    if (flags.out !== '-') this.print(this.quiet ? flags.out : exportedText(answer, this.color));
    const error = heldError(done.held, answer);
    if (error) throw error;
    return answer;
  }
}
