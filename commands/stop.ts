import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { sessionArg } from '../src/cli/flags.ts';
import { withContext } from '../src/workflows/context.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { holderToStop, stopSession } from '../src/workflows/stop-session.ts';

export default class Stop extends BaseCommand {
  static override summary = 'End the iteration that runs in another terminal.';
  static override description = 'The agent is asked to end; what it did is committed and recorded as interrupted.';
  static override examples = ['<%= config.bin %> stop login'];
  static override args = { session: sessionArg };
  static override flags = { now: boolean({ summary: 'At once, without asking the agent first.' }) };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Stop);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const which = await findSession(ctx, args.session, this.directory);
      // Nothing begins that is refused at once.
      holderToStop(ctx, which);
      const answer = await this.progress.step('stopping', () => stopSession(ctx, which, flags));
      this.print(
        this.quiet
          ? answer.session
          : `${answer.ended ? `${this.color.green('✓')} stopped` : `${this.color.yellow('!')} asked to end, and still alive:`} \`${answer.command}\` of session ${answer.session} (process ${answer.pid})`,
      );
      return { ...answer };
    });
  }
}
