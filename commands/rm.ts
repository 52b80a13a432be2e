import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { dryRun, sessionArg } from '../src/cli/flags.ts';
import { putAwayText } from '../src/cli/put-away-text.ts';
import { withContext } from '../src/workflows/context.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { removeSession } from '../src/workflows/put-away.ts';

export default class Rm extends BaseCommand {
  static override summary = 'Remove a session: worktree and branch go, the log stays.';
  static override description =
    'Never a worktree with uncommitted work (unless you say --uncommitted: a snapshot keeps it), nor work that no other branch has, as it is or squashed or rebased, unless you say --unmerged. Its commits stay reachable through the log.';
  static override examples = ['<%= config.bin %> rm login'];
  static override args = { session: sessionArg };
  static override flags = {
    'dry-run': dryRun,
    uncommitted: boolean({ summary: 'Although work is uncommitted; a snapshot keeps it.' }),
    unmerged: boolean({ summary: 'Although no other branch has its work.' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Rm);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const which = await findSession(ctx, args.session, this.directory);
      const answer = await removeSession(ctx, which, { ...flags, dryRun: flags['dry-run'] });
      this.print(this.quiet ? answer.session : putAwayText(answer, this.color));
      return { ...answer };
    });
  }
}
