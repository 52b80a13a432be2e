import { boolean, string } from '@oclif/core/flags';
import { splitAtDashes } from '../src/cli/attached-value.ts';
import { BaseCommand } from '../src/cli/base-command.ts';
import { dryRun, sessionArg } from '../src/cli/flags.ts';
import { restoredText, snapshotsText } from '../src/cli/snapshot-text.ts';
import { withContext } from '../src/workflows/context.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { pathspecsFrom } from '../src/workflows/session-diff.ts';
import { listSnapshots, restoreSnapshot } from '../src/workflows/snapshots/restore.ts';

export default class Restore extends BaseCommand {
  static override summary = 'Bring uncommitted work back from a snapshot.';
  static override description =
    'Snapshots are taken by themselves when work is uncommitted at the end of an iteration, and before squash, rebase, merge, rewind, undo, archive, rm and restore. What is uncommitted now is kept in one of its own first; a worktree that is gone is made again, with its branch where the session was removed. Behind -- stand the files to bring back.';
  static override usage = 'restore [SESSION] [FLAGS] [-- <path>...]';
  static override examples = [
    '<%= config.bin %> restore login --list',
    '<%= config.bin %> restore login --snapshot 3 --dry-run',
    '<%= config.bin %> restore login -- src/login.ts',
  ];
  static override args = { session: sessionArg };
  static override flags = {
    list: boolean({ summary: 'Only list the snapshots there are, newest first.', exclusive: ['snapshot', 'dry-run'] }),
    snapshot: string({ summary: 'Its number, or its commit; default the newest.', helpValue: '<n or commit>' }),
    'dry-run': dryRun,
  };

  async run(): Promise<Record<string, unknown>> {
    const [own, paths] = splitAtDashes(this.argv);
    const { args, flags } = await this.parse(Restore, own);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const which = await findSession(ctx, args.session, this.directory);
      if (flags.list) {
        const found = await listSnapshots(ctx, which);
        if (this.quiet) for (const { number } of found.snapshots) this.print(String(number));
        else this.print(() => snapshotsText(found, this.color, ctx.clock.now()));
        return found;
      }
      const wanted = pathspecsFrom(ctx, this.directory, paths).map((path) => path.replace(/^:\(top\)/, ''));
      const wish = { snapshot: flags.snapshot, paths: wanted, dryRun: flags['dry-run'] };
      const answer = await restoreSnapshot(ctx, which, wish);
      this.print(this.quiet ? answer.session : () => restoredText(answer, this.color));
      return answer;
    });
  }
}
