import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { describeValue } from '../../src/config/describe.ts';
import { type TrustAnswer, trustSettings } from '../../src/config/settings.ts';
import { configScope } from '../../src/workflows/config-scope.ts';
import { withContext } from '../../src/workflows/context.ts';
import { trustRepositoryHooks } from '../../src/workflows/user-hooks.ts';

export default class ConfigTrust extends BaseCommand {
  static override summary = 'Let the programs named in the repository’s .amp-sessions.yaml run.';
  static override description = 'Trust is for the exact bytes: any change takes it away.';
  static override examples = ['<%= config.bin %> config trust'];

  static override flags = {
    hooks: boolean({ summary: 'Trust the repository’s git hooks as they are now instead (for `commit.hooks`).' }),
  };

  async run(): Promise<TrustAnswer | { hooks: string[]; sha256: string }> {
    const { flags } = await this.parse(ConfigTrust);
    if (flags.hooks) {
      const trusted = await withContext({ dir: this.directory }, trustRepositoryHooks);
      this.print(trusted.hooks.length === 0 ? 'This repository has no hooks.' : `Trusted: ${trusted.hooks.join(', ')}`);
      return trusted;
    }
    const answer = await trustSettings(await configScope(this.directory));
    this.print(`Trusted: ${answer.file}`);
    for (const { key, value } of answer.settings) this.print(`  ${key} = ${describeValue(value)}`);
    return answer;
  }
}
