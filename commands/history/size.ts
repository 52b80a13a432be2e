import { BaseCommand } from '../../src/cli/base-command.ts';
import { historySizeText } from '../../src/cli/history-text.ts';
import { withContext } from '../../src/workflows/context.ts';
import { historySize } from '../../src/workflows/history/size.ts';

export default class HistorySize extends BaseCommand {
  static override summary = 'What history costs: bytes on disk, refs, and what others have to fetch.';
  static override examples = ['<%= config.bin %> history size'];

  async run(): Promise<Record<string, unknown>> {
    await this.parse(HistorySize);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const answer = await this.progress.step('adding up', () => historySize(ctx));
      if (this.quiet) this.print(String(answer.bytes));
      else this.print(() => historySizeText(answer, this.color));
      return { ...answer };
    });
  }
}
