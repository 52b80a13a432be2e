import { boolean, integer } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { checkRange } from '../src/cli/duration.ts';
import { rangeFlags } from '../src/cli/flags.ts';
import { listText } from '../src/cli/list-text.ts';
import { systemClock } from '../src/clock.ts';
import { listSessions } from '../src/workflows/list-sessions.ts';

const NONE = 'No sessions yet. Make one: amp-sessions new --name "…" --prompt "…"';
const NONE_SUCH = 'No such sessions; `amp-sessions list` without --live, --since and --until shows all.';

/** Rows of the table, where nobody says otherwise. */
const ROWS = 100;

export default class List extends BaseCommand {
  static override summary = 'List the sessions of the repository.';
  static override examples = ['<%= config.bin %> list', '<%= config.bin %> list --live -q'];
  static override flags = {
    ...rangeFlags,
    live: boolean({ summary: 'Without the archived ones.' }),
    removed: boolean({ summary: 'Also the removed ones, whose log is still there.' }),
    limit: integer({
      summary: 'At most so many, those that changed last; 0 for all. Without it 100, and all with --json or -q.',
      helpValue: '<n>',
      min: 0,
    }),
    'all-repos': boolean({ summary: 'Sessions of every repository you have used.' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(List);
    const options = { dir: this.directory, warn: (text: string) => this.caution(text) };
    checkRange(flags);
    const limit = flags.limit ?? (this.json || this.quiet ? 0 : ROWS);
    const wish = { ...flags, allRepos: flags['all-repos'], limit: limit === 0 ? undefined : limit };
    const { items, more } = await listSessions(options, wish);
    if (this.quiet) for (const { id } of items) this.print(id);
    else if (items.length > 0) this.print(() => listText(items, this.color, systemClock.now()));
    else this.talk(flags.live || flags.since || flags.until ? NONE_SUCH : NONE);
    if (more) this.talk(`These ${items.length} changed last; \`amp-sessions list --limit 0\` shows all.`);
    return { items };
  }
}
