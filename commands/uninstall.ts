import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { confirm } from '../src/cli/confirm.ts';
import { dryRun, yes } from '../src/cli/flags.ts';
import { uninstallPlanText } from '../src/cli/history-text.ts';
import { withContext } from '../src/workflows/context.ts';
import { planUninstall, refuseLoss, uninstall } from '../src/workflows/history/uninstall.ts';

export default class Uninstall extends BaseCommand {
  static override summary = 'Remove everything the program has made from this repository, after showing it.';
  static override description =
    'Worktrees, branches of sessions, refs, notes, .git/amp and the line in .git/info/exclude; your own branches, files and settings are not touched. Refuses while a session runs, and while work would be lost.';
  static override examples = ['<%= config.bin %> uninstall --dry-run', '<%= config.bin %> uninstall --keep-history -y'];
  static override flags = {
    'dry-run': dryRun,
    yes,
    'keep-history': boolean({ summary: 'Logs and notes stay; worktrees, branches and caches go.' }),
    unmerged: boolean({ summary: 'Although no other branch has the work.' }),
    uncommitted: boolean({ summary: 'Although work is uncommitted.' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(Uninstall);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const wish = { ...flags, keepHistory: flags['keep-history'] };
      const plan = await this.progress.step('looking at everything', () => planUninstall(ctx, wish));
      if (this.quiet)
        for (const name of [...plan.worktrees, ...plan.branches, ...plan.refs]) this.print(this.plain(name));
      else this.print(() => uninstallPlanText(plan, this.color));
      const answer = { dryRun: flags['dry-run'], ...plan };
      if (flags['dry-run']) return { ...answer, removed: false };
      refuseLoss(plan);
      if (!flags.yes && (this.json || !(await confirm('Remove all of it?')))) {
        this.talk('Nothing was removed; -y does it.');
        return { ...answer, removed: false };
      }
      await uninstall(ctx, wish);
      this.talk(`${this.color.green('✓')} removed; \`git gc --prune=now\` frees what it took in git`);
      this.talk(
        `  the program itself: npm uninstall -g @ampsm/cli; its own files: ${Object.values(ctx.home).join(', ')}`,
      );
      return { ...answer, removed: true };
    });
  }
}
