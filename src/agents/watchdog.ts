/** Milliseconds as `setTimeout` can take them; 0 and undefined are no limit. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Waits for something, and calls `bite` when it has taken too long; the waiting goes on. Only waiting counts, not the
 * time in which a listener is busy with what came before.
 */
export const watch = async <Value>(
  promise: Promise<Value>,
  limit: { ms: number | undefined; bite: () => void },
): Promise<Value> => {
  if (!limit.ms) return promise;
  const timer = setTimeout(limit.bite, Math.min(limit.ms, LONGEST_MS));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
};
