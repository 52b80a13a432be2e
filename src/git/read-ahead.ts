import type { CatObject } from './cat-file.ts';

/** Questions that are under way at once. */
const AHEAD = 32;

/**
 * Objects in the order of their ids, some of them asked for before they are wanted: asked one by one, reader and git
 * wait for each other.
 * @returns undefined in the place of an object that is not there
 * @throws AppError git.failed
 */
export async function* readAhead(
  reader: { object(id: string): Promise<CatObject | undefined> },
  ids: readonly string[],
): AsyncGenerator<CatObject | undefined> {
  const asked: Promise<CatObject | undefined>[] = [];
  for (let next = 0, at = 0; at < ids.length; at++) {
    for (; next < ids.length && asked.length < AHEAD; next++) {
      const answer = reader.object(ids[next]!);
      // Whoever waits for it hears of the error; nobody may.
      answer.catch(() => {});
      asked.push(answer);
    }
    yield await asked.shift()!;
  }
}
