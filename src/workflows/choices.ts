import { agentNames } from '../agents/registry.ts';
import { AppError } from '../errors.ts';
import type { AgentChoice } from '../session/state.ts';
import type { Context } from './context.ts';
import { sessionAgent } from './session-agent.ts';

/** What a person said about a new session; undefined leaves it to the configuration. */
export interface ChoiceFlags {
  agent?: string;
  model?: string;
  test?: string;
  setup?: string;
}

export interface Choices {
  agent: AgentChoice;
  test: string | null;
  setup: string | null;
}

/**
 * `command:make all` and `scripted:demo.yaml` carry the program with the agent's name.
 * @throws AppError `usage.invalid` where nothing stands behind the colon
 */
export const parseAgent = (given: string, mode: string | null): AgentChoice => {
  const colon = given.indexOf(':');
  if (colon < 0) return { name: given, mode };
  const [name, command] = [given.slice(0, colon), given.slice(colon + 1)];
  if (command.trim() === '')
    throw new AppError('usage.invalid', `The agent \`${given}\` names no program.`, {
      hint: `Write it behind the colon: ${name === 'scripted' ? 'scripted:agent.yaml' : 'command:make all'}.`,
    });
  return { name, mode, command };
};

/** @throws AppError `agent.unknown` unless `given` names an agent that exists, with or without its program. */
export const requireAgent = (given: string): void => {
  if (agentNames().includes(parseAgent(given, null).name)) return;
  throw new AppError('agent.unknown', `There is no agent \`${given}\`.`, {
    hint: `Choose one of ${agentNames().join(', ')}.`,
  });
};

/** The program of an agent that needs one, from the configuration where the flag named none. */
const withProgram = (ctx: Context, choice: AgentChoice): AgentChoice => {
  if (choice.command !== undefined) return choice;
  const { agents } = ctx.config.config;
  if (choice.name === 'command' && agents.command.run) {
    ctx.config.requireTrust(['agents.command.run']);
    return { ...choice, command: agents.command.run };
  }
  if (choice.name === 'scripted' && agents.scripted.script) {
    ctx.config.requireTrust(['agents.scripted.script']);
    return { ...choice, command: agents.scripted.script };
  }
  return choice;
};

/**
 * Agent, test and set-up command of a new session: flags, then configuration. What comes from the repository's file
 * and names a program counts only when the user trusts that file.
 * @throws AppError `config.untrusted`, `agent.unknown`
 */
export const chooseForSession = async (ctx: Context, flags: ChoiceFlags): Promise<Choices> => {
  const { config } = ctx.config;
  if (flags.test === undefined && config.test) ctx.config.requireTrust(['test']);
  if (flags.setup === undefined && config.setup) ctx.config.requireTrust(['setup']);
  if (config.worktrees !== '.worktrees') ctx.config.requireTrust(['worktrees']);
  const agent = parseAgent(flags.agent ?? config.agent, flags.model ?? config.model ?? null);
  const choice = withProgram(ctx, agent);
  await sessionAgent(ctx, choice);
  const test = flags.test ?? config.test ?? null;
  const setup = flags.setup ?? config.setup ?? null;
  await refuseSecrets(ctx, { 'test command': test, 'set-up command': setup, "agent's program": choice.command });
  return { agent: choice, test, setup };
};

/**
 * A command line goes on record, and what runs is what is on record: with its secret taken out it would be another
 * command. @throws AppError `usage.invalid`
 */
export const refuseSecrets = async (ctx: Context, lines: Record<string, string | null | undefined>): Promise<void> => {
  for (const [what, line] of Object.entries(lines))
    if (line && (await ctx.redact(line)) !== line)
      throw new AppError(
        'usage.invalid',
        `The ${what} holds what looks like a secret, and secrets do not go on record.`,
        {
          hint: 'Put it into an environment variable and name that in the command.',
        },
      );
};

/** The agent of one run: the session's own, unless the flags name another agent, mode or model. */
export const chooseAgent = (
  ctx: Context,
  flags: Pick<ChoiceFlags, 'agent' | 'model'>,
  own: AgentChoice,
): AgentChoice => {
  if (flags.agent === undefined && flags.model === undefined) return own;
  if (flags.agent === undefined) return { ...own, mode: flags.model ?? own.mode };
  return withProgram(ctx, parseAgent(flags.agent, flags.model ?? null));
};
