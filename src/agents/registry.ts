import path from 'node:path';
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import type { StopStrength } from '../process/strength.ts';
import type { Agent } from './agent.ts';
import type { Environment } from './agent-env.ts';
import { Amp } from './amp.ts';
import { CommandAgent } from './command.ts';
import { ScriptedAgent } from './scripted.ts';
import type { AgentSettings } from './settings.ts';

export interface AgentOptions {
  env: Environment;
  clock: Clock;
  settings: AgentSettings;
  /** Top of the repository: no agent's program is taken from inside it unless the configuration names it. */
  root: string;
  /** How the agent's processes are held together; `auto` is the best that the machine can do. */
  isolation?: 'auto' | StopStrength;
}

/** Which agent a session wants; `command` is the command line of `command`, or the script of `scripted`. */
export interface AgentWish {
  name: string;
  mode: string | null;
  command?: string;
}

const absolute = (file: string | undefined, root: string): string | undefined =>
  file === undefined ? undefined : path.resolve(root, file);

type Maker = (wish: AgentWish, options: AgentOptions & { strength?: StopStrength }) => Agent;

/** Another agent is one more line here, and one more file that speaks the port of `agent.ts`. */
const MAKERS: Record<string, Maker> = {
  amp: ({ mode }, { settings, ...options }) => new Amp({ ...options, mode, settings: settings.amp }),
  command: ({ command }, { settings, ...options }) =>
    new CommandAgent({ ...options, line: command ?? settings.command.run }),
  scripted: ({ mode, command }, { settings, ...options }) =>
    new ScriptedAgent({ ...options, mode, script: absolute(command ?? settings.scripted.script, options.root) }),
};

/** The agents that exist. */
export const agentNames = (): string[] => Object.keys(MAKERS);

/**
 * The adapter of an agent.
 * @throws AppError `agent.unknown`
 */
export const createAgent = (wish: AgentWish, { isolation = 'auto', ...options }: AgentOptions): Agent => {
  const make = Object.hasOwn(MAKERS, wish.name) ? MAKERS[wish.name] : undefined;
  if (make) return make(wish, { ...options, strength: isolation === 'auto' ? undefined : isolation });
  throw new AppError('agent.unknown', `There is no agent \`${wish.name}\`.`, {
    hint: `Choose one of ${agentNames().join(', ')}.`,
  });
};
