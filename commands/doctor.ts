import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { checksText } from '../src/cli/checks-text.ts';
import { AppError } from '../src/errors.ts';
import { doctor } from '../src/workflows/doctor.ts';

export default class Doctor extends BaseCommand {
  static override summary =
    'Look at the machine, git, the agent and this repository: what is wrong and how to mend it.';
  static override examples = ['<%= config.bin %> doctor', '<%= config.bin %> doctor --fix'];
  static override flags = { fix: boolean({ summary: 'Mend what can be mended without losing anything.' }) };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(Doctor);
    const work = doctor({ dir: this.directory, fix: flags.fix, warn: (text) => this.caution(text) });
    const answer = await this.progress.step('looking', () => work);
    this.print(checksText(answer.checks, this.color));
    for (const what of answer.fixed) this.talk(`${this.color.green('✓')} ${what}`);
    if (answer.ok) return { ...answer };
    const bad = answer.checks.filter(({ status }) => status === 'failed').map(({ name }) => name);
    throw new AppError('check.failed', `Not in order: ${bad.join(', ')}.`, {
      answer: { ...answer },
      hint: 'Each line above says what to do.',
    });
  }
}
