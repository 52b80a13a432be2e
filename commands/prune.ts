import { BaseCommand } from '../src/cli/base-command.ts';
import { confirm } from '../src/cli/confirm.ts';
import { dryRun, yes } from '../src/cli/flags.ts';
import { pruneText } from '../src/cli/prune-text.ts';
import { withContext } from '../src/workflows/context.ts';
import { planPruning, prune } from '../src/workflows/prune.ts';

export default class Prune extends BaseCommand {
  static override summary = 'Remove the sessions that can go without losing anything, after showing which and why.';
  static override description =
    'Worktrees and branches of sessions whose work is in another branch (merged, rebased or squashed), and of those whose iterations changed nothing. Logs stay.';
  static override examples = ['<%= config.bin %> prune --dry-run', '<%= config.bin %> prune -y'];
  static override flags = { 'dry-run': dryRun, yes };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(Prune);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const { items, kept } = await this.progress.step('looking at every session', () => planPruning(ctx));
      if (this.quiet) for (const { session } of items) this.print(session);
      else this.print(pruneText(items, kept, this.color));
      const go =
        !flags['dry-run'] &&
        items.length > 0 &&
        (flags.yes || (!this.json && (await confirm(`Remove ${items.length}?`))));
      const removed = go ? await prune(ctx, items) : [];
      if (go) this.talk(`${this.color.green('✓')} removed ${removed.length} of ${items.length}`);
      else if (items.length > 0) this.talk('Nothing was removed; -y does it.');
      return { dryRun: flags['dry-run'], items, kept, removed: removed.map(({ session }) => session) };
    });
  }
}
