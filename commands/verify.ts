import { BaseCommand } from '../src/cli/base-command.ts';
import { sessionArg } from '../src/cli/flags.ts';
import { verifyText } from '../src/cli/verify-text.ts';
import { withContext } from '../src/workflows/context.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { damageError, verify } from '../src/workflows/verify.ts';

export default class Verify extends BaseCommand {
  static override summary = 'Check that every line of the history is as it was written.';
  static override description =
    'Chains, numbers, shapes, replay, named commits, long texts, notes, and what is not in git yet. Nothing is changed. Without a session, all logs of the repository; damage ends with exit 7.';
  static override examples = ['<%= config.bin %> verify', '<%= config.bin %> verify login --json'];
  static override args = { session: sessionArg };

  async run(): Promise<Record<string, unknown>> {
    const { args } = await this.parse(Verify);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const which = args.session === undefined ? undefined : await findSession(ctx, args.session, this.directory);
      const answer = await verify(ctx, which?.id);
      if (!this.quiet) this.print(verifyText(answer, this.color));
      else for (const { session, problems } of answer.logs) if (problems.length > 0) this.print(session);
      if (!answer.ok) throw damageError(answer);
      return { ...answer };
    });
  }
}
