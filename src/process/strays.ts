import { setTimeout as sleep } from 'node:timers/promises';
import { type ListedProcess, listProcesses, processesWithEnv, sendSignal } from './processes.ts';

const SWEEPS = 20;

/** A process and its parents up to the first: whoever asks must not be killed, also when it is a stray itself. */
const lineage = (list: ListedProcess[], pid: number): Set<number> => {
  const parents = new Map(list.map((entry) => [entry.pid, entry.parent]));
  const found = new Set<number>();
  for (let at: number | undefined = pid; at !== undefined && !found.has(at); at = parents.get(at)) found.add(at);
  return found;
};

/**
 * Kills what an agent left running when the process that started it died: everybody whose environment at the start
 * named this session and this iteration. Linux; elsewhere the dead man's shell (`dead-man.ts`) has to have done it.
 * @returns how many there were
 */
export const killStrays = async (run: { session: string; iteration: number }): Promise<number> => {
  const killed = new Set<string>();
  for (let round = 0; round < SWEEPS; round++) {
    const list = listProcesses();
    const spared = lineage(list, process.pid);
    const ofSession = processesWithEnv(list, 'AMP_SESSIONS_SESSION', run.session);
    const strays = processesWithEnv(ofSession, 'AMP_SESSIONS_ITERATION', String(run.iteration));
    const condemned = strays.filter(({ pid }) => !spared.has(pid));
    if (condemned.length === 0) break;
    for (const { pid, startTime } of condemned) {
      killed.add(`${pid} ${startTime}`);
      sendSignal(pid, 'SIGKILL');
    }
    await sleep(10);
  }
  return killed.size;
};
