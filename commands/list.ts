import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { rangeFlags } from '../src/cli/flags.ts';
import { listText } from '../src/cli/list-text.ts';
import { systemClock } from '../src/clock.ts';
import { listSessions } from '../src/workflows/list-sessions.ts';

export default class List extends BaseCommand {
  static override summary = 'List the sessions of the repository.';
  static override examples = ['<%= config.bin %> list', '<%= config.bin %> list --live -q'];
  static override flags = {
    ...rangeFlags,
    live: boolean({ summary: 'Without the archived ones.' }),
    removed: boolean({ summary: 'Also the removed ones, whose log is still there.' }),
    'all-repos': boolean({ summary: 'Sessions of every repository you have used.' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(List);
    const options = { dir: this.directory, warn: (text: string) => this.caution(text) };
    const items = await listSessions(options, { ...flags, allRepos: flags['all-repos'] });
    if (this.quiet) for (const { id } of items) this.print(id);
    else this.print(listText(items, this.color, systemClock.now()));
    return { items };
  }
}
