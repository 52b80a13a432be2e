import { string } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { agentFlags, promptFlags, sessionArg } from '../src/cli/flags.ts';
import { sanitizeLine } from '../src/cli/sanitize.ts';
import { AppError } from '../src/errors.ts';
import { withContext } from '../src/workflows/context.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { refuseHeld } from '../src/workflows/journal.ts';
import { promptFrom } from '../src/workflows/prompt-input.ts';
import { presentPrompt, renameSession } from '../src/workflows/rename-session.ts';

/** What each event of a rename has changed, in a person's words. */
const CHANGED: Record<string, string> = {
  'session.renamed': 'new name',
  'prompt.replaced': 'new prompt',
  'test-command.replaced': 'new test command',
  'agent.replaced': 'new agent',
};

const CHANGES = new Set([...Object.keys(promptFlags), ...Object.keys(agentFlags), 'name', 'test']);

export default class Rename extends BaseCommand {
  static override summary = 'Give a session another name, prompt, test command, agent or model.';
  static override examples = [
    '<%= config.bin %> rename login --name sign-in',
    '<%= config.bin %> rename login --test "npm test"',
  ];
  static override args = { session: sessionArg };
  static override flags = {
    ...promptFlags,
    ...agentFlags,
    name: string({ summary: 'The new name.', helpValue: '<name>' }),
    test: string({ summary: 'The new test command; an empty one takes it away.', helpValue: '<command>' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Rename);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      if (Object.keys(flags).every((name) => !CHANGES.has(name)))
        throw new AppError('usage.invalid', 'Nothing was said that is to change.', {
          hint: 'Give --name, --prompt, --test, --agent or --model.',
        });
      const which = await findSession(ctx, args.session, this.directory);
      if (flags['prompt-editor']) refuseHeld(ctx, which);
      const start = flags['prompt-editor'] ? await presentPrompt(ctx, which.id) : '';
      const prompt = await promptFrom(ctx, flags, { cwd: this.directory, start });
      const { session, changed } = await renameSession(ctx, which, { ...flags, prompt });
      this.print(
        this.quiet
          ? session.id
          : changed.length === 0
            ? 'Nothing to change: it is so already.'
            : `${this.color.green('✓')} ${session.id} ${sanitizeLine(session.name)}: ${changed.map((type) => CHANGED[type] ?? type).join(', ')}`,
      );
      return { session: session.id, name: session.name, changed };
    });
  }
}
