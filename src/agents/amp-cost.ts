import { run } from '../process/run.ts';
import type { AgentFact } from './agent.ts';

/** `amp threads usage` prints text for people: the first amount of dollars is the thread's cost so far. */
export const parseThreadCost = (text: string): number | null => {
  const match = /\$\s?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?/.exec(text);
  return match ? Number(`${match[1]!.replaceAll(',', '')}${match[2] ?? ''}`) : null;
};

export interface CostQuestion {
  program: string;
  env: Record<string, string>;
  cwd: string;
  threadId: string;
  timeoutMs: number;
  signal?: AbortSignal;
}

/** What a thread has cost so far in USD; null when Amp does not tell, in time and in words that we know. */
export const askThreadCost = async (question: CostQuestion): Promise<number | null> => {
  const { program, env, cwd, threadId, timeoutMs, signal } = question;
  try {
    const ran = await run({
      command: program,
      args: ['threads', 'usage', threadId],
      env,
      cwd,
      timeoutMs,
      signal,
      maxBytes: 64 * 1024,
      contain: true,
    });
    return ran.exitCode === 0 ? parseThreadCost(ran.stdout.toString('utf8')) : null;
  } catch {
    return null;
  }
};

/**
 * What one run cost: what the thread has cost by now less what it had cost before (0 for a new one). Nothing at all when
 * either is unknown, or when the bill has not moved yet: an unknown cost is never 0.
 */
export const costFacts = (thread: { before: number | null; after: number | null }): AgentFact[] => {
  const { before, after } = thread;
  if (before === null || after === null || after <= before) return [];
  const costUsd = Math.round((after - before) * 1e6) / 1e6;
  return [{ kind: 'cost', costUsd, costSource: 'billed', threadCostUsd: after }];
};
