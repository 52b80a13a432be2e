import { BaseCommand } from '../src/cli/base-command.ts';
import { sessionArg, timeout } from '../src/cli/flags.ts';

export default class Noop extends BaseCommand {
  static override hidden = true;
  static override summary = 'Do nothing.';
  static override args = { session: sessionArg };
  static override flags = { timeout };

  async run(): Promise<{ ok: boolean; directory: string; timeoutMs: number | null }> {
    const { flags } = await this.parse(Noop);
    this.print(`ok ${this.color.green(this.directory)}`);
    return { ok: true, directory: this.directory, timeoutMs: flags.timeout ?? null };
  }
}
