import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { confirm } from '../../src/cli/confirm.ts';
import { dryRun, duration, yes } from '../../src/cli/flags.ts';
import { packedText, packingText } from '../../src/cli/pack-text.ts';
import { withContext } from '../../src/workflows/context.ts';
import { packHistory, planPacking } from '../../src/workflows/pack-history.ts';

const NINETY_DAYS = 90 * 86_400_000;

export default class HistoryPack extends BaseCommand {
  static override summary = 'Roll old sessions into one ref for each month, so that the repository keeps few refs.';
  static override description =
    'Sessions of this clone that are merged, archived or removed, and whose last event is older than --older-than. list, timeline, logs, blame, verify and every other command find them as before; whoever goes on with one begins a new ref. Sessions whose closing is signed (history.sign) stay as they are, as packing writes that commit again. Other clones follow with their next sync.';
  static override examples = [
    '<%= config.bin %> history pack --dry-run',
    '<%= config.bin %> history pack --older-than 30d -y',
  ];
  static override flags = {
    'older-than': duration({ summary: 'How long ago the last event must be; 90d if not given.' }),
    all: boolean({ summary: 'Also sessions that are idle, or were never used.' }),
    'dry-run': dryRun,
    yes,
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(HistoryPack);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const wish = { olderThanMs: flags['older-than'] ?? NINETY_DAYS, all: flags.all };
      const plan = await this.progress.step('looking at every session', () => planPacking(ctx, wish));
      if (!this.quiet) this.print(packingText(plan, this.color));
      const question = `Pack ${plan.items.length} away?`;
      const go = !flags['dry-run'] && plan.items.length > 0 && (flags.yes || (!this.json && (await confirm(question))));
      if (!go) {
        if (this.quiet) for (const { session } of plan.items) this.print(session);
        if (plan.items.length > 0) this.talk('Nothing was packed; -y does it.');
        return { dryRun: flags['dry-run'], ...plan, packed: [], skipped: [] };
      }
      const done = await this.progress.step('packing', () => packHistory(ctx, plan));
      if (this.quiet) for (const { session } of done.packed) this.print(session);
      else this.print(packedText(done, this.color));
      const { packed, skipped, refs } = done;
      return { dryRun: false, items: plan.items, refs, packed: packed.map(({ session }) => session), skipped };
    });
  }
}
