import { string } from '@oclif/core/args';
import { string as text } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { blameText } from '../src/cli/blame-text.ts';
import { parseLineRange } from '../src/cli/line-range.ts';
import { stdout } from '../src/cli/print.ts';
import { blame, blameAnswer, showBlame } from '../src/workflows/blame/blame.ts';
import { withContext } from '../src/workflows/context.ts';

export default class Blame extends BaseCommand {
  static override summary = 'Show line by line which session, iteration and prompt a file comes from.';
  static override description =
    'Also after squash, rebase and merge. Lines that people wrote show their author and “by hand”; all others the commit, as git blame does. Without --at or --session the file counts as it lies in your checkout.';
  static override examples = [
    '<%= config.bin %> blame src/login.ts',
    '<%= config.bin %> blame src/login.ts -L 10,20',
    '<%= config.bin %> blame src/login.ts --session login',
    '<%= config.bin %> blame src/login.ts --at v1.2 --json',
  ];
  static override args = {
    file: string({ description: 'A file, from where you stand.', required: true, ignoreStdin: true }),
  };
  static override flags = {
    session: text({ summary: 'The file on this session’s branch.', helpValue: '<session>', exclusive: ['at'] }),
    at: text({ summary: 'The file in this commit, branch or tag.', helpValue: '<ref>' }),
    lines: text({ char: 'L', summary: 'Only these lines: 10,20 or 10, or 10,+5.', helpValue: '<from>,<to>' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Blame);
    const { session, at } = flags;
    const lines = flags.lines === undefined ? undefined : parseLineRange(flags.lines);
    return withContext({ dir: this.directory, warn: (warning) => this.caution(warning) }, async (ctx) => {
      const wish = { cwd: this.directory, file: args.file, session, at, lines };
      const found = await blame(ctx, wish);
      if (this.json) return blameAnswer(found);
      if (this.quiet) this.print([...new Set(found.summary.flatMap((share) => share.session ?? []))].join('\n'));
      else {
        if (found.lines.length === 0) this.talk(`${this.plain(found.path)} is empty.`);
        const columns = stdout.isTerminal ? stdout.columns : null;
        await showBlame(ctx, blameText(found.lines, { color: this.color, columns, now: Date.parse(ctx.clock.now()) }));
      }
      return {};
    });
  }
}
