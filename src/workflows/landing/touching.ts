import type { PatchFile } from '../../git/patches.ts';

/** Lines of a file as it was: from the first up to, and without, the last. An empty range is a place between lines. */
export interface LineRange {
  from: number;
  to: number;
}

/** What one side does to a file. */
export interface FileTouch {
  ranges: LineRange[];
  /** More than lines of a text that stays where it is: it comes, goes, moves, is binary, or has another mode. */
  isWhole: boolean;
}

export type Touched = Map<string, FileTouch>;

const isPlain = ({ status, oldMode, newMode, isBinary, hunks }: PatchFile): boolean =>
  status === 'modified' && oldMode === newMode && !isBinary && hunks.length > 0;

/** The files that a change touches, each with its lines, in lines of what was before. */
export const touchedBy = (files: PatchFile[]): Touched => {
  const touched: Touched = new Map();
  for (const file of files) {
    const ranges = file.hunks.map(({ oldStart, oldLines }) =>
      oldLines === 0 ? { from: oldStart + 1, to: oldStart + 1 } : { from: oldStart, to: oldStart + oldLines },
    );
    const isWhole = !isPlain(file);
    touched.set(file.previousPath ?? file.path, { ranges, isWhole });
    if (file.previousPath !== undefined) touched.set(file.path, { ranges: [], isWhole: true });
  }
  return touched;
};

/** Where both change the same or neighbouring lines: git merges neither by itself. Ranges ascend, as in a patch. */
export const meetings = (a: LineRange[], b: LineRange[]): number[] => {
  const lines: number[] = [];
  for (let [at, other] = [0, 0]; at < a.length && other < b.length; ) {
    const [mine, theirs] = [a[at]!, b[other]!];
    if (mine.from <= theirs.to && theirs.from <= mine.to) lines.push(Math.max(mine.from, theirs.from));
    if (mine.to < theirs.to) at += 1;
    else other += 1;
  }
  return [...new Set(lines)];
};

export interface Meeting {
  /** Files that both touch. */
  files: string[];
  /** The lines on which they meet; no line: it is about the file as a whole. */
  places: { path: string; line?: number }[];
  /** Lines alone do not tell whether the two can be merged. */
  isUnclear: boolean;
}

/** The folders above a path. */
const foldersOf = (path: string): string[] => {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
};

/** Paths of one side that are folders of the other. */
const swapped = (a: Touched, b: Touched): string[] => {
  const folders = new Set([...b.keys()].flatMap(foldersOf));
  return [...a.keys()].filter((path) => folders.has(path));
};

/**
 * Where two changes meet.
 * @param isSameGround both speak of the lines of the same files; otherwise only the files can be compared
 */
export const compareTouched = (a: Touched, b: Touched, isSameGround: boolean): Meeting => {
  const common = [...a.keys()].filter((path) => b.has(path));
  const places: Meeting['places'] = [...swapped(a, b), ...swapped(b, a)].map((path) => ({ path }));
  let isUnclear = places.length > 0;
  for (const path of common) {
    const [mine, theirs] = [a.get(path)!, b.get(path)!];
    const lines = isSameGround ? meetings(mine.ranges, theirs.ranges) : [];
    places.push(...lines.map((line) => ({ path, line })));
    const isWhole = mine.isWhole || theirs.isWhole;
    if (isWhole && lines.length === 0 && isSameGround) places.push({ path });
    if (isWhole || lines.length > 0 || !isSameGround) isUnclear = true;
  }
  return {
    files: [...common, ...places.map(({ path }) => path).filter((path) => !common.includes(path))],
    places,
    isUnclear,
  };
};
