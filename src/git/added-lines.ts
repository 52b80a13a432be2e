import { join } from 'node:path';
import { isAppError } from '../errors.ts';
import { emptyTree } from './diff.ts';
import { git } from './git.ts';
import { assertId } from './ids.ts';
import type { Repository } from './repository.ts';

/** The lines that one commit adds to one file, as one text. */
export interface AddedText {
  commit: string;
  path: string;
  text: string;
}

const FLAGS = ['-p', '-U0', '--no-renames', '--no-color', '--diff-merges=first-parent', '--format=%x01%H', '--stdin'];

const parse = (patch: string): AddedText[] => {
  const added: AddedText[] = [];
  let [commit, path, isHunk] = ['', '', false];
  let lines: string[] = [];
  const end = (): void => {
    if (lines.length > 0) added.push({ commit, path, text: lines.join('\n') });
    lines = [];
  };
  for (const line of patch.split('\n')) {
    if (line.startsWith('\u0001')) {
      end();
      [commit, isHunk] = [line.slice(1), false];
    } else if (line.startsWith('diff --git ')) {
      end();
      [path, isHunk] = [line.slice('diff --git '.length), false];
    } else if (line.startsWith('@@ ')) isHunk = true;
    else if (!isHunk && line.startsWith('+++ ')) path = line.slice('+++ b/'.length);
    else if (isHunk && line.startsWith('+')) lines.push(line.slice(1));
  }
  end();
  return added;
};

/**
 * What commits add that lie behind some tips and not behind others, merges seen from their first parent; by one
 * process. Attributes that would hide a file's lines do not count.
 * @param maxBytes of the whole patch
 * @returns undefined when it would be longer
 * @throws AppError git.failed
 */
export const addedTexts = async (
  repo: Repository,
  { tips, without, maxBytes }: { tips: string[]; without: string[]; maxBytes: number },
): Promise<AddedText[] | undefined> => {
  for (const id of [...tips, ...without]) assertId(id);
  const stdin = [...tips, ...without.map((id) => `^${id}`)].join('\n');
  const settings: [string, string][] = [['attr.tree', emptyTree(repo)]];
  const how = { settings, index: join(repo.commonDir, 'amp', 'no-index'), stdin: `${stdin}\n--\n`, maxBytes };
  try {
    const { stdout } = await git(repo, ['log', ...FLAGS], how);
    return parse(stdout.toString('utf8'));
  } catch (error) {
    if (isAppError(error, 'git.failed') && error.message.includes(`${maxBytes} bytes`)) return undefined;
    throw error;
  }
};
