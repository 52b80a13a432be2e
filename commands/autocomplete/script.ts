import { string } from '@oclif/core/args';
import PluginScript from '../../node_modules/@oclif/plugin-autocomplete/lib/commands/autocomplete/script.js';
import { stdout } from '../../src/cli/print.ts';
import { SHELLS, shellScript } from '../../src/cli/shell-scripts.ts';

/** oclif's command: the line for the shell's start-up file. fish wants the functions themselves. */
export default class AutocompleteScript extends PluginScript {
  static override summary = 'Print what goes into the start-up file of a shell.';
  static override hidden = true;
  static override args = {
    shell: string({ description: 'Shell; the one you use by default.', options: [...SHELLS], ignoreStdin: true }),
  };

  override async run(): Promise<void> {
    const { args } = await this.parse(AutocompleteScript);
    if ((args.shell ?? this.config.shell) === 'fish') stdout.write(shellScript('fish'));
    else await super.run();
  }
}
