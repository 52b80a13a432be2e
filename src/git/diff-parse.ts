import { pathFromBytes, splitNul } from './paths.ts';

export type ChangeStatus = 'added' | 'modified' | 'deleted' | 'renamed' | 'copied' | 'typechanged';

export interface FileChange {
  path: string;
  /** For a renamed or copied file. */
  previousPath?: string;
  status: ChangeStatus;
  /** Lines; null for a binary file. */
  insertions: number | null;
  deletions: number | null;
}

/** The same with what git compared. */
export interface DetailedChange extends FileChange {
  /** `000000` where there is no file. */
  previousMode: string;
  mode: string;
  /** Of the blob; zeros where there is none. */
  previousId: string;
  id: string;
}

const STATUSES: Record<string, ChangeStatus> = {
  A: 'added',
  M: 'modified',
  D: 'deleted',
  R: 'renamed',
  C: 'copied',
  T: 'typechanged',
  U: 'modified',
};

const COLON = 0x3a;

const count = (text: string): number | null => (text === '-' ? null : Number(text));

/**
 * Reads what `git diff-tree -r -z --raw --numstat -M` prints: first a line for every file, then its numbers.
 * Raw: `:mode mode id id status NUL path NUL [path NUL]`; numbers: `ins TAB del TAB path NUL`, and for a renamed file
 * `ins TAB del TAB NUL old NUL new NUL`. Source: git-diff-tree(1).
 */
export const parseDetails = (bytes: Buffer): DetailedChange[] => {
  const pieces = splitNul(bytes);
  const changes: DetailedChange[] = [];
  let at = 0;
  while (pieces[at]?.[0] === COLON) {
    const [previousMode = '', mode = '', previousId = '', id = '', letter = ''] = pieces[at]!.toString(
      'latin1',
      1,
    ).split(' ');
    const status = STATUSES[letter[0]!] ?? 'modified';
    const isMoved = status === 'renamed' || status === 'copied';
    const path = pathFromBytes(pieces[at + (isMoved ? 2 : 1)]!);
    const previous = isMoved ? { previousPath: pathFromBytes(pieces[at + 1]!) } : {};
    changes.push({ path, ...previous, status, insertions: 0, deletions: 0, previousMode, mode, previousId, id });
    at += isMoved ? 3 : 2;
  }
  const byPath = new Map(changes.map((change) => [change.path, change]));
  while (at < pieces.length) {
    const piece = pieces[at]!;
    const first = piece.indexOf(0x09);
    const second = piece.indexOf(0x09, first + 1);
    const isMoved = second === piece.length - 1;
    const change = byPath.get(pathFromBytes(isMoved ? pieces[at + 2]! : piece.subarray(second + 1)));
    if (change) {
      change.insertions = count(piece.toString('latin1', 0, first));
      change.deletions = count(piece.toString('latin1', first + 1, second));
    }
    at += isMoved ? 3 : 1;
  }
  return changes;
};

/** A change without what git compared. */
export const withoutDetails = (change: DetailedChange): FileChange => {
  const { previousMode, mode, previousId, id, ...plain } = change;
  return plain;
};

/** What `parseDetails` reads, without what git compared. */
export const parseDiff = (bytes: Buffer): FileChange[] => parseDetails(bytes).map(withoutDetails);
