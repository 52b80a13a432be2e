import { string } from '@oclif/core/args';
import { csvWriter } from '../src/analysis/csv.ts';
import { type SqlQuestion, withAsker } from '../src/analysis/sql/ask-sql.ts';
import { askedTables } from '../src/analysis/sql/schema.ts';
import { rowWriter } from '../src/cli/answer-rows.ts';
import { BaseCommand } from '../src/cli/base-command.ts';
import { stdout } from '../src/cli/print.ts';
import { collectAnswer, printAnswer, rowsShown } from '../src/cli/print-answer.ts';
import { schemaText } from '../src/cli/schema-text.ts';
import { sqlFlags } from '../src/cli/sql-flags.ts';
import { withAskedContext } from '../src/workflows/asked-context.ts';
import { paramsFrom, queryFrom } from '../src/workflows/query-text.ts';
import { sqlHistory } from '../src/workflows/sql-history.ts';

export default class Sql extends BaseCommand {
  static override summary = 'Ask the history in SQL: read-only DuckDB over its tables.';
  static override description =
    'One SELECT statement (also FROM, VALUES, DESCRIBE, SUMMARIZE, EXPLAIN) from the command line, a file or a pipe. It reads the tables, and no files unless --allow-files. Times are UTC; NULL is what is absent or unknown.';
  static override examples = [
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
    const tables = askedTables(flags.schema ? args.query : undefined);
    if (flags.schema) this.print(() => schemaText(tables, look));
    if (flags.schema) return { tables };
    const how = rowWriter(flags.format ?? 'table', look, (columns) => csvWriter(columns, { raw: flags.raw }));
    const most = rowsShown(flags.format ?? 'table', flags.limit);
    const params = paramsFrom(flags.param);
    const talks = stdout.isTerminal && !this.json;
    const text = await queryFrom({ query: args.query, file: flags.file, cwd: this.directory, talks });
    const warn = (warning: string): void => this.caution(warning);
    return withAskedContext({ dir: this.directory, warn }, flags, (ctx) =>
      withAsker(ctx, { ...flags, allowFiles: flags['allow-files'], warn, text }, async (asker) => {
        const show = async (question: SqlQuestion): Promise<Record<string, unknown>> => {
          const remark = await printAnswer(asker.ask(question), { writer: how, most });
          if (remark) this.talk(remark);
          return {};
        };
        if (text === undefined) {
          const run = (typed: string, signal: AbortSignal) => show({ text: typed, params, isSpare: true, signal });
          const world = { tables, run, history: sqlHistory(ctx.home, ctx.redact) };
          return (await import('../src/cli/sql-prompt.ts')).talkSql(world);
        }
        const question = { text, params, signal: this.interrupt.gently };
        if (this.json) return collectAnswer(asker.ask(question));
        return show(question);
      }),
    );
  }
}
