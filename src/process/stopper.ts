import type { Child } from './child.ts';

const GRACE_MS = 3_000;

/** The stop of a child: each call may only make it harder. */
export const createStop = (options: {
  graceMs: number | undefined;
  signal: (name: NodeJS.Signals) => void;
  hasEnded: () => boolean;
}): Child['stop'] => {
  const ladder: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGKILL'];
  let timer: NodeJS.Timeout | undefined;
  const climb = (): void => {
    const name = ladder.shift();
    if (name === undefined || options.hasEnded()) return;
    options.signal(name);
    timer = setTimeout(climb, options.graceMs ?? GRACE_MS);
  };
  return (how) => {
    if (how === 'gently' && ladder.length < 3) return;
    clearTimeout(timer);
    if (how === 'now') ladder.splice(0, ladder.length - 1);
    climb();
  };
};
