import { string } from '@oclif/core/args';
import PluginAutocomplete from '../../node_modules/@oclif/plugin-autocomplete/lib/commands/autocomplete/index.js';
import { stderr, stdout } from '../../src/cli/print.ts';
import { SHELLS } from '../../src/cli/shell-scripts.ts';
import AutocompleteCreate from './create.ts';

const FISH = `
Run this once, then start a new shell:

  amp-sessions autocomplete script fish > ~/.config/fish/completions/amp-sessions.fish
`;

/** oclif's command; its instructions know no fish. */
export default class Autocomplete extends PluginAutocomplete {
  static override summary = 'Set up shell completion, session ids and names included.';
  static override description =
    'Writes the completion functions and says how to switch them on: bash, zsh, fish, PowerShell.';
  static override examples = ['<%= config.bin %> autocomplete', '<%= config.bin %> autocomplete fish'];
  static override args = {
    shell: string({ description: 'Shell; the one you use by default.', options: [...SHELLS], ignoreStdin: true }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Autocomplete);
    const shell = args.shell ?? this.determineShell(this.config.shell);
    await AutocompleteCreate.run([], this.config);
    stderr.line('Completion functions written.');
    if (flags['refresh-cache']) return;
    if (shell === 'fish') stdout.line(FISH);
    // Private in its types only.
    else (this as unknown as { printShellInstructions(shell: string): void }).printShellInstructions(shell);
  }
}
