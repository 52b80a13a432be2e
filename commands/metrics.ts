import { string } from '@oclif/core/args';
import { metricsQuestion } from '../src/analysis/metrics-question.ts';
import { openAnalysis } from '../src/analysis/open.ts';
import { BaseCommand } from '../src/cli/base-command.ts';
import { checkRange } from '../src/cli/duration.ts';
import { localZone } from '../src/cli/local-zone.ts';
import { meanwhile } from '../src/cli/meanwhile.ts';
import { metricsFlags } from '../src/cli/metrics-flags.ts';
import { stdout } from '../src/cli/print.ts';
import { withAskedContext } from '../src/workflows/asked-context.ts';

const toLookUp = async () => (await import('../src/workflows/asked-session.ts')).askedSession;
const toAnswer = async () => ({
  ...(await import('../src/analysis/metrics-answer.ts')),
  ...(await import('../src/cli/metrics-text.ts')),
});
const NONE = 'No sessions yet. Make one: amp-sessions new --name "…" --prompt "…"';
const NONE_THEN = 'Nothing happened in that time; without --since and --until there is more.';

export default class Metrics extends BaseCommand {
  static override summary = 'Show what sessions used, took, came to and cost.';
  static override description =
    'Every number comes from the events. A dash is what nobody told, never 0; “≥” is a cost of which only a part is known. A fact counts where it began; days are those of your time zone.';
  static override examples = [
    '<%= config.bin %> metrics login',
    '<%= config.bin %> metrics --since 7d --group-by agent',
  ];
  static override args = {
    session: string({ description: 'Only this one: id, unique prefix, name or branch.', ignoreStdin: true }),
  };
  static override flags = metricsFlags;

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Metrics);
    checkRange(flags);
    const asked = { all: flags.all, repo: flags.repo?.map((folder) => this.resolve(folder)) };
    const width = stdout.isTerminal ? stdout.columns : undefined;
    // A session is looked for where it is.
    const dir = asked.repo?.length === 1 && !asked.all ? asked.repo[0]! : this.directory;
    return withAskedContext({ dir, warn: (text) => this.caution(text) }, asked, async (ctx) => {
      const session = args.session === undefined ? undefined : await (await toLookUp())(ctx, asked, args.session);
      const timeZone = flags.utc ? 'UTC' : localZone(process.env);
      const wish = { session, since: flags.since, until: flags.until, groupBy: flags['group-by'], timeZone };
      const opening = openAnalysis(ctx, { all: asked.all, repos: asked.repo, question: metricsQuestion(wish) });
      const [analysis, { metricsAnswer, metricsText }] = await meanwhile(opening, toAnswer);
      try {
        for (const warning of analysis.warnings) this.caution(warning);
        const answer = await metricsAnswer(analysis, wish);
        if (answer.timeZone !== timeZone)
          this.caution(`The time zone ${this.plain(timeZone)} is not known here: days are those of UTC.`);
        if (this.quiet) for (const { group } of answer.groups ?? []) this.print(this.plain(group ?? ''));
        else if (answer.sessions === 0) this.talk(flags.since || flags.until ? NONE_THEN : NONE);
        else this.print(() => metricsText(answer, { color: this.color, width }));
        return answer;
      } finally {
        await analysis.close();
      }
    });
  }
}
