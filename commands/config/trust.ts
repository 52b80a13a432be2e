import { BaseCommand } from '../../src/cli/base-command.ts';
import { describeValue } from '../../src/config/describe.ts';
import { type TrustAnswer, trustSettings } from '../../src/config/settings.ts';
import { configScope } from '../../src/workflows/config-scope.ts';

export default class ConfigTrust extends BaseCommand {
  static override summary = 'Let the programs named in the repository’s .amp-sessions.yaml run.';
  static override description = 'Trust is for the file’s exact bytes: any change takes it away.';
  static override examples = ['<%= config.bin %> config trust'];

  async run(): Promise<TrustAnswer> {
    await this.parse(ConfigTrust);
    const answer = await trustSettings(await configScope(this.directory));
    this.print(`Trusted: ${answer.file}`);
    for (const { key, value } of answer.settings) this.print(`  ${key} = ${describeValue(value)}`);
    return answer;
  }
}
