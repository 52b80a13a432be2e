import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { describeValue } from '../../src/config/describe.ts';
import { type TrustAnswer, trustSettings } from '../../src/config/settings.ts';
import { configScope } from '../../src/workflows/config-scope.ts';
import { withContext } from '../../src/workflows/context.ts';
import { findSession } from '../../src/workflows/find-session.ts';
import { trustCommands } from '../../src/workflows/foreign-commands.ts';
import { trustRepositoryHooks } from '../../src/workflows/user-hooks.ts';

export default class ConfigTrust extends BaseCommand {
  static override summary = 'Let the programs named in the repository’s .amp-sessions.yaml run.';
  static override description = 'Trust is for the exact bytes: any change takes it away.';
  static override examples = ['<%= config.bin %> config trust'];

  static override flags = {
    hooks: boolean({ summary: 'Trust the repository’s git hooks as they are now instead (for `commit.hooks`).' }),
    session: string({
      summary: 'Trust the commands of a session that another clone has made instead.',
      helpValue: '<session>',
      exclusive: ['hooks'],
    }),
  };

  async run(): Promise<TrustAnswer | { hooks: string[]; sha256: string } | Awaited<ReturnType<typeof trustCommands>>> {
    const { flags } = await this.parse(ConfigTrust);
    if (flags.session !== undefined) return this.#session(flags.session);
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
  async #session(given: string): ReturnType<typeof trustCommands> {
    const trusted = await withContext({ dir: this.directory }, async (ctx) =>
      trustCommands(ctx, (await findSession(ctx, given, this.directory)).id),
    );
    this.print(trusted.commands.length === 0 ? 'None of its commands came from elsewhere.' : 'Trusted:');
    for (const { what, line } of trusted.commands) this.print(`  ${what}: ${this.plain(line)}`);
    return trusted;
  }
}
