import { BaseCommand } from '../src/cli/base-command.ts';
import { dryRun, sessionArg } from '../src/cli/flags.ts';
import { undoText } from '../src/cli/landing-text.ts';
import { withContext } from '../src/workflows/context.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { undoLast } from '../src/workflows/landing/undo.ts';

export default class Undo extends BaseCommand {
  static override summary = 'Take the last squash, rebase, merge or rewind of a session back.';
  static override description =
    'Branch, target and worktrees are as before, byte for byte. Refused when work that came later would be lost. Each further call goes one step further back.';
  static override examples = ['<%= config.bin %> undo login', '<%= config.bin %> undo login --dry-run'];
  static override args = { session: sessionArg };
  static override flags = { 'dry-run': dryRun };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Undo);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const which = await findSession(ctx, args.session, this.directory);
      const answer = await undoLast(ctx, which, { dryRun: flags['dry-run'] });
      this.print(this.quiet ? answer.commit : undoText(answer, this.color));
      return { ...answer };
    });
  }
}
