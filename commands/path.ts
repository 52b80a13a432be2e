import { BaseCommand } from '../src/cli/base-command.ts';
import { sessionArg } from '../src/cli/flags.ts';
import { withContext } from '../src/workflows/context.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { worktreeOf } from '../src/workflows/worktree-of.ts';

export default class Path extends BaseCommand {
  static override summary = 'Print the path of a session’s worktree.';
  static override examples = ['cd "$(<%= config.bin %> path login)"'];
  static override args = { session: sessionArg };

  async run(): Promise<Record<string, unknown>> {
    const { args } = await this.parse(Path);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const { id } = await findSession(ctx, args.session, this.directory);
      const worktree = await worktreeOf(ctx, id);
      this.print(worktree);
      return { session: id, worktree };
    });
  }
}
