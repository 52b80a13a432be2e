import { boolean, option, string } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { dryRun, sessionArg } from '../src/cli/flags.ts';
import { mergeText } from '../src/cli/landing-text.ts';
import { withContext } from '../src/workflows/context.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { interruptsFrom } from '../src/workflows/interrupts.ts';
import { mergeSession } from '../src/workflows/landing/merge.ts';

export default class Merge extends BaseCommand {
  static override summary =
    'Bring the work of a session into its branch: preflight, squash, rebase, merge, all or nothing.';
  static override description =
    'The target is moved only if nobody moved it meanwhile. Where a checkout has it, that is updated when it is clean, and the merge is refused when it is not. `undo` takes all of it back.';
  static override examples = ['<%= config.bin %> merge login', '<%= config.bin %> merge login --into release --no-ff'];
  static override args = { session: sessionArg };
  static override flags = {
    into: string({
      summary: 'Local branch to merge into; without it, the one the session began from.',
      helpValue: '<branch>',
    }),
    message: string({ summary: 'Message of the squashed commit.', helpValue: '<text>', exclusive: ['no-squash'] }),
    manual: option({
      summary: 'Your own commits: keep them apart, or include them.',
      options: ['keep', 'include'] as const,
      exclusive: ['no-squash'],
    })(),
    'no-squash': boolean({ summary: 'Keep every commit.' }),
    'no-ff': boolean({ summary: 'Make a merge commit also where the branch could simply move on.' }),
    'skip-tests': boolean({ summary: 'Do not run the tests on the result; this goes on record.' }),
    'dry-run': dryRun,
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Merge);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const which = await findSession(ctx, args.session, this.directory);
      const answer = await mergeSession(ctx, which, {
        into: flags.into,
        message: flags.message,
        manual: flags.manual,
        squash: !flags['no-squash'],
        noFf: flags['no-ff'],
        skipTests: flags['skip-tests'],
        dryRun: flags['dry-run'],
        interrupts: interruptsFrom(this.interrupt),
      });
      this.print(this.quiet ? (answer.commit ?? '') : mergeText(answer, this.color));
      return { ...answer };
    });
  }
}
