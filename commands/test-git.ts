import path from 'node:path';
import { string } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { checksText } from '../src/cli/checks-text.ts';
import { AppError } from '../src/errors.ts';
import { testGit } from '../src/workflows/test-git.ts';

export default class TestGit extends BaseCommand {
  static override summary = 'Do with your git, on your disk, what a session does, in a throw-away repository.';
  static override examples = ['<%= config.bin %> test-git', '<%= config.bin %> test-git --dir /mnt/work'];
  static override flags = {
    dir: string({ summary: 'A folder on the disk to try; the temporary folder otherwise.', helpValue: '<dir>' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(TestGit);
    const dir = flags.dir === undefined ? undefined : path.resolve(this.directory, flags.dir);
    const checks = await this.progress.step('trying git', () => testGit({ dir, env: process.env }));
    this.print(checksText(checks, this.color));
    const bad = checks.find(({ status }) => status === 'failed');
    if (bad)
      throw new AppError('check.failed', `git cannot do what a session needs: ${bad.name}, ${bad.detail}`, {
        answer: { ok: false, checks },
        hint: bad.hint,
      });
    return { ok: true, checks };
  }
}
