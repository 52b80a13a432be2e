/**
 * Ctrl-C, as the verbs see it: the first asks everything that runs to end gently, the second ends it at once.
 * Made by the command from signals, by a test by hand.
 */
export interface Interrupts {
  readonly stopped: 'no' | 'gently' | 'now';
  /** Calls back at each request; returns how to stop listening. */
  onStop(listener: (how: 'gently' | 'now') => void): () => void;
}

export const isStopped = (interrupts: Interrupts | undefined): boolean =>
  interrupts !== undefined && interrupts.stopped !== 'no';

export class InterruptSwitch implements Interrupts {
  stopped: 'no' | 'gently' | 'now' = 'no';
  private readonly listeners = new Set<(how: 'gently' | 'now') => void>();

  /** One more request to stop: the first is gentle, every later one is not. */
  stop(): void {
    const how = this.stopped === 'no' ? 'gently' : 'now';
    this.stopped = how;
    for (const listener of [...this.listeners]) listener(how);
  }

  onStop(listener: (how: 'gently' | 'now') => void): () => void {
    this.listeners.add(listener);
    if (this.stopped !== 'no') listener(this.stopped);
    return () => this.listeners.delete(listener);
  }
}

/** The same without the first request: for what may come to its end while nothing new begins. */
export const onlyAtOnce = (all: Interrupts): Interrupts => ({
  get stopped() {
    return all.stopped === 'now' ? 'now' : 'no';
  },
  onStop: (listener) =>
    all.onStop((how) => {
      if (how === 'now') listener(how);
    }),
});

/** The command's two signals as one switch. */
export const interruptsFrom = (signals: { gently: AbortSignal; now: AbortSignal }): Interrupts => {
  const made = new InterruptSwitch();
  for (const signal of [signals.gently, signals.now]) {
    if (signal.aborted) made.stop();
    else signal.addEventListener('abort', () => made.stop(), { once: true });
  }
  return made;
};
