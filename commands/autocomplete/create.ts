import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import PluginCreate from '../../node_modules/@oclif/plugin-autocomplete/lib/commands/autocomplete/create.js';
import { SHELLS, scriptPath, shellScript } from '../../src/cli/shell-scripts.ts';

/** oclif's command, with functions that know session names, and fish besides. */
export default class AutocompleteCreate extends PluginCreate {
  static override summary = 'Write the completion functions of all shells into the cache folder.';
  static override hidden = true;

  override async run(): Promise<void> {
    await this.parse(AutocompleteCreate);
    await super.run();
    const folder = path.join(this.config.cacheDir, 'autocomplete');
    for (const shell of SHELLS) {
      const file = path.join(folder, scriptPath(shell));
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, shellScript(shell));
    }
  }
}
