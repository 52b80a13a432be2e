import type { Contender } from './results.ts';

/** An agent as a suite or a flag names it. */
export interface NamedAgent {
  agent: string;
  model?: string;
  /** What it is called in the report. */
  name?: string;
}

const shortAgent = (agent: string): string => {
  const colon = agent.indexOf(':');
  if (colon < 0) return agent;
  const program = agent.slice(colon + 1);
  return agent.startsWith('scripted:') ? `scripted ${program.split(/[\\/]/).at(-1)}` : program;
};

/** A scripted agent is its script, and others are their model: what they are called when nobody says. */
const nameOf = ({ agent, model, name }: NamedAgent): string =>
  name ?? (model === undefined ? shortAgent(agent) : `${shortAgent(agent)} (${model})`);

/**
 * Who takes part: agents that name no model with each of the models, the reference agents without any. Those that
 * would be called the same are numbered.
 */
export const contendersOf = (agents: readonly NamedAgent[], models: readonly string[]): Contender[] => {
  const all = agents.flatMap((one): NamedAgent[] => {
    const isReference = one.agent === 'gold' || one.agent === 'empty';
    if (one.model !== undefined || models.length === 0 || isReference) return [one];
    const named = (model: string) => (one.name === undefined ? {} : { name: `${one.name} (${model})` });
    return models.map((model) => ({ ...one, model, ...named(model) }));
  });
  const taken = new Set<string>();
  return all.map((one) => {
    const wanted = nameOf(one);
    let name = wanted;
    for (let nth = 2; taken.has(name); nth++) name = `${wanted} #${nth}`;
    taken.add(name);
    return { name, agent: one.agent, model: one.model ?? null };
  });
};
