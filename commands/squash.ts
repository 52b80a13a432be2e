import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { dryRun, manual, sessionArg } from '../src/cli/flags.ts';
import { squashText } from '../src/cli/landing-text.ts';
import { withContext } from '../src/workflows/context.ts';
import { editMessage } from '../src/workflows/editor.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { refuseHeld } from '../src/workflows/journal.ts';
import { squashSession } from '../src/workflows/landing/squash.ts';

export default class Squash extends BaseCommand {
  static override summary = 'Make one commit of all iterations, from where the session left its base.';
  static override description =
    'Your own commits stay apart, on top, with author, message and date; --manual include takes them in. The files are the same before and after. `undo` takes it back.';
  static override examples = [
    '<%= config.bin %> squash login --message "Add a login page"',
    '<%= config.bin %> squash login -e',
  ];
  static override args = { session: sessionArg };
  static override flags = {
    message: string({
      summary: 'Message of the commit; without it, one made from prompt and iterations.',
      helpValue: '<text>',
      exclusive: ['edit'],
    }),
    edit: boolean({ char: 'e', summary: 'Write the message in your editor.' }),
    manual: manual(),
    'dry-run': dryRun,
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Squash);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const which = await findSession(ctx, args.session, this.directory);
      if (flags.edit) refuseHeld(ctx, which);
      const answer = await squashSession(ctx, which, {
        manual: flags.manual,
        message: flags.message,
        dryRun: flags['dry-run'],
        ...(flags.edit && { edit: (start: string) => editMessage(ctx, start) }),
      });
      this.print(this.quiet ? answer.commit : squashText(answer, this.color));
      return { ...answer };
    });
  }
}
