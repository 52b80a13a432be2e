import { string as stringArg } from '@oclif/core/args';
import { BaseCommand } from '../src/cli/base-command.ts';
import { exportFlags } from '../src/cli/export-flags.ts';
import { exportedText, exportUsage, sentText } from '../src/cli/export-text.ts';
import { outStream } from '../src/cli/out-stream.ts';
import { exportHistory } from '../src/workflows/export/export.ts';
import { heldError } from '../src/workflows/export/export-log.ts';

export default class Export extends BaseCommand {
  static override summary = 'Write the history, or a table made from it, into a file, or send it as spans.';
  static override description =
    'ndjson without --table is the log itself: every line as it was written, one event a line, with its long texts; `amp-sessions import` takes it in elsewhere. --since and --until then choose whole sessions. Everything else is rows of a table (events, if none is named), its columns and rows always in the same order (docs/analytics-tables.md); --since and --until choose rows. CSV is that of RFC 4180; a text that a spreadsheet would run as a formula gets an apostrophe in front. What leaves is looked through for secrets first; a session with one is left out. The file has its name only when it is whole. otlp sends whole sessions to an OpenTelemetry endpoint, over HTTP and as JSON (docs/opentelemetry.md): times, tokens, costs and results, but no prompt, message or output. OTEL_EXPORTER_OTLP_HEADERS holds what the endpoint asks for. Nothing else is contacted; the same session has the same ids each time.';
  static override examples = [
    '<%= config.bin %> export --out history.ndjson',
    '<%= config.bin %> export login --format json --out -',
    '<%= config.bin %> export --format csv --table sessions --since 30d --out sessions.csv',
    '<%= config.bin %> export --format parquet --table usage --all --out usage.parquet',
    '<%= config.bin %> export --format otlp --to http://localhost:4318 --since 7d',
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
    const { format = 'ndjson', since, until, raw = false, all = false, out: path, to } = flags;
    exportUsage({ ...flags, format, json: this.json });
    const repos = (flags.repo ?? []).map((dir) => this.resolve(dir));
    const whose = { sessions: argv as string[], since, until, all, repos, transcripts: flags.table === 'transcripts' };
    const warn = (text: string): void => this.caution(text);
    const options = { dir: this.directory, warn, syncs: false };
    const signal = this.interrupt.gently;
    if (format === 'otlp') {
      const { exportSpans } = await import('../src/workflows/export/otlp/export-spans.ts');
      const { spansWriter } = await import('../src/analysis/otlp/export-spans.ts');
      const writer = spansWriter({ repos, all, version: this.config.version }, warn);
      const { sent, error } = await exportSpans(options, { ...whose, to: to!, signal }, writer);
      const answer = { format, table: null, ...sent };
      this.print(this.quiet ? sent.out : () => sentText(sent, this.color));
      const wrong = heldError(sent.held, answer) ?? error;
      if (wrong) throw wrong;
      return answer;
    }
    const table = flags.table ?? (format === 'ndjson' ? undefined : 'events');
    const out = { path: path!, force: flags.force === true, signal, stdout: outStream() };
    const analysis = table === undefined ? undefined : await import('../src/analysis/export.ts');
    const rows = analysis?.rowsWriter({ table: table!, format, since, until, raw, repos, all }, warn);
    const done = await exportHistory(options, { ...whose, out }, rows);
    const answer = { format, table: table ?? null, out: path!, ...done };
    if (path !== '-') this.print(this.quiet ? path : exportedText(answer, this.color));
    const error = heldError(done.held, answer);
    if (error) throw error;
    return answer;
  }
}
