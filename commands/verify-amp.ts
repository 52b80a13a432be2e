import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { checksText } from '../src/cli/checks-text.ts';
import { AppError } from '../src/errors.ts';
import { verifyAmp } from '../src/workflows/verify-amp.ts';

export default class VerifyAmp extends BaseCommand {
  static override summary = 'Check that Amp is installed, logged in and can be driven.';
  static override examples = ['<%= config.bin %> verify-amp', '<%= config.bin %> verify-amp --live'];
  static override flags = {
    live: boolean({ summary: 'Also send one tiny prompt (needs the network, costs a few tokens).' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(VerifyAmp);
    const checks = await this.progress.step('asking Amp', () =>
      verifyAmp({ dir: this.directory, env: process.env, live: flags.live }),
    );
    this.print(checksText(checks, this.color));
    const bad = checks.find(({ status }) => status === 'failed');
    if (bad)
      // A person has just read what is wrong and what to do; a script reads the error.
      throw new AppError('agent.failed', `Amp cannot be used: ${this.json ? bad.detail : `${bad.name} failed.`}`, {
        answer: { ok: false, checks },
        hint: this.json ? bad.hint : 'The line above says what to do.',
      });
    return { ok: true, checks };
  }
}
