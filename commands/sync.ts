import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { dryRun } from '../src/cli/flags.ts';
import { syncStatusText, syncText } from '../src/cli/sync-text.ts';
import { withContext } from '../src/workflows/context.ts';
import { syncInBackground } from '../src/workflows/sync/auto.ts';
import { syncPlace } from '../src/workflows/sync/place.ts';
import { syncStatus } from '../src/workflows/sync/status.ts';
import { sync, syncError } from '../src/workflows/sync/sync.ts';

const NO_REMOTE = 'There is no remote. Add one with `git remote add origin <url>`.';

export default class Sync extends BaseCommand {
  static override summary = 'Push the history of sessions to a remote, and fetch that of others.';
  static override description =
    'Logs, notes and the commits of iterations, apart from your own pushes and fetches, which never carry them. Nothing is ever forced, and nothing is added to the settings of the remote. What goes out is looked through for secrets first; a log that holds one stays here.';
  static override examples = [
    '<%= config.bin %> sync',
    '<%= config.bin %> sync --status',
    '<%= config.bin %> sync --remote git@example.com:team/history.git --history-only',
  ];
  static override flags = {
    push: boolean({ summary: 'Only push.', exclusive: ['pull'] }),
    pull: boolean({ summary: 'Only fetch.' }),
    status: boolean({
      summary: 'How this clone stands to its remotes; nothing is moved.',
      exclusive: ['push', 'pull'],
    }),
    remote: string({ summary: 'Name or address; default where your push goes.', helpValue: '<name or url>' }),
    'history-only': boolean({ summary: 'Logs and notes only, never the code of iterations.' }),
    snapshots: boolean({ summary: 'Kept uncommitted work, too.', exclusive: ['history-only'] }),
    'dry-run': dryRun,
    background: boolean({ hidden: true }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(Sync);
    const options = { dir: this.directory, warn: (text: string) => this.caution(text), syncs: false };
    return withContext(options, async (ctx) => {
      const where = syncPlace(ctx, { ...flags, directory: this.directory });
      if (flags.status) {
        const found = await syncStatus(ctx, where);
        this.print(() => syncStatusText(found, this.color) || NO_REMOTE);
        return found;
      }
      const both = flags.push === flags.pull;
      const way = { push: both || flags.push, pull: both || flags.pull, dryRun: flags['dry-run'] };
      const wish = { ...where, ...way, onStep: (text: string) => this.talk(`${text} …`) };
      if (flags.background) return syncInBackground(ctx, wish);
      const answer = await sync(ctx, wish);
      if (!this.quiet) this.print(() => syncText(answer, this.color));
      else for (const ref of [...answer.fetched, ...answer.pushed]) this.print(ref);
      const error = syncError(answer);
      if (error) throw error;
      return { ...answer };
    });
  }
}
