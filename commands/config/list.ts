import { BaseCommand } from '../../src/cli/base-command.ts';
import { describeOrigin, describeValue } from '../../src/config/describe.ts';
import { listConfig, type Setting } from '../../src/config/settings.ts';
import { configScope } from '../../src/workflows/config-scope.ts';

export default class ConfigList extends BaseCommand {
  static override summary = 'Show every setting and where its value comes from.';
  static override examples = ['<%= config.bin %> config list', '<%= config.bin %> config list --json'];

  async run(): Promise<{ items: Setting[] }> {
    await this.parse(ConfigList);
    const items = await listConfig(await configScope(this.directory));
    const rows = items.map((item) => [item.key, describeValue(item.value) || '–', describeOrigin(item)] as const);
    const width = (column: 0 | 1) => Math.min(40, Math.max(...rows.map((row) => row[column].length)));
    const [keys, values] = [width(0), width(1)];
    rows.forEach(([key, value, origin], n) => {
      const { dim, yellow } = this.color;
      const trust = items[n]!.trusted ? '' : yellow('  not trusted: see `config trust`');
      this.print(`${key.padEnd(keys)}  ${value.padEnd(values)}  ${dim(origin)}${trust}`);
    });
    return { items };
  }
}
