import { boolean, option, string } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { dryRun, manual, sessionArg } from '../src/cli/flags.ts';
import { mergeText, proposalText } from '../src/cli/landing-text.ts';
import { preflightView } from '../src/cli/preflight-view.ts';
import { withContext } from '../src/workflows/context.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { interruptsFrom } from '../src/workflows/interrupts.ts';
import { mergeSession } from '../src/workflows/landing/merge.ts';
import { proposeSession } from '../src/workflows/landing/propose.ts';

export default class Merge extends BaseCommand {
  static override summary =
    'Bring the work of a session into its branch: preflight, squash, rebase, merge, all or nothing.';
  static override description =
    'The target is moved only if nobody moved it meanwhile. Where a checkout has it, that is updated when it is clean, and the merge is refused when it is not. `undo` takes all of it back. With --pr the branch is squashed and pushed, and a pull request is opened instead.';
  static override examples = [
    '<%= config.bin %> merge login',
    '<%= config.bin %> merge login --into release --no-ff',
    '<%= config.bin %> merge login --pr --draft',
  ];
  static override args = { session: sessionArg };
  static override flags = {
    into: string({ summary: 'Branch to merge into; default the one the session began from.', helpValue: '<branch>' }),
    message: string({ summary: 'Message of the squashed commit.', helpValue: '<text>', exclusive: ['no-squash'] }),
    manual: manual({ exclusive: ['no-squash'] }),
    'no-squash': boolean({ summary: 'Keep every commit.' }),
    'no-ff': boolean({ summary: 'Make a merge commit in any case.', exclusive: ['pr'] }),
    allow: option({
      summary: 'Let the findings of this gate through; this goes on record.',
      options: ['secrets'] as const,
      multiple: true,
    })(),
    'skip-tests': boolean({ summary: 'Do not run the tests on the result; this goes on record.' }),
    pr: boolean({ summary: 'Push the branch and open a pull request; nothing is merged here.' }),
    remote: string({ summary: 'Where to push.', helpValue: '<name>', dependsOn: ['pr'] }),
    title: string({ summary: 'Title of the pull request.', helpValue: '<text>', dependsOn: ['pr'] }),
    body: string({ summary: 'Text of the pull request.', helpValue: '<text>', dependsOn: ['pr'] }),
    draft: boolean({ summary: 'Open it as a draft.', dependsOn: ['pr'] }),
    'dry-run': dryRun,
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Merge);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const which = await findSession(ctx, args.session, this.directory);
      const view = preflightView(this.progress);
      const how = { squash: !flags['no-squash'], skipTests: flags['skip-tests'], dryRun: flags['dry-run'] };
      const wish = { ...flags, ...how, ...view, interrupts: interruptsFrom(this.interrupt) };
      if (flags.pr) {
        const proposed = await view.during(proposeSession(ctx, which, wish));
        this.print(this.quiet ? proposed.pullRequest.url : proposalText(proposed, this.color));
        return { ...proposed };
      }
      const merged = await view.during(mergeSession(ctx, which, { ...wish, noFf: flags['no-ff'] }));
      this.print(this.quiet ? merged.commit : mergeText(merged, this.color));
      return { ...merged };
    });
  }
}
