/** A provider turned us away: nothing that the agent or the item did. */
export const LIMIT_CODES: ReadonlySet<string> = new Set(['agent.rejected', 'agent.offline', 'agent.credits']);

/** The process that ran it died. */
export const CRASHED = 'batch.crashed';

/** Of an agent that cannot be started at all: its other items would come to the same end. */
export const AGENT_GONE: ReadonlySet<string> = new Set([
  'agent.missing',
  'agent.login',
  'agent.stub',
  'agent.outdated',
  'sandbox.missing',
]);

const NEVER: ReadonlySet<string> = new Set(['agent.unknown', 'script.invalid', 'repository.missing', 'ref.missing']);

/** Another try would come to the same end. */
export const isHopeless = (code: string): boolean =>
  AGENT_GONE.has(code) || NEVER.has(code) || code.startsWith('config.') || code.startsWith('repository.');
