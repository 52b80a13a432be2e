import type { AgentRequest } from './agent.ts';

export type Environment = Record<string, string | undefined>;

/**
 * What an agent inherits: the user's environment, without the variables that would point its git at another
 * repository, and with what tells it where it is: AMP_SESSIONS_SESSION, _NAME, _ITERATION, _WORKTREE.
 */
export const agentEnv = (
  env: Environment,
  request: AgentRequest,
  extra: Record<string, string> = {},
): Record<string, string> => {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined && !/^GIT_/i.test(name)) kept[name] = value;
  return {
    ...kept,
    AMP_SESSIONS_SESSION: request.session,
    AMP_SESSIONS_NAME: request.sessionName,
    AMP_SESSIONS_ITERATION: String(request.iteration),
    AMP_SESSIONS_WORKTREE: request.worktree,
    ...extra,
  };
};
