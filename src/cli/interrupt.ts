/**
 * Ctrl-C in two steps: the first asks to end gently (what was done is kept and recorded), the second ends at once, a
 * third ends this process whatever it does. SIGTERM and SIGHUP count like Ctrl-C.
 */
export interface Interrupt {
  gently: AbortSignal;
  now: AbortSignal;
  /** Hands the signals back to Node. */
  release(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export const listenForInterrupt = (exit: (status: number) => void = (status) => process.exit(status)): Interrupt => {
  const gently = new AbortController();
  const now = new AbortController();
  const onSignal = (): void => {
    if (!gently.signal.aborted) gently.abort();
    else if (!now.signal.aborted) now.abort();
    else exit(130);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    gently: gently.signal,
    now: now.signal,
    release: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
};
