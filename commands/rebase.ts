import { boolean, integer, option, string } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { rebaseText } from '../src/cli/conflict-text.ts';
import { agentFlags, sessionArg, timeout } from '../src/cli/flags.ts';
import { iterateView } from '../src/cli/iterate-view.ts';
import { Steps } from '../src/cli/steps.ts';
import { withContext } from '../src/workflows/context.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { interruptsFrom } from '../src/workflows/interrupts.ts';
import { runRebase } from '../src/workflows/landing/run-rebase.ts';

const WAYS = ['abort', 'continue', 'fetch', 'onto', 'resolve', 'skip'];
const besides = (name: string) => WAYS.filter((way) => way !== name);

export default class Rebase extends BaseCommand {
  static override summary = 'Put a session’s commits onto another branch, as that is now.';
  static override description =
    'Without a conflict, branch and worktree go there in one step. With one, nothing has moved: the session’s worktree shows it, and waits for --continue, --skip, --abort or --resolve agent. Your checkout is not touched. `undo` takes a rebase back.';
  static override examples = [
    '<%= config.bin %> rebase login --onto origin/main --fetch',
    '<%= config.bin %> rebase login --onto main --resolve agent',
  ];
  static override args = { session: sessionArg };
  static override flags = {
    onto: string({ summary: 'Branch, tag or commit; default: what the session began from.', helpValue: '<ref>' }),
    fetch: boolean({ summary: 'Ask the remote for the branch first.' }),
    continue: boolean({ summary: 'Take the files as they are, and go on.', exclusive: besides('continue') }),
    skip: boolean({ summary: 'Leave the commit in conflict out, and go on.', exclusive: besides('skip') }),
    abort: boolean({ summary: 'Give the rebase up: all is as before.', exclusive: besides('abort') }),
    resolve: option({
      summary: 'Give conflicts to the agent, each as an iteration.',
      options: ['agent'] as const,
      exclusive: ['abort', 'continue', 'skip'],
    })(),
    ...agentFlags,
    timeout,
    'max-iterations': integer({ summary: 'At most so many conflicts.', min: 1, dependsOn: ['resolve'] }),
    stream: boolean({ summary: 'Show what the agent says and does.', dependsOn: ['resolve'], exclusive: ['json'] }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Rebase);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const which = await findSession(ctx, args.session, this.directory);
      const view = await iterateView(flags.stream ? 'stream' : 'steps', this.progress, this.color);
      const steps = new Steps(this.progress);
      const interrupts = flags.resolve ? interruptsFrom(this.interrupt) : undefined;
      const told = {
        onAgent: () => steps.finish(new Error('conflict')),
        onStep: (title: string) => steps.begin(title),
      };
      const wish = { ...flags, ...told, interrupts };
      const { answer, failure } = await steps.during(runRebase(ctx, which, wish, view), (done) => done.failure);
      this.print(this.quiet ? answer.commit : () => rebaseText(answer, this.color));
      if (failure) throw failure;
      return { ...answer };
    });
  }
}
