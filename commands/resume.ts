import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { agentFlags, dryRun, promptFlags, sessionArg, timeout } from '../src/cli/flags.ts';
import { iterateView } from '../src/cli/iterate-view.ts';
import { resumeText } from '../src/cli/resume-text.ts';
import { runText } from '../src/cli/run-text.ts';
import { Steps } from '../src/cli/steps.ts';
import { withContext } from '../src/workflows/context.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { interruptsFrom } from '../src/workflows/interrupts.ts';
import { promptAfter } from '../src/workflows/prompt-input.ts';
import { resumeSession } from '../src/workflows/resume.ts';
import { runIteration } from '../src/workflows/run-iteration.ts';

export default class Resume extends BaseCommand {
  static override summary = 'Bring a session up in this clone: branch, worktree, set-up; with a prompt, go on at once.';
  static override description =
    'From another machine after `sync`, out of the archive, after `rm`, or after somebody took worktree or branch away. The branch is made where the record says; one that has other commits is never moved. The agent’s own thread is continued. Where all is there already, nothing happens.';
  static override usage = 'resume [SESSION] [PROMPT...] [FLAGS]';
  static override examples = [
    '<%= config.bin %> resume login',
    '<%= config.bin %> resume login "Now the log-out page"',
    '<%= config.bin %> resume login --dry-run',
  ];
  static override args = { session: sessionArg };
  static override strict = false;
  static override flags = {
    ...promptFlags,
    ...agentFlags,
    timeout,
    line: string({ summary: 'Of a diverged session, the line to stand on.', helpValue: '<clone>' }),
    'new-thread': boolean({ summary: 'The agent begins a new conversation.' }),
    'dry-run': dryRun,
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, argv, flags } = await this.parse(Resume);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const which = await findSession(ctx, args.session, this.directory);
      const prompt = await promptAfter(ctx, argv.slice(1) as string[], flags, { cwd: this.directory });
      const steps = new Steps(this.progress);
      const interrupts = interruptsFrom(this.interrupt);
      const onStep = (title: string) => steps.begin(title);
      const how = { line: flags.line, newThread: flags['new-thread'], dryRun: flags['dry-run'], interrupts };
      const work = resumeSession(ctx, which, { ...how, onStep, goingOn: prompt !== null });
      const answer = await steps.during(work);
      this.print(this.quiet ? answer.session : () => resumeText(answer, this.color));
      if (prompt === null || flags['dry-run']) return { ...answer };
      const view = await iterateView('steps', this.progress, this.color);
      const wish = { prompt, agent: flags, timeoutMs: flags.timeout, interrupts, beside: answer };
      const run = await runIteration(ctx, which, wish, view);
      if (!this.quiet) this.print(() => runText(run.answer, this.color));
      if (run.failure) throw run.failure;
      return run.answer;
    });
  }
}
