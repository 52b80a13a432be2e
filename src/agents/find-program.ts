import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import path from 'node:path';

export interface ProgramSearch {
  /** Value of PATH. */
  path: string;
  /** Folders whose programs are never run: the repository and its worktrees vote on nothing. */
  refused: string[];
}

export interface FoundProgram {
  /** Real path of the program; undefined when there is none. */
  file: string | undefined;
  /** Programs of that name that were passed over, because they are in a refused folder. */
  refused: string[];
}

const onWindows = process.platform === 'win32';

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, onWindows ? constants.F_OK : constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
};

const isInside = (file: string, dir: string): boolean => {
  const relative = path.relative(dir, file);
  return relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative);
};

const realPath = (file: string): string => {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
};

/** A name as it may stand in a folder of PATH; npm on Windows puts the real program beside its `.cmd`. */
const candidates = (dir: string, name: string): string[] =>
  onWindows
    ? [path.join(dir, `${name}.exe`), path.join(dir, 'node_modules', '@ampcode', 'cli', 'bin', `${name}.exe`)]
    : [path.join(dir, name)];

/** Looks a program up on the PATH, by its real path: relative folders and refused ones are passed over. */
export const findProgram = (name: string, search: ProgramSearch): FoundProgram => {
  const roots = search.refused.map(realPath);
  const refused: string[] = [];
  for (const dir of search.path.split(path.delimiter).filter(path.isAbsolute))
    for (const candidate of candidates(dir, name)) {
      if (!isProgram(candidate)) continue;
      const file = realPath(candidate);
      const isRefused = roots.some((root) => isInside(candidate, root) || isInside(file, root));
      if (!isRefused) return { file, refused };
      refused.push(candidate);
    }
  return { file: undefined, refused };
};
