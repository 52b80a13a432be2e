import { string } from '@oclif/core/args';
import { openAnalysis } from '../src/analysis/open.ts';
import { reportFacts } from '../src/analysis/report.ts';
import { BaseCommand } from '../src/cli/base-command.ts';
import { checkRange } from '../src/cli/duration.ts';
import { renderReport } from '../src/cli/report/render.ts';
import { reportFlags } from '../src/cli/report-flags.ts';
import { reportAnswer, reportPlace, reportSaid, writeReport } from '../src/cli/report-text.ts';
import { withAskedContext } from '../src/workflows/asked-context.ts';
import { askedSession } from '../src/workflows/asked-session.ts';

export default class Report extends BaseCommand {
  static override summary = 'Write a report on sessions, in Markdown or as one HTML file.';
  static override description =
    'Summary, cost over time, sessions, tools, tests, failures, the slowest and the dearest, and a page for each session with its timeline. The figures are those of `metrics`. HTML needs no script and no other file. Times are UTC. The file has its name only when it is whole.';
  static override examples = [
    '<%= config.bin %> report --output report.md',
    '<%= config.bin %> report --output report.html --since 30d',
    '<%= config.bin %> report login --output login.html --force',
    '<%= config.bin %> report --all --format html --output - > all.html',
  ];
  static override strict = false;
  static override args = {
    session: string({ description: 'Ids, unique prefixes, names or branches; without any: all.', ignoreStdin: true }),
  };
  static override flags = reportFlags;

  async run(): Promise<Record<string, unknown>> {
    const { argv, flags } = await this.parse(Report);
    checkRange(flags);
    const { since, until, all } = flags;
    const place = reportPlace(flags, (given) => this.resolve(given));
    const asked = { all, repo: flags.repo?.map((folder) => this.resolve(folder)) };
    const dir = asked.repo?.length === 1 && !all ? asked.repo[0]! : this.directory;
    return withAskedContext({ dir, warn: (warning) => this.caution(warning) }, asked, async (ctx) => {
      const found: { id: string; name: string }[] = [];
      for (const given of argv as string[]) found.push(await askedSession(ctx, asked, given));
      const only = found.length > 0 && { sessions: found.map(({ id }) => id) };
      const analysis = await openAnalysis(ctx, { all, repos: asked.repo });
      try {
        for (const warning of analysis.warnings) this.caution(warning);
        const facts = await reportFacts(analysis, { ...only, since, until });
        const { warnings, repos } = analysis;
        const repositories = repos.map(({ path }) => path);
        const names = found.map(({ name }) => name);
        const told = { names, since, until, repositories, at: ctx.clock.now(), warnings };
        const text = await renderReport(place.format, facts, told);
        writeReport(place, text);
        this.print(() => reportSaid(place, { facts, text, color: this.color, quiet: this.quiet }));
        return reportAnswer(place, facts, text);
      } finally {
        await analysis.close();
      }
    });
  }
}
