import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { iteration, sessionArg } from '../src/cli/flags.ts';
import { logsView } from '../src/cli/logs-view.ts';
import { withContext } from '../src/workflows/context.ts';
import { findIteration } from '../src/workflows/find-iteration.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { interruptsFrom } from '../src/workflows/interrupts.ts';
import { readLogs } from '../src/workflows/session-logs.ts';
import { readSession } from '../src/workflows/summaries.ts';

export default class Logs extends BaseCommand {
  static override summary = 'Show what the agent said and did, live or later.';
  static override examples = [
    '<%= config.bin %> logs login --follow',
    '<%= config.bin %> logs login --raw --iteration 2',
  ];
  static override args = { session: sessionArg };
  static override flags = {
    follow: boolean({ char: 'f', summary: 'Go on as more comes in, until Ctrl-C or the end of the iteration.' }),
    raw: boolean({ summary: 'The agent’s own lines, as it wrote them (secrets removed).' }),
    iteration: iteration({ summary: 'Only this iteration.' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Logs);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const { id } = await findSession(ctx, args.session, this.directory);
      const interrupts = flags.follow ? interruptsFrom(this.interrupt) : undefined;
      const view = logsView({ raw: flags.raw, json: this.json, color: this.color });
      for await (const entry of readLogs(ctx, id, { ...flags, interrupts, spoken: !this.json })) view.show(entry);
      if (view.items.length === 0 && !flags.follow) {
        if (flags.iteration !== undefined) findIteration(await readSession(ctx, id), flags.iteration);
        this.talk(`Nothing is there yet: \`amp-sessions iterate ${id}\` starts the agent.`);
      }
      return { session: id, items: view.items };
    });
  }
}
