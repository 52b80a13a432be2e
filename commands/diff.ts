import { boolean, integer } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { diffStatText, patchText } from '../src/cli/diff-text.ts';
import { sessionArg } from '../src/cli/flags.ts';
import { stdout } from '../src/cli/print.ts';
import { sanitizeLine } from '../src/cli/sanitize.ts';
import { withContext } from '../src/workflows/context.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { partFrom, sessionDiff, showPatch } from '../src/workflows/session-diff.ts';

export default class Diff extends BaseCommand {
  static override summary = 'Show what a session changed since it left its base (the merge-base, not the tip).';
  static override examples = ['<%= config.bin %> diff login --stat', '<%= config.bin %> diff login --iteration 2'];
  static override args = { session: sessionArg };
  static override flags = {
    stat: boolean({ summary: 'Only the size of the change, file by file.', exclusive: ['name-only'] }),
    'name-only': boolean({ summary: 'Only the names of the files.' }),
    iteration: integer({ summary: 'Only this iteration.', helpValue: '<n>', min: 1, exclusive: ['agent', 'manual'] }),
    agent: boolean({ summary: 'Only what the agent did.', exclusive: ['manual'] }),
    manual: boolean({ summary: 'Only what people did.' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Diff);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const { id } = await findSession(ctx, args.session, this.directory);
      const diff = await sessionDiff(ctx, id, partFrom(flags));
      if (flags['name-only'] || this.quiet) for (const { path } of diff.files) this.print(sanitizeLine(path));
      else if (flags.stat) this.print(diffStatText(diff.files, this.color));
      else if (!this.json) await showPatch(ctx, diff, stdout.isTerminal ? (text) => patchText(text, this.color) : null);
      return { session: id, files: diff.files };
    });
  }
}
