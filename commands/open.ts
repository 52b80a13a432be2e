import { BaseCommand } from '../src/cli/base-command.ts';
import { sessionArg } from '../src/cli/flags.ts';
import { withContext } from '../src/workflows/context.ts';
import { openInEditor } from '../src/workflows/editor.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { worktreeOf } from '../src/workflows/worktree-of.ts';

export default class Open extends BaseCommand {
  static override summary = 'Open a session’s worktree in your editor.';
  static override description = 'The editor is the setting `editor`, or the variable VISUAL or EDITOR.';
  static override examples = ['<%= config.bin %> open login'];
  static override args = { session: sessionArg };

  async run(): Promise<Record<string, unknown>> {
    const { args } = await this.parse(Open);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const { id } = await findSession(ctx, args.session, this.directory);
      const worktree = await worktreeOf(ctx, id);
      await openInEditor(ctx, worktree);
      return { session: id, worktree };
    });
  }
}
