import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { confirm } from '../src/cli/confirm.ts';
import { dryRun, sessionArg, yes } from '../src/cli/flags.ts';
import { forgetQuestion, forgetText, forgottenText } from '../src/cli/forget-text.ts';
import { withContext } from '../src/workflows/context.ts';
import { findForgettable, foretellForget, forgetSessions } from '../src/workflows/forget/forget.ts';

export default class Forget extends BaseCommand {
  static override summary = 'Take sessions out of history: here, and in every clone and remote that syncs.';
  static override description =
    'Logs, transcripts, notes, kept commits, worktree and branch go; a tombstone with the id stays, which every sync obeys. It asks first. Never a session that runs, and no uncommitted work or unmerged commit unless you say so. Code that is on other branches stays.';
  static override examples = [
    '<%= config.bin %> forget login --dry-run',
    '<%= config.bin %> forget login k3v9x2m1qa -y',
    '<%= config.bin %> forget login --keep-branch',
  ];
  static override args = {
    session: { ...sessionArg, description: 'Id, unique prefix of it, name or branch.', required: true },
  };
  static override strict = false;
  static override flags = {
    'dry-run': dryRun,
    yes,
    unmerged: boolean({ summary: 'Lose commits that no other branch has.' }),
    uncommitted: boolean({ summary: 'Lose uncommitted work.' }),
    'keep-branch': boolean({ summary: 'Worktree and branch stay.', exclusive: ['unmerged', 'uncommitted'] }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { argv, flags } = await this.parse(Forget);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const all = await findForgettable(ctx, argv as string[], this.directory);
      const wish = { ...flags, dryRun: flags['dry-run'], keepBranch: flags['keep-branch'] };
      const items = await foretellForget(ctx, all, wish);
      if (!this.quiet) this.print(forgetText(items, this.color));
      const isMeant = flags.yes || (!this.json && !wish.dryRun && (await confirm(forgetQuestion(items))));
      const gone = !wish.dryRun && isMeant ? await forgetSessions(ctx, all, wish) : [];
      for (const { session } of this.quiet ? (gone.length > 0 ? gone : items) : []) this.print(session);
      if (gone.length > 0) for (const line of forgottenText(gone.length)) this.talk(line);
      else if (!wish.dryRun) this.talk('Nothing was forgotten; -y does it.');
      return {
        dryRun: wish.dryRun,
        items: gone.length > 0 ? gone : items,
        forgotten: gone.map(({ session }) => session),
      };
    });
  }
}
