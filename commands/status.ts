import { BaseCommand } from '../src/cli/base-command.ts';
import { sessionArg } from '../src/cli/flags.ts';
import { statusText } from '../src/cli/status-text.ts';
import { withContext } from '../src/workflows/context.ts';
import { describeSession } from '../src/workflows/describe.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { describeStanding } from '../src/workflows/standing-changes.ts';
import { readSession } from '../src/workflows/summaries.ts';

export default class Status extends BaseCommand {
  static override summary = 'Show one session in full.';
  static override examples = ['<%= config.bin %> status login'];
  static override args = { session: sessionArg };

  async run(): Promise<Record<string, unknown>> {
    const { args } = await this.parse(Status);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const { id } = await findSession(ctx, args.session, this.directory);
      const session = await readSession(ctx, id);
      const answer = { ...describeSession(ctx, session), ...(await describeStanding(ctx, session)) };
      this.print(this.quiet ? answer.id : statusText(answer, this.color, ctx.clock.now()));
      return answer;
    });
  }
}
