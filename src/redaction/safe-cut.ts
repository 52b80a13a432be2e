/** Characters on both sides of a cut that are looked at: longer than any token, shorter than a key in PEM. */
export const CUT_WINDOW = 8 * 1024;
const MOST_TRIES = 16;

/** Where a word ends: a secret of one word never goes across. */
const ENDS = /[\s"'`,;<>()[\]{}]/;

type Redact = (text: string) => Promise<string> | string;

/**
 * Where a text that goes on may be cut, so that no secret lies across: redacting both sides gives what redacting them
 * together gives. Looked for backwards from the end.
 * @returns the length of the part that may go; 0 when the text is too short
 */
export const safeCut = async (text: string, redact: Redact): Promise<number> => {
  const least = Math.max(0, text.length - CUT_WINDOW);
  let at = text.length - CUT_WINDOW / 2;
  for (let tries = 0; tries < MOST_TRIES && at > least; tries++) {
    while (at > least && !ENDS.test(text[at - 1]!)) at--;
    if (at <= least) break;
    const [before, behind] = [text.slice(Math.max(0, at - CUT_WINDOW), at), text.slice(at)];
    if ((await redact(before)) + (await redact(behind)) === (await redact(before + behind))) return at;
    at--;
  }
  return least;
};
