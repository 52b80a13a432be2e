import { boolean, integer, string } from '@oclif/core/flags';
import { splitAtDashes, withAttachedValue } from '../src/cli/attached-value.ts';
import { BaseCommand } from '../src/cli/base-command.ts';
import { diffStatText } from '../src/cli/diff-text.ts';
import { patchPainter } from '../src/cli/diff-view.ts';
import { iteration, sessionArg } from '../src/cli/flags.ts';
import { sanitizeLine } from '../src/cli/sanitize.ts';
import { withContext } from '../src/workflows/context.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { partFrom, pathspecsFrom, sessionDiff, showPatch } from '../src/workflows/session-diff.ts';

const layouts = ['stat', 'name-only', 'side-by-side', 'word-diff', 'tool'];
const excluding = (name: string): string[] => layouts.slice(layouts.indexOf(name) + 1);

export default class Diff extends BaseCommand {
  static override summary = 'Show what a session changed since it left its base (the merge-base, not the tip).';
  static override description =
    'At a terminal with colours, through your pager as git does; a pipe gets the patch as git makes it. Behind -- stand the files to show.';
  static override usage = 'diff [SESSION] [FLAGS] [-- <path>...]';
  static override examples = [
    '<%= config.bin %> diff login --stat',
    '<%= config.bin %> diff login --iteration 2 --side-by-side',
    "<%= config.bin %> diff login --tool=meld -- src ':!*.snap'",
  ];
  static override args = { session: sessionArg };
  static override flags = {
    stat: boolean({ summary: 'Only the size of the change, file by file.', exclusive: excluding('stat') }),
    'name-only': boolean({ summary: 'Only the names of the files.', exclusive: excluding('name-only') }),
    iteration: iteration({ summary: 'Only this iteration.', exclusive: ['agent', 'manual'] }),
    agent: boolean({ summary: 'Only what the agent did.', exclusive: ['manual'] }),
    manual: boolean({ summary: 'Only what people did.' }),
    'side-by-side': boolean({ summary: 'Old and new beside each other.', exclusive: excluding('side-by-side') }),
    'word-diff': boolean({ summary: 'Words, not lines, that changed.', exclusive: excluding('word-diff') }),
    context: integer({ char: 'U', summary: 'Unchanged lines around a change.', helpValue: '<n>', min: 0 }),
    tool: string({ summary: 'Open it in your diff tool, or the one named: --tool=<name>.', helpValue: '' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const [own, paths] = splitAtDashes(this.argv);
    const { args, flags } = await this.parse(Diff, withAttachedValue(own, '--tool'));
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const { id } = await findSession(ctx, args.session, this.directory);
      const diff = await sessionDiff(ctx, id, partFrom(flags), pathspecsFrom(ctx, this.directory, paths));
      if (flags.tool !== undefined) await diff.open(flags.tool || undefined);
      else if (flags['name-only'] || this.quiet) for (const { path } of diff.files) this.print(sanitizeLine(path));
      else if (flags.stat) this.print(diffStatText(diff.details, this.color, await diff.sizes()));
      else if (!this.json) {
        const layout = flags['side-by-side'] ? 'side-by-side' : flags['word-diff'] ? 'words' : 'unified';
        const paint = patchPainter({ color: this.color, layout, env: ctx.env, sizes: diff.sizes });
        const wordDiff = layout === 'words' ? (paint ? 'porcelain' : 'plain') : undefined;
        await showPatch(ctx, diff, { context: flags.context, wordDiff }, paint);
      }
      return { session: id, files: diff.files };
    });
  }
}
