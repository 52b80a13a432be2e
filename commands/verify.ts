import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { sessionArg } from '../src/cli/flags.ts';
import { repairText } from '../src/cli/repair-text.ts';
import { verifyText } from '../src/cli/verify-text.ts';
import { withContext } from '../src/workflows/context.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { repair } from '../src/workflows/repair/repair.ts';
import { damageError, verify } from '../src/workflows/verify.ts';

export default class Verify extends BaseCommand {
  static override summary = 'Check that every line of the history is as it was written, and put right what is not.';
  static override description =
    'Chains, numbers, shapes, replay, named commits, long texts, notes, signatures, and what is not in git yet. Without a session, all logs of the repository; damage ends with exit 7. Without --repair nothing is changed. With it, what is missing or damaged is taken from what was set aside here and from other clones, only where ids and hashes prove it, and nothing damaged is thrown away.';
  static override examples = [
    '<%= config.bin %> verify',
    '<%= config.bin %> verify login --json',
    '<%= config.bin %> verify --repair',
    '<%= config.bin %> verify --repair --from ../other-clone --dry-run',
  ];
  static override args = { session: sessionArg };
  static override flags = {
    repair: boolean({ summary: 'Put right what is damaged, as far as it can be proved.' }),
    from: string({
      summary: 'Clone to take it from; default all remotes.',
      helpValue: '<remote, path or url>',
      dependsOn: ['repair'],
    }),
    // A flag with a default counts as given.
    'dry-run': boolean({ char: 'n', summary: 'Say what would be done, do nothing.', dependsOn: ['repair'] }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Verify);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const which = args.session === undefined ? undefined : await findSession(ctx, args.session, this.directory);
      const wish = {
        session: which?.id,
        from: flags.from,
        directory: this.directory,
        dryRun: flags['dry-run'] === true,
      };
      const onStep = (text: string): void => this.talk(`${text} …`);
      const repaired = flags.repair ? await repair(ctx, { ...wish, onStep }) : undefined;
      const answer = repaired ?? (await verify(ctx, which?.id));
      if (repaired && !this.quiet) this.print(repairText(repaired, this.color));
      if (!this.quiet) this.print(verifyText(answer, this.color));
      else for (const { session, problems } of answer.logs) if (problems.length > 0) this.print(session);
      if (!answer.ok) throw damageError(answer);
      return { ...answer };
    });
  }
}
