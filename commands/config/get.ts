import { string } from '@oclif/core/args';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { describeOrigin, describeValue } from '../../src/config/describe.ts';
import { getConfigValue, type Setting } from '../../src/config/settings.ts';
import { configScope } from '../../src/workflows/config-scope.ts';

export default class ConfigGet extends BaseCommand {
  static override summary = 'Show one setting and where its value comes from.';
  static override examples = ['<%= config.bin %> config get test'];
  static override args = {
    key: string({ description: 'Name of the setting, such as agents.amp.path.', required: true }),
  };

  async run(): Promise<Setting> {
    const { args } = await this.parse(ConfigGet);
    const setting = await getConfigValue(args.key, await configScope(this.directory));
    this.print(describeValue(setting.value));
    this.talk(this.color.dim(`from ${describeOrigin(setting)}${setting.trusted ? '' : ', not trusted'}`));
    return setting;
  }
}
