import type { ChangeStatus } from './diff-parse.ts';
import { pathFromBytes } from './paths.ts';

/** A run of lines that changed, as `@@ -old,count +new,count @@` tells it without context. */
export interface PatchHunk {
  /** First line that goes; where none goes, the line after which the new ones come. */
  oldStart: number;
  oldLines: number;
  newStart: number;
  newLines: number;
  /** The lines that come, each with its `+` and newline, as they lie in the patch. */
  added: Buffer;
}

export interface PatchFile {
  path: string;
  previousPath?: string;
  status: ChangeStatus;
  /** Such as `100644`; zeros where there is no file. */
  oldMode: string;
  newMode: string;
  oldId: string;
  newId: string;
  /** Git shows no lines of it. */
  isBinary: boolean;
  hunks: PatchHunk[];
}

const STATUSES: Record<string, ChangeStatus> = {
  A: 'added',
  M: 'modified',
  D: 'deleted',
  R: 'renamed',
  C: 'copied',
  T: 'typechanged',
};

const COLON = 0x3a;
const NEWLINE = 0x0a;
const PAIR = /^[0-9a-f]{40,64} [0-9a-f]{40,64}$/;
const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

/**
 * Reads what `git diff-tree --stdin -r -z --raw -p -U0` prints for pairs of trees: for each a line `tree tree`, the raw
 * entries (see `parseDiff`), a NUL, and the patches in the order of the entries: two for a file whose type changed,
 * one for any other. Names are taken from the entries, so that no quoting has to be undone; lines of a hunk are
 * counted, so that nothing in a file can pass for a header. Source: git-diff-tree(1).
 */
class PatchReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  readAll(): PatchFile[][] {
    const pairs: PatchFile[][] = [];
    while (this.#at < this.#bytes.length) {
      this.#line();
      const files = this.#entries();
      this.#patches(files);
      pairs.push(files);
    }
    return pairs;
  }

  /** The end of the line at hand, its newline excluded. */
  #end(): number {
    const end = this.#bytes.indexOf(NEWLINE, this.#at);
    return end === -1 ? this.#bytes.length : end;
  }

  #peek(): string {
    return this.#bytes.toString('latin1', this.#at, Math.min(this.#end(), this.#at + 200));
  }

  #line(): string {
    const text = this.#peek();
    this.#at = this.#end() + 1;
    return text;
  }

  #untilNul(): Buffer {
    const end = this.#bytes.indexOf(0, this.#at);
    const piece = this.#bytes.subarray(this.#at, end);
    this.#at = end + 1;
    return piece;
  }

  #entries(): PatchFile[] {
    const files: PatchFile[] = [];
    while (this.#bytes[this.#at] === COLON) {
      const [oldMode, newMode, oldId, newId, letter] = this.#untilNul().toString('latin1').slice(1).split(' ');
      const status = STATUSES[letter![0]!] ?? 'modified';
      const first = pathFromBytes(this.#untilNul());
      const isMoved = status === 'renamed' || status === 'copied';
      const names = isMoved ? { path: pathFromBytes(this.#untilNul()), previousPath: first } : { path: first };
      const objects = { oldMode: oldMode!, newMode: newMode!, oldId: oldId!, newId: newId! };
      files.push({ ...names, status, ...objects, isBinary: false, hunks: [] });
    }
    if (files.length > 0 && this.#bytes[this.#at] === 0) this.#at += 1;
    return files;
  }

  #patches(files: PatchFile[]): void {
    const owners = files.flatMap((file) => (file.status === 'typechanged' ? [file, file] : [file]));
    let owner: PatchFile | undefined;
    while (this.#at < this.#bytes.length) {
      const text = this.#peek();
      if (PAIR.test(text)) return;
      this.#line();
      if (text.startsWith('diff --git ')) owner = owners.shift();
      else if (text.startsWith('Binary files ') && owner) owner.isBinary = true;
      const hunk = HUNK.exec(text);
      if (hunk) owner?.hunks.push(this.#hunk(hunk));
    }
  }

  #hunk([, oldStart, oldLines = '1', newStart, newLines = '1']: RegExpExecArray): PatchHunk {
    const counts = { oldLines: Number(oldLines), newLines: Number(newLines) };
    this.#skip('-', counts.oldLines);
    const from = this.#at;
    const to = this.#skip('+', counts.newLines);
    const added = this.#bytes.subarray(from, to);
    return { oldStart: Number(oldStart), newStart: Number(newStart), ...counts, added };
  }

  /** Passes over so many lines that begin with a sign, and what git says about a missing newline at their end. */
  #skip(sign: '+' | '-', count: number): number {
    for (let passed = 0; passed < count && this.#bytes[this.#at] === sign.charCodeAt(0); passed++)
      this.#at = this.#end() + 1;
    const end = Math.min(this.#at, this.#bytes.length);
    if (this.#bytes[this.#at] === 0x5c) this.#line();
    return end;
  }
}

export const parsePatches = (bytes: Buffer): PatchFile[][] => new PatchReader(bytes).readAll();

/** The lines that a hunk brings, without their signs. */
export const addedLines = ({ added, newLines }: PatchHunk): string[] =>
  newLines === 0
    ? []
    : added
        .toString('utf8')
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => line.slice(1));
