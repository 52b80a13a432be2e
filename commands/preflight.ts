import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { sessionArg } from '../src/cli/flags.ts';
import { forecastText, preflightText } from '../src/cli/preflight-text.ts';
import { preflightView } from '../src/cli/preflight-view.ts';
import { AppError } from '../src/errors.ts';
import { withContext } from '../src/workflows/context.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { interruptsFrom } from '../src/workflows/interrupts.ts';
import { forecast } from '../src/workflows/landing/forecast.ts';
import { gatesFailed, preflight } from '../src/workflows/landing/preflight.ts';

export default class Preflight extends BaseCommand {
  static override summary = 'Say what a merge would meet, without touching a branch, an index or a file of yours.';
  static override description =
    'Uncommitted work, the target and where it is checked out, conflicts, the tests on the merged result (in a worktree of its own, gone afterwards), changed files that run code, secrets among the added lines, and other sessions on the same lines. A gate that fails ends it with status 4. With --all: which live sessions are in each other’s way, and in which order they land best; that always ends with 0.';
  static override examples = [
    '<%= config.bin %> preflight login',
    '<%= config.bin %> preflight login --into release --skip-tests --json',
    '<%= config.bin %> preflight --all',
  ];
  static override args = { session: sessionArg };
  static override flags = {
    into: string({ summary: 'Branch to merge into; default the one the session began from.', helpValue: '<branch>' }),
    'skip-tests': boolean({ summary: 'Do not run the tests.', exclusive: ['all'] }),
    all: boolean({ summary: 'Forecast how all live sessions land, and in which order.' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Preflight);
    if (flags.all && args.session !== undefined)
      throw new AppError('usage.invalid', `--all is about every session, not about ${args.session} alone.`, {
        hint: 'Leave out one of the two.',
      });
    const view = preflightView(this.progress);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      if (flags.all) {
        const answer = await view.during(forecast(ctx, { into: flags.into, ...view }));
        if (this.quiet) for (const { session } of answer.order) this.print(session);
        else this.print(() => forecastText(answer, this.color));
        return { ...answer };
      }
      const which = await findSession(ctx, args.session, this.directory);
      const interrupts = interruptsFrom(this.interrupt);
      const wish = { into: flags.into, skipTests: flags['skip-tests'], interrupts, ...view };
      const answer = await view.during(preflight(ctx, which, wish));
      if (!this.quiet) this.print(() => preflightText(answer, this.color));
      const error = gatesFailed(answer);
      if (error) throw error;
      return { ...answer };
    });
  }
}
