import path from 'node:path';
import { string } from '@oclif/core/flags';
import { BaseCommand } from '../src/cli/base-command.ts';
import { demoText } from '../src/cli/demo-text.ts';
import { iterateView } from '../src/cli/iterate-view.ts';
import { demo } from '../src/workflows/demo.ts';
import { interruptsFrom } from '../src/workflows/interrupts.ts';

export default class Demo extends BaseCommand {
  static override summary = 'Play a whole session in a throw-away repository, offline, with a scripted agent.';
  static override description =
    'The agent makes a mistake, the tests fail, it is given their output, the tests pass, and the work is merged. The repository stays for you to look around in.';
  static override flags = {
    dir: string({ summary: 'Where to put the repository; a temporary folder otherwise.', helpValue: '<dir>' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(Demo);
    const view = await iterateView('steps', this.progress, this.color);
    const dir = flags.dir === undefined ? undefined : path.resolve(this.directory, flags.dir);
    const interrupts = interruptsFrom(this.interrupt);
    const onRepository = (at: string): void => this.talk(`A repository to play in: ${at}`);
    const onMerge = async (): Promise<void> => {
      await view.finish();
      this.talk('Merging: preflight with the tests, squash, rebase, merge …');
    };
    const work = demo({
      dir,
      env: process.env,
      interrupts,
      onRepository,
      onMerge,
      warn: (text) => this.caution(text),
      ...view,
    });
    const answer = await work.finally(() => view.finish());
    this.print(this.quiet ? answer.session : demoText(answer, this.color));
    return { ...answer };
  }
}
