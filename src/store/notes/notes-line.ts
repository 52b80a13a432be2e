import type { NoteEntries } from './plan-notes.ts';

/** Writes notes, as `attachNotes` does. */
type Attach = (entries: NoteEntries) => Promise<void>;

interface Waiting {
  entries: NoteEntries;
  attach: Attach;
  resolve(): void;
  reject(error: unknown): void;
}

const together = (some: readonly NoteEntries[]): NoteEntries => {
  const all: NoteEntries = new Map();
  for (const entries of some)
    for (const [commit, events] of entries) all.set(commit, [...(all.get(commit) ?? []), ...events]);
  return all;
};

const lines = new Map<string, NotesLine>();

/**
 * Those of this process who add to the notes of one repository. They all move the same ref: a hundred at once would
 * take it from each other over and over. So one is at it, and whoever comes meanwhile goes together afterwards.
 */
export class NotesLine {
  #isBusy = false;
  #waiting: Waiting[] = [];

  static of({ commonDir }: { commonDir: string }): NotesLine {
    const line = lines.get(commonDir) ?? new NotesLine();
    lines.set(commonDir, line);
    return line;
  }

  /** For who adds notes along with something else: the way to let go. Undefined: somebody is at it, so use `add`. */
  claim(): (() => void) | undefined {
    if (this.#isBusy) return undefined;
    this.#isBusy = true;
    return () => this.#letGo();
  }

  /** Resolves when they are written, by whomever. */
  add(entries: NoteEntries, attach: Attach): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entries, attach, resolve, reject });
      if (!this.#isBusy) void this.#go();
    });
  }

  #letGo(): void {
    this.#isBusy = false;
    if (this.#waiting.length > 0) void this.#go();
  }

  async #go(): Promise<void> {
    this.#isBusy = true;
    const group = this.#waiting.splice(0);
    try {
      await group[0]!.attach(together(group.map(({ entries }) => entries)));
      for (const { resolve } of group) resolve();
    } catch (error) {
      // What is wrong with one of them must not be the fault of the others.
      if (group.length === 1) group[0]!.reject(error);
      else for (const { entries, attach, resolve, reject } of group) await attach(entries).then(resolve, reject);
    }
    this.#letGo();
  }
}
