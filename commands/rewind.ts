import { BaseCommand } from '../src/cli/base-command.ts';
import { dryRun, iteration, sessionArg } from '../src/cli/flags.ts';
import { rewindText } from '../src/cli/landing-text.ts';
import { withContext } from '../src/workflows/context.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { rewindSession } from '../src/workflows/landing/rewind.ts';

export default class Rewind extends BaseCommand {
  static override summary = 'Set the branch of a session back to an iteration.';
  static override description =
    'Nothing is lost: what came later stays reachable through the log, and `undo` brings it back. The next iterate goes on from there.';
  static override examples = [
    '<%= config.bin %> rewind login --to 2',
    '<%= config.bin %> rewind login --to 0 --dry-run',
  ];
  static override args = { session: sessionArg };
  static override flags = {
    to: iteration({ summary: 'Number of the iteration; 0 is where the session began.', required: true }),
    'dry-run': dryRun,
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Rewind);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const which = await findSession(ctx, args.session, this.directory);
      const answer = await rewindSession(ctx, which, { to: flags.to, dryRun: flags['dry-run'] });
      this.print(this.quiet ? answer.commit : rewindText(answer, this.color));
      return { ...answer };
    });
  }
}
