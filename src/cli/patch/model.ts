/** What a patch of git says, taken apart. Texts are as git gave them: not yet fit for a terminal. */
export interface PatchFile {
  /** Null where the file did not exist, or exists no more. */
  oldPath: string | null;
  newPath: string | null;
  /** As git writes them: `100644`, `100755`, `120000` a symbolic link, `160000` a submodule; null when not told. */
  oldMode: string | null;
  newMode: string | null;
  moved: 'renamed' | 'copied' | null;
  /** Percent, of a moved file. */
  similarity: number | null;
  oldId: string | null;
  newId: string | null;
  isBinary: boolean;
  hunks: Hunk[];
}

export interface Hunk {
  /** As git writes it: `-1,5 +1,7`. */
  range: string;
  oldStart: number;
  newStart: number;
  /** The function, class or heading that it is in; often empty. */
  section: string;
  lines: PatchLine[];
}

export type LineKind = 'context' | 'removed' | 'added';

export interface PatchLine {
  kind: LineKind;
  text: string;
  /** The file ends here, without a newline. */
  isEndless: boolean;
}

/** What a word of a program is; '' is nothing in particular. */
export type Scope = '' | 'keyword' | 'string' | 'comment' | 'number' | 'title' | 'type';

/** A piece of a line that looks alike from its first to its last letter. */
export interface Segment {
  text: string;
  scope: Scope;
  /** Whether it is what changed within its line. */
  isStrong: boolean;
}

/** Offsets of letters: from the first to behind the last. */
export type Span = [from: number, to: number];

/** A line that is fit for a terminal. */
export interface ShownLine {
  kind: LineKind;
  text: string;
  segments: Segment[];
  oldNumber: number | null;
  newNumber: number | null;
  isEndless: boolean;
}

/** Lines that belong together: unchanged ones, or what was replaced by what. */
export interface Block {
  context: ShownLine[];
  removed: ShownLine[];
  added: ShownLine[];
  /** Removed and added lines that are one line changed, by their places in the lists, in order. */
  pairs: [removed: number, added: number][];
}
