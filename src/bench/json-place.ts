/** Where something stands in a text; both from 1. */
export interface Place {
  line: number;
  column: number;
}

/** The place of an offset. */
export const placeAt = (text: string, offset: number): Place => {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let at = before.indexOf('\n'); at !== -1; at = before.indexOf('\n', at + 1)) line += 1;
  return { line, column: offset - start + 1 };
};

/** Deeper documents are not looked through: nobody writes such rows. */
const DEEPEST = 500;

const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORD = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** Ends the walk: with what was looked for, or where the text stops being JSON. */
class Stop {
  readonly offset: number;
  readonly found: boolean;

  constructor(offset: number, found: boolean) {
    this.offset = offset;
    this.found = found;
  }
}

class Walker {
  readonly #text: string;
  readonly #path: readonly (string | number)[];
  /** How much of the path leads to where we are; -1: we are beside it. */
  #matched = 0;
  #at = 0;

  constructor(text: string, path: readonly (string | number)[]) {
    this.#text = text;
    this.#path = path;
  }

  walk(): void {
    this.#value(0);
    this.#skip();
    if (this.#at < this.#text.length) throw new Stop(this.#at, false);
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text)?.[0];
    if (match === undefined || match === '') throw new Stop(this.#at, false);
    this.#at += match.length;
    return match;
  }

  #skip(): void {
    SPACE.lastIndex = this.#at;
    this.#at += SPACE.exec(this.#text)![0].length;
  }

  #isNext(mark: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  #expect(mark: string): void {
    if (!this.#isNext(mark)) throw new Stop(this.#at, false);
  }

  #value(depth: number): void {
    if (depth > DEEPEST) throw new Stop(this.#at, false);
    if (this.#isNext('{')) this.#members('}', depth);
    else if (this.#isNext('[')) this.#members(']', depth);
    else this.#take(this.#text[this.#at] === '"' ? STRING : WORD);
  }

  #members(end: '}' | ']', depth: number): void {
    if (this.#isNext(end)) return;
    for (let index = 0; ; index++) {
      this.#skip();
      const start = this.#at;
      const step = end === '}' ? (JSON.parse(this.#take(STRING)) as string) : index;
      if (end === '}') this.#expect(':');
      this.#step(step, start, depth);
      if (this.#isNext(end)) return;
      this.#expect(',');
    }
  }

  /** A member: the one that is looked for ends the walk, one on the way to it is entered. */
  #step(step: string | number, start: number, depth: number): void {
    const isOnPath = this.#matched === depth && this.#path[depth] === step;
    if (isOnPath) {
      this.#matched += 1;
      if (this.#matched === this.#path.length) throw new Stop(start, true);
    }
    this.#value(depth + 1);
    if (isOnPath) this.#matched -= 1;
  }
}

const offsetOf = (text: string, path: readonly (string | number)[]): Stop | undefined => {
  try {
    new Walker(text, path).walk();
    return undefined;
  } catch (error) {
    if (error instanceof Stop) return error;
    throw error;
  }
};

/** Where a member of a JSON document stands: its key, or in a list the value; undefined when it is not there. */
export const placeInJson = (text: string, path: readonly (string | number)[]): Place | undefined => {
  const stop = path.length === 0 ? undefined : offsetOf(text, path);
  return stop?.found ? placeAt(text, stop.offset) : undefined;
};

/** Where a text stops being JSON; undefined when it is. V8 does not always say. */
export const placeOfSyntaxError = (text: string): Place | undefined => {
  const stop = offsetOf(text, []);
  return stop && placeAt(text, stop.offset);
};
