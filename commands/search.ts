import { string } from '@oclif/core/args';
import { integer, string as text } from '@oclif/core/flags';
import { searchHistory } from '../src/analysis/search/ask.ts';
import { BaseCommand } from '../src/cli/base-command.ts';
import { askedFlags, rangeFlags } from '../src/cli/flags.ts';
import { stdout } from '../src/cli/print.ts';
import { nothingFound, searchText } from '../src/cli/search-text.ts';
import { systemClock } from '../src/clock.ts';
import { AppError } from '../src/errors.ts';
import { withAskedContext } from '../src/workflows/asked-context.ts';
import { findSession } from '../src/workflows/find-session.ts';

export default class Search extends BaseCommand {
  static override summary = 'Find words in prompts, messages, tool calls, all output and commit messages.';
  static override description =
    'All words have to be in one text, in any order, whatever their case and accents; `celsius` is found in toCelsius too. "Words in quotes" stand one after the other, and no word may begin like -word. The best come first.';
  static override examples = [
    '<%= config.bin %> search "login page"',
    `<%= config.bin %> search '"login page" -logout' --since 7d`,
    '<%= config.bin %> search timeout --session login --limit 50',
    '<%= config.bin %> search größe --all --json',
  ];
  static override strict = false;
  static override args = {
    words: string({ description: 'What to look for.', required: true, ignoreStdin: true }),
  };
  static override flags = {
    session: text({ summary: 'Only this session.', helpValue: '<session>' }),
    ...rangeFlags,
    limit: integer({ summary: 'At most so many.', helpValue: '<n>', min: 1, max: 100_000, default: 20 }),
    ...askedFlags,
  };

  async run(): Promise<Record<string, unknown>> {
    const { argv, flags } = await this.parse(Search);
    const { session, since, until, limit, all } = flags;
    if (since && until && since > until)
      throw new AppError('usage.invalid', '--since is later than --until.', { hint: 'Exchange them.' });
    const words = (argv as string[]).join(' ');
    const columns = stdout.isTerminal ? stdout.columns : null;
    const repos = (flags.repo ?? []).map((folder) => this.resolve(folder));
    const isOne = !all && repos.length < 2;
    const dir = isOne ? (repos[0] ?? this.directory) : this.directory;
    const options = { dir, warn: (warning: string) => this.caution(warning), syncs: false };
    const found = await withAskedContext(options, { all, repo: isOne ? [] : repos }, async (ctx) => {
      const id = session && isOne && ctx.repo ? (await findSession(ctx, session, dir)).id : session;
      const wish = { words, session: id, since, until, limit, room: columns === null ? undefined : columns - 2 };
      const { warnings, ...answer } = await searchHistory(ctx, wish, { all, repos: isOne ? [] : repos });
      for (const warning of warnings) this.caution(warning);
      return answer;
    });
    const { items, total } = found;
    if (total === 0) throw nothingFound(words, Boolean(session ?? since ?? until));
    if (this.quiet) this.print([...new Set(items.map((item) => item.session))].join('\n'));
    else this.print(() => searchText(items, { color: this.color, columns, now: Date.parse(systemClock.now()) }));
    if (total > items.length) this.talk(`${items.length} of ${total}; --limit shows more, another word fewer.`);
    return found;
  }
}
