import { systemClock } from '../clock.ts';

/**
 * Ctrl-C in two steps: the first asks to end gently (what was done is kept and recorded), the second ends at once, a
 * third, a second later or more, ends this process whatever it does. SIGTERM and SIGHUP count like Ctrl-C.
 */
export interface Interrupt {
  gently: AbortSignal;
  now: AbortSignal;
  /** Hands the signals back to Node. */
  release(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** `stop --now` presses twice: on who is ending gently already, the second would be a third, and nothing on record. */
const AGAIN_MS = 1000;

/** @param elapsed milliseconds of a clock that never goes back */
export const listenForInterrupt = (
  exit: (status: number) => void = (status) => process.exit(status),
  elapsed = systemClock.elapsed,
): Interrupt => {
  const gently = new AbortController();
  const now = new AbortController();
  let pressedAt = 0;
  const onSignal = (): void => {
    if (!gently.signal.aborted) gently.abort();
    else if (!now.signal.aborted) {
      pressedAt = elapsed();
      now.abort();
    } else if (elapsed() - pressedAt >= AGAIN_MS) exit(130);
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
