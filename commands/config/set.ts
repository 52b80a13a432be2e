import { string } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { describeValue } from '../../src/config/describe.ts';
import { setConfigValue } from '../../src/config/settings.ts';
import { requireAgent } from '../../src/workflows/choices.ts';
import { configScope } from '../../src/workflows/config-scope.ts';

export default class ConfigSet extends BaseCommand {
  static override summary = 'Change a setting in your own file, or in the repository’s.';
  static override examples = [
    '<%= config.bin %> config set agent amp',
    '<%= config.bin %> config set test "npm test" --repository',
  ];
  static override args = {
    key: string({ description: 'Name of the setting.', required: true }),
    value: string({ description: 'Its new value.', required: true }),
  };
  static override flags = {
    repository: boolean({ summary: 'Write to .amp-sessions.yaml of the repository, for everyone who works in it.' }),
  };

  async run(): Promise<{ key: string; value: unknown; file: string }> {
    const { args, flags } = await this.parse(ConfigSet);
    const scope = flags.repository ? 'repository' : 'user';
    if (args.key === 'agent') requireAgent(args.value);
    const answer = await setConfigValue(args.key, args.value, { ...(await configScope(this.directory)), scope });
    this.print(`${answer.key} = ${describeValue(answer.value)}  ${this.color.dim(answer.file)}`);
    if (flags.repository) this.talk('Programs named in this file need `amp-sessions config trust` again.');
    return answer;
  }
}
