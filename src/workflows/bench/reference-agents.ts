import type { Agent, AgentEnd, AgentFact, AgentRequest, AgentRun } from '../../agents/agent.ts';
import type { Clock } from '../../clock.ts';
import { applyPatch } from '../../git/apply-patch.ts';
import { locateRepository } from '../../git/locate.ts';

const NAMES = ['gold', 'empty'] as const;
/** Agents that check the harness: they must score 100 % and 0 %. */
export type ReferenceName = (typeof NAMES)[number];

export const isReferenceAgent = (name: string): name is ReferenceName => (NAMES as readonly string[]).includes(name);

const ended = (durationMs: number, failure: AgentEnd['failure'], text: string): AgentEnd => ({
  kind: 'finished',
  exitCode: failure === null ? 0 : 1,
  signal: null,
  durationMs,
  result: { subtype: failure === null ? 'success' : 'error', isError: failure !== null, turns: null, text },
  failure,
  stopped: 'no',
  unknownLines: 0,
  unreadableLines: 0,
  survivors: 0,
});

/** An agent that is no process: it works when it is started, and is done. */
const inProcess = (
  name: ReferenceName,
  clock: Clock,
  work: (request: AgentRequest) => Promise<string | null>,
): Agent => ({
  name,
  version: async () => null,
  check: async () => {},
  start: async (request): Promise<AgentRun> => {
    const began = clock.elapsed();
    const trouble = await work(request);
    const failure =
      trouble === null
        ? null
        : { code: 'agent.failed' as const, message: trouble, hint: 'The case is wrong, or its base commit is.' };
    const facts = async function* (): AsyncGenerator<AgentFact, void, undefined> {
      yield ended(clock.elapsed() - began, failure, trouble ?? 'Done.');
    };
    return { facts: facts(), stop: () => {} };
  },
});

/**
 * Applies the reference patch of a case, which it is given in memory: no file, no environment, no process holds it.
 * @param patch null: the case has none, and the run fails
 */
export const goldAgent = (patch: string | null, clock: Clock): Agent =>
  inProcess('gold', clock, async ({ worktree }) => {
    if (patch === null) return 'The case has no reference patch.';
    const repo = await locateRepository(worktree);
    const applied = await applyPatch(repo, repo.here!, Buffer.from(patch));
    return applied ? null : 'The reference patch does not apply.';
  });

/** Does nothing. */
export const emptyAgent = (clock: Clock): Agent => inProcess('empty', clock, async () => null);
