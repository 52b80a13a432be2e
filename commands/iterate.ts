import { boolean, integer } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { agentFlags, promptFlags, sessionArg, timeout } from '../src/cli/flags.ts';
import { iterateView } from '../src/cli/iterate-view.ts';
import { runText } from '../src/cli/run-text.ts';
import { withContext } from '../src/workflows/context.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { interruptsFrom } from '../src/workflows/interrupts.ts';
import { refuseHeld } from '../src/workflows/journal.ts';
import { promptFrom } from '../src/workflows/prompt-input.ts';
import { runIteration } from '../src/workflows/run-iteration.ts';

export default class Iterate extends BaseCommand {
  static override summary = 'Run the agent once: one commit, the tests, everything on record.';
  static override description =
    'The first iteration takes the session’s prompt. A later one without a prompt tells the agent to go on, with the failing test output if there is any. Your own commits and edits on the branch are found first and recorded apart.';
  static override examples = [
    '<%= config.bin %> iterate login --stream',
    '<%= config.bin %> iterate login --until-pass --max-iterations 5',
  ];
  static override args = { session: sessionArg };
  static override flags = {
    ...promptFlags,
    ...agentFlags,
    timeout,
    stream: boolean({ summary: 'Show what the agent says and does.', exclusive: ['stream-json', 'json'] }),
    'stream-json': boolean({ summary: 'Print every event as it is recorded, as NDJSON.', exclusive: ['json'] }),
    'until-pass': boolean({ summary: 'Go on until the tests pass, giving the agent their output.' }),
    'max-iterations': integer({
      summary: 'At most so many with --until-pass.',
      helpValue: '<n>',
      min: 1,
      dependsOn: ['until-pass'],
    }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Iterate);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const which = await findSession(ctx, args.session, this.directory);
      const mode = flags['stream-json'] ? 'stream-json' : flags.stream ? 'stream' : 'steps';
      const view = await iterateView(mode, this.progress, this.color);
      if (flags['prompt-editor']) refuseHeld(ctx, which);
      const prompt = await promptFrom(ctx, flags, { cwd: this.directory });
      const limits = {
        untilPass: flags['until-pass'],
        maxIterations: flags['max-iterations'],
        timeoutMs: flags.timeout,
      };
      const wish = { ...limits, prompt, agent: flags, interrupts: interruptsFrom(this.interrupt) };
      const run = await runIteration(ctx, which, wish, view);
      const text = () => runText(run.answer, this.color, { isHeadShown: mode !== 'stream' });
      if (mode !== 'stream-json') this.print(this.quiet ? (run.answer.commit ?? '') : text);
      if (run.failure) throw run.failure;
      return run.answer;
    });
  }
}
