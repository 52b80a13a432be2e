import { string } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { iteration, sessionArg } from '../src/cli/flags.ts';
import { statusText } from '../src/cli/status-text.ts';
import { chaptersText } from '../src/cli/timeline-text.ts';
import { withContext } from '../src/workflows/context.ts';
import { describeSession } from '../src/workflows/describe.ts';
import { findSession } from '../src/workflows/find-session.ts';
import { showTimeline, timeline } from '../src/workflows/timeline.ts';

export default class Timeline extends BaseCommand {
  static override summary = 'Show everything that happened in a session, in order.';
  static override description =
    'With --at, only as far as an event (its number) or a time, and the session’s state as it was then.';
  static override examples = [
    '<%= config.bin %> timeline login',
    '<%= config.bin %> timeline login --iteration 2',
    '<%= config.bin %> timeline login --at 12',
  ];
  static override args = { session: sessionArg };
  static override flags = {
    at: string({ summary: 'Number of an event, or a time: the state as it was.', helpValue: '<seq|time>' }),
    iteration: iteration({ summary: 'Only this iteration.' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Timeline);
    return withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) => {
      const { id } = await findSession(ctx, args.session, this.directory);
      const found = await timeline(ctx, id, flags.at, flags.iteration);
      const { events, session, chapters, iterations } = found;
      const lines = (): string => chaptersText(chapters, this.color, iterations);
      if (flags.at === undefined) {
        if (!this.json) await showTimeline(ctx, lines());
        return { session: id, items: events };
      }
      const state = describeSession(ctx, session);
      const status = (): string => statusText(state, this.color, events.at(-1)?.at ?? ctx.clock.now());
      if (!this.json) await showTimeline(ctx, `${lines()}\n\n${status()}`);
      return { session: id, items: events, state };
    });
  }
}
