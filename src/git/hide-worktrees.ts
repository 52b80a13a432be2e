import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '../errors.ts';
import { lstatIfAny, readTextIfAny } from './files.ts';
import type { Repository } from './repository.ts';
import { withLock } from './stale-locks.ts';

const hasLine = (file: string, line: string): boolean =>
  (readTextIfAny(file) ?? '').split('\n').some((other) => other.trimEnd() === line);

const append = (file: string, line: string): void => {
  mkdirSync(dirname(file), { recursive: true });
  const before = readTextIfAny(file) ?? '';
  const handle = openSync(file, 'a');
  try {
    writeSync(handle, `${before === '' || before.endsWith('\n') ? '' : '\n'}${line}\n`);
  } finally {
    closeSync(handle);
  }
};

/**
 * Has git overlook a folder of the checkout, by one line in `info/exclude`, which is the clone's own and never
 * committed. Once: a line that is there stays.
 * @param line a gitignore pattern such as `/.worktrees/`
 */
export const hideWorktrees = async (repo: Repository, line: string): Promise<void> => {
  const file = join(repo.commonDir, 'info', 'exclude');
  if (hasLine(file, line)) return;
  if (lstatIfAny(file)?.isSymbolicLink()) {
    throw new AppError('worktree.blocked', `${file} is a symbolic link; nothing is written through it.`, {
      hint: `Add the line ${line} yourself.`,
    });
  }
  await withLock(repo, 'exclude', () => {
    if (!hasLine(file, line)) append(file, line);
  });
};
