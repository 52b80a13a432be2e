import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { inventoryText } from '../../src/cli/history-text.ts';
import { withContext } from '../../src/workflows/context.ts';
import { inventory } from '../../src/workflows/history/inventory.ts';

export default class History extends BaseCommand {
  static override summary = 'List every ref, branch, worktree and file that the program has made.';
  static override description =
    'One line a kind; --full names each. What lies outside the repository is listed too. `history size` tells what it costs, `uninstall` takes it away.';
  static override examples = ['<%= config.bin %> history', '<%= config.bin %> history --full'];
  static override flags = { full: boolean({ summary: 'Every single one.' }) };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(History);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const answer = await inventory(ctx);
      if (this.quiet) for (const { name } of answer.items) this.print(this.plain(name));
      else this.print(() => inventoryText(answer.items, this.color, flags.full));
      return { ...answer };
    });
  }
}
