import { agentNames } from '../../agents/registry.ts';
import { AppError } from '../../errors.ts';
import { parseAgent } from '../choices.ts';
import { isReferenceAgent } from './reference-agents.ts';

/** @throws AppError `agent.unknown` unless it is an agent that exists, or one that checks the harness */
export const requireKnownAgent = (given: string): void => {
  const { name } = parseAgent(given, null);
  if (agentNames().includes(name) || isReferenceAgent(given)) return;
  throw new AppError('agent.unknown', `There is no agent \`${given}\`.`, {
    hint: `Choose one of ${[...agentNames(), 'gold', 'empty'].join(', ')}.`,
  });
};
