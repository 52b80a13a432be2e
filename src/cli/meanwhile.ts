/**
 * Waits for work that has begun, such as a database that comes up, and loads what is needed then while it waits.
 * @throws what the work throws
 */
export const meanwhile = async <Done, Loaded>(
  work: Promise<Done>,
  load: () => Promise<Loaded>,
): Promise<[Done, Loaded]> => {
  // Whoever waits for it below hears of it.
  work.catch(() => {});
  // What the work does before it waits for something comes first.
  await new Promise((resolve) => setImmediate(resolve));
  const loaded = await load();
  return [await work, loaded];
};
