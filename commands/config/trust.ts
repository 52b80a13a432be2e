import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { trustText } from '../../src/cli/trust-text.ts';
import { describeValue } from '../../src/config/describe.ts';
import { type TrustAnswer, trustSettings } from '../../src/config/settings.ts';
import { configScope } from '../../src/workflows/config-scope.ts';
import { withContext } from '../../src/workflows/context.ts';
import { findSession } from '../../src/workflows/find-session.ts';
import { trustSessionAsItIs } from '../../src/workflows/trust-session.ts';
import { trustRepositoryHooks } from '../../src/workflows/user-hooks.ts';

export default class ConfigTrust extends BaseCommand {
  static override summary = 'Let the programs named in the repository’s .amp-sessions.yaml run.';
  static override description = 'Trust is for the exact bytes: any change takes it away.';
  static override examples = [
    '<%= config.bin %> config trust',
    '<%= config.bin %> config trust --session login --dry-run',
  ];

  static override flags = {
    hooks: boolean({ summary: 'Trust the repository’s git hooks as they are now instead (for `commit.hooks`).' }),
    session: string({
      summary:
        'Trust a session instead: its commands that came from another clone, and what changed beside its worktree while its agent ran.',
      helpValue: '<session>',
      exclusive: ['hooks'],
    }),
    'dry-run': boolean({ char: 'n', summary: 'Show what would be trusted, trust nothing.', dependsOn: ['session'] }),
  };

  async run(): Promise<
    TrustAnswer | { hooks: string[]; sha256: string } | Awaited<ReturnType<typeof trustSessionAsItIs>>
  > {
    const { flags } = await this.parse(ConfigTrust);
    if (flags.session !== undefined) return this.#session(flags.session, flags['dry-run'] ?? false);
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
  async #session(given: string, dryRun: boolean): ReturnType<typeof trustSessionAsItIs> {
    const trusted = await withContext({ dir: this.directory, warn: (text) => this.caution(text) }, async (ctx) =>
      trustSessionAsItIs(ctx, (await findSession(ctx, given, this.directory)).id, { dryRun }),
    );
    this.print(() => trustText(trusted, this.color));
    return trusted;
  }
}
