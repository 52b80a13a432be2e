import { boolean, integer, option, string } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { rebaseText } from '../src/cli/conflict-text.ts';
import { agentFlags, sessionArg, timeout } from '../src/cli/flags.ts';
import { type IterateMode, iterateView } from '../src/cli/iterate-view.ts';
import { withContext } from '../src/workflows/context.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { interruptsFrom } from '../src/workflows/interrupts.ts';
import { runRebase } from '../src/workflows/landing/run-rebase.ts';

const ways = ['abort', 'continue', 'fetch', 'onto', 'resolve', 'skip'];
const others = (name: string): string[] => ways.filter((way) => way !== name);

export default class Rebase extends BaseCommand {
  static override summary = 'Put a session’s commits onto another branch, as that is now.';
  static override description =
    'Without a conflict, branch and worktree go there in one step. With one, nothing has moved: the session’s worktree shows it, and waits for --continue, --skip, --abort or --resolve agent. Your checkout is not touched. `undo` takes a rebase back.';
  static override examples = [
    '<%= config.bin %> rebase login --onto origin/main --fetch',
    '<%= config.bin %> rebase login --continue',
    '<%= config.bin %> rebase login --resolve agent',
  ];
  static override args = { session: sessionArg };
  static override flags = {
    onto: string({ summary: 'Branch, tag or commit; default: what the session began from.', helpValue: '<ref>' }),
    fetch: boolean({ summary: 'Ask the remote for the branch first.' }),
    continue: boolean({ summary: 'Take the files as they are, and go on.', exclusive: others('continue') }),
    skip: boolean({ summary: 'Leave the commit in conflict out, and go on.', exclusive: others('skip') }),
    abort: boolean({ summary: 'Give the rebase up: all is as before.', exclusive: others('abort') }),
    resolve: option({
      summary: 'Give the conflict to the agent, as an iteration.',
      options: ['agent'] as const,
      exclusive: others('resolve'),
    })(),
    ...agentFlags,
    timeout,
    'max-iterations': integer({
      summary: 'At most so many conflicts.',
      helpValue: '<n>',
      min: 1,
      dependsOn: ['resolve'],
    }),
    stream: boolean({ summary: 'Show what the agent says and does.', dependsOn: ['resolve'] }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Rebase);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const which = await findSession(ctx, args.session, this.directory);
      const mode: IterateMode = flags.stream && !this.json ? 'stream' : 'steps';
      const view = await iterateView(mode, this.progress, this.color);
      const wish = { ...flags, interrupts: flags.resolve ? interruptsFrom(this.interrupt) : undefined };
      const { answer, failure } = await runRebase(ctx, which, wish, view);
      this.print(this.quiet ? answer.commit : () => rebaseText(answer, this.color));
      if (failure) throw failure;
      return { ...answer };
    });
  }
}
