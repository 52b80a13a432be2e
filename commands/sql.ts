import { string } from '@oclif/core/args';
import { csvWriter } from '../src/analysis/csv.ts';
import { withAsker } from '../src/analysis/sql/ask-sql.ts';
import { askedTables } from '../src/analysis/sql/schema.ts';
import { rowWriter } from '../src/cli/answer-rows.ts';
import { BaseCommand } from '../src/cli/base-command.ts';
import { stdout } from '../src/cli/print.ts';
import { collectAnswer, printAnswer, rowsShown } from '../src/cli/print-answer.ts';
import { schemaText } from '../src/cli/schema-text.ts';
import { sqlFlags } from '../src/cli/sql-flags.ts';
import { withAskedContext } from '../src/workflows/asked-context.ts';
import { paramsFrom, queryFrom } from '../src/workflows/query-text.ts';

export default class Sql extends BaseCommand {
  static override summary = 'Ask the history in SQL: read-only DuckDB over its tables.';
  static override description =
    'One SELECT statement (also FROM, VALUES, DESCRIBE, SUMMARIZE) from the command line, a file or a pipe. It reads the tables, and no files unless --allow-files. Times are UTC; NULL is what is absent or unknown.';
  static override examples = [
    '<%= config.bin %> sql "select name, status, cost_usd from sessions"',
    '<%= config.bin %> sql "select * from tool_calls where tool = $tool" --param tool=shell_command --format csv',
    '<%= config.bin %> sql --schema iterations',
  ];
  static override args = {
    query: string({ description: 'The statement; - is stdin. With --schema a table.', ignoreStdin: true }),
  };
  static override flags = sqlFlags;

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Sql);
    const look = { color: this.color, width: stdout.isTerminal ? stdout.columns : undefined };
    if (flags.schema) {
      const tables = askedTables(args.query);
      this.print(() => schemaText(tables, look));
      return { tables };
    }
    const format = flags.format ?? 'table';
    const how = rowWriter(format, look, (columns) => csvWriter(columns, { raw: flags.raw }));
    const most = rowsShown(format, flags.limit);
    const params = paramsFrom(flags.param);
    const text = await queryFrom({ query: args.query, file: flags.file, cwd: this.directory });
    const warn = (warning: string): void => this.caution(warning);
    return withAskedContext({ dir: this.directory, warn }, flags, (ctx) =>
      withAsker(ctx, { ...flags, allowFiles: flags['allow-files'], warn }, async (asker) => {
        const pieces = asker.ask({ text: text ?? '', params, signal: this.interrupt.gently });
        if (this.json) return { ...(await collectAnswer(pieces)) };
        const { rows, isCut } = await printAnswer(pieces, { writer: how, most });
        if (isCut) this.talk(`The first ${rows} rows; \`--limit 0\` shows all.`);
        else if (rows === 0 && format === 'table') this.talk('No rows.');
        return {};
      }),
    );
  }
}
