import path from 'node:path';
import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { agentFlags, base, promptFlags } from '../src/cli/flags.ts';
import { iterateView } from '../src/cli/iterate-view.ts';
import { newText, nextLine, runText } from '../src/cli/run-text.ts';
import { Steps } from '../src/cli/steps.ts';
import { chooseForSession } from '../src/workflows/choices.ts';
import { withContext } from '../src/workflows/context.ts';
import { interruptsFrom } from '../src/workflows/interrupts.ts';
import { newSession } from '../src/workflows/new-session.ts';
import { promptFrom } from '../src/workflows/prompt-input.ts';
import { runIteration } from '../src/workflows/run-iteration.ts';

export default class New extends BaseCommand {
  static override summary = 'Create a session: a task for an agent, in a worktree and on a branch of its own.';
  static override description =
    'Your checkout, its index and its branch stay as they are. With --iterate the agent starts at once.';
  static override examples = [
    '<%= config.bin %> new --name login --prompt "Add a login page" --test "npm test"',
    '<%= config.bin %> new -P task.md --iterate',
  ];
  static override flags = {
    ...promptFlags,
    ...agentFlags,
    base,
    repo: string({ summary: 'The repository (like -C).', helpValue: '<dir>' }),
    name: string({ summary: 'What to call it; made from the prompt otherwise.', helpValue: '<name>' }),
    test: string({ summary: 'Test command, run in the worktree after each iteration.', helpValue: '<command>' }),
    setup: string({ summary: 'Command that makes a new worktree ready, such as "npm ci".', helpValue: '<command>' }),
    iterate: boolean({ summary: 'Run the first iteration at once.' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(New);
    const dir = path.resolve(this.directory, flags.repo ?? '.');
    return withContext({ dir, warn: (text) => this.caution(text) }, async (ctx) => {
      // First what may be refused: nobody writes a prompt in an editor for nothing.
      const choices = await chooseForSession(ctx, flags);
      const prompt = await promptFrom(ctx, flags, { cwd: this.directory });
      const wish = { name: flags.name?.trim() || null, prompt, base: flags.base ?? null, ...choices };
      const steps = new Steps(this.progress);
      const interrupts = interruptsFrom(this.interrupt);
      const work = newSession(ctx, { ...wish, interrupts, onStep: (title) => steps.begin(title) });
      const made = await steps.during(work);
      const { id, name, branch, base: from, baseCommit } = made.session;
      const answer = { id, name, branch, worktree: made.worktree, base: from, baseCommit };
      this.print(this.quiet ? id : newText(answer, this.color));
      if (!flags.iterate) this.talk(`\nNext: ${nextLine(made.session, { dir, here: process.cwd() })}`);
      if (!flags.iterate) return answer;
      const view = await iterateView('steps', this.progress, this.color);
      const run = await runIteration(ctx, made.session, { prompt: null, interrupts, beside: answer }, view);
      this.print(runText(run.answer, this.color));
      if (run.failure) throw run.failure;
      return run.answer;
    });
  }
}
