import type { Agent } from '../agents/agent.ts';
import type { ConfigKey } from '../config/load.ts';
import type { AgentChoice } from '../session/state.ts';
import type { Context } from './context.ts';

const PROGRAMS: Record<string, ConfigKey[]> = {
  command: ['agents.command.run'],
  scripted: ['agents.scripted.script'],
};

/**
 * The adapter of the agent that a session names, set up from the configuration.
 * @throws AppError `agent.unknown`, `agent.missing`, `config.untrusted`, `script.invalid`
 */
export const sessionAgent = async (ctx: Context, choice: AgentChoice): Promise<Agent> => {
  const { createAgent } = await import('../agents/registry.ts');
  const { agents, isolation } = ctx.config.config;
  if (choice.name === 'amp' && agents.amp.path) ctx.config.requireTrust(['agents.amp.path']);
  // What a session does not name itself, the adapter takes from the configuration.
  if (choice.command === undefined) ctx.config.requireTrust(PROGRAMS[choice.name] ?? []);
  return createAgent(choice, { env: ctx.env, clock: ctx.clock, settings: agents, root: ctx.repo.root, isolation });
};
