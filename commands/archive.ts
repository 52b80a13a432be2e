import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { dryRun, sessionArg } from '../src/cli/flags.ts';
import { putAwayText } from '../src/cli/put-away-text.ts';
import { withContext } from '../src/workflows/context.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { archiveSession } from '../src/workflows/put-away.ts';

export default class Archive extends BaseCommand {
  static override summary = 'Put a session away: its worktree goes, its branch and its log stay.';
  static override description =
    'Never a worktree with uncommitted work, unless you say --uncommitted: a snapshot keeps it then. The next iterate brings the worktree back, `restore` what was uncommitted.';
  static override examples = ['<%= config.bin %> archive login'];
  static override args = { session: sessionArg };
  static override flags = {
    'dry-run': dryRun,
    uncommitted: boolean({ summary: 'Although work is uncommitted; a snapshot keeps it.' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Archive);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const which = await findSession(ctx, args.session, this.directory);
      const answer = await archiveSession(ctx, which, { ...flags, dryRun: flags['dry-run'] });
      this.print(this.quiet ? answer.session : putAwayText(answer, this.color));
      return { ...answer };
    });
  }
}
