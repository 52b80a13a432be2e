/**
 * The values of several sources in the order in which they come. A source is asked for its next value only when the
 * one before was taken, so that a slow listener slows the sources down.
 */
export async function* merge<Value>(sources: AsyncIterable<Value>[]): AsyncGenerator<Value, void, undefined> {
  const ready: { value: Value; taken: () => void }[] = [];
  let open = sources.length;
  let failure: unknown;
  let wake: () => void = () => {};
  const pump = async (source: AsyncIterable<Value>): Promise<void> => {
    try {
      for await (const value of source)
        await new Promise<void>((taken) => {
          ready.push({ value, taken });
          wake();
        });
    } catch (error) {
      failure ??= error;
    }
    open -= 1;
    wake();
  };
  for (const source of sources) void pump(source);
  for (;;) {
    const next = ready.shift();
    if (next) {
      next.taken();
      yield next.value;
    } else if (open === 0) {
      if (failure !== undefined) throw failure;
      return;
    } else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
}
