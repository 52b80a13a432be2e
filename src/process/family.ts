import { RUN_MARKER } from './marker.ts';
import {
  childrenOf,
  descendantsIn,
  isRunning,
  type ListedProcess,
  listProcesses,
  openPipes,
  processesWithEnv,
  startTimeOf,
} from './processes.ts';

/** How often descendants are noted: one that leaves its group and its parent later is still known by then. */
const LOOK_MS = process.platform === 'linux' ? 250 : 1_000;

/**
 * Who came from a process, as far as it can be told without a namespace: its descendants now and at every look before,
 * its process group, everybody with its marker in the environment, everybody who still holds its output pipes.
 * Never anybody else: a pid counts together with its start time only.
 */
export class Family {
  readonly #root: number;
  readonly #rootStart: string | undefined;
  readonly #marker: string;
  readonly #pipes: ReadonlySet<string>;
  readonly #known = new Map<number, ListedProcess>();
  readonly #timer: NodeJS.Timeout;

  constructor(root: number, marker: string) {
    this.#root = root;
    this.#rootStart = startTimeOf(root);
    this.#marker = marker;
    this.#pipes = new Set(openPipes(root));
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  #look(): void {
    if (process.platform === 'linux' && childrenOf(this.#root).length === 0) return;
    for (const entry of descendantsIn(listProcesses(), this.#root)) this.#known.set(entry.pid, entry);
  }

  /** Ends the looking. */
  close(): void {
    clearInterval(this.#timer);
  }

  /** Everybody who is alive, without the root itself. */
  left(): ListedProcess[] {
    const list = listProcesses();
    const root = list.find((entry) => entry.pid === this.#root);
    const isPidOurs = root === undefined || root.startTime === this.#rootStart;
    const seeds = [
      ...(isPidOurs ? list.filter((entry) => entry.group === this.#root) : []),
      ...(isPidOurs ? descendantsIn(list, this.#root) : []),
      ...[...this.#known.values()].filter(isRunning),
      ...processesWithEnv(list, RUN_MARKER, this.#marker),
      ...list.filter(({ pid }) => openPipes(pid).some((pipe) => this.#pipes.has(pipe))),
    ];
    const found = new Map<number, ListedProcess>();
    for (const seed of seeds) for (const entry of [seed, ...descendantsIn(list, seed.pid)]) found.set(entry.pid, entry);
    found.delete(this.#root);
    found.delete(process.pid);
    return [...found.values()];
  }
}
