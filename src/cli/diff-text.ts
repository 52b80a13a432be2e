import type { ChalkInstance } from 'chalk';
import { formatCount } from './format.ts';
import { binarySizes, type Sizes } from './patch/file-heading.ts';
import { sanitizeLine, sanitizeText } from './sanitize.ts';
import { pad, textWidth } from './width.ts';

interface Change {
  path: string;
  previousPath?: string;
  status: string;
  insertions: number | null;
  deletions: number | null;
}

/** Modes and blobs, where they are known. */
interface Detailed extends Change {
  previousMode?: string;
  mode?: string;
  previousId?: string;
  id?: string;
}

const LETTERS: Record<string, string> = {
  added: 'A',
  modified: 'M',
  deleted: 'D',
  renamed: 'R',
  copied: 'C',
  typechanged: 'T',
};
/** Columns of the widest bar. */
const BAR = 20;

const nameOf = (change: Change): string =>
  change.previousPath === undefined
    ? sanitizeLine(change.path)
    : `${sanitizeLine(change.previousPath)} → ${sanitizeLine(change.path)}`;

const isFile = (mode: string | undefined): mode is string => mode !== undefined && !/^0+$/.test(mode);

/** What happened to a file besides its lines. */
const modeText = ({ previousMode, mode }: Detailed): string =>
  isFile(previousMode) && isFile(mode) && previousMode !== mode ? ` mode ${previousMode} → ${mode}` : '';

const binaryText = ({ previousId, id }: Detailed, sizes: Sizes | undefined): string =>
  sizes === undefined ? 'binary' : `binary ${binarySizes(previousId ?? null, id ?? null, sizes)}`;

/**
 * The size of a change, file by file, with a bar and a last line that adds up.
 * @param sizes bytes of binary files, by object id
 */
export const diffStatText = (files: Detailed[], color: ChalkInstance, sizes?: Sizes): string => {
  if (files.length === 0) return 'No changes.';
  const width = Math.min(60, Math.max(...files.map((file) => textWidth(nameOf(file)))));
  const most = Math.max(1, ...files.map(({ insertions, deletions }) => (insertions ?? 0) + (deletions ?? 0)));
  const scale = (lines: number): number =>
    lines === 0 ? 0 : Math.max(1, Math.round((lines * Math.min(BAR, most)) / most));
  const lines = files.map((file) => {
    const { insertions, deletions } = file;
    const size =
      insertions === null || deletions === null
        ? binaryText(file, sizes)
        : `${String(insertions + deletions).padStart(5)} ${color.green('+'.repeat(scale(insertions)))}${color.red('-'.repeat(scale(deletions)))}`;
    return ` ${LETTERS[file.status] ?? '?'} ${pad(nameOf(file), width)} ${size}${color.dim(modeText(file))}`.trimEnd();
  });
  const sum = (pick: (file: Change) => number | null): number =>
    files.reduce((all, file) => all + (pick(file) ?? 0), 0);
  const total = `${formatCount(files.length, 'file')}, ${color.green(`+${sum((file) => file.insertions)}`)} ${color.red(`-${sum((file) => file.deletions)}`)}`;
  return [...lines, total].join('\n');
};

const HEADER =
  /^(diff |index |--- |\+\+\+ |new file|deleted file|rename |copy |similarity |old mode|new mode|Binary files )/;

/**
 * A patch as git prints it, for a terminal or a pager that knows patches: made inert first, coloured then, so that no
 * byte of a file can steer it. Lines stay lines, so that it is still a patch.
 */
export const patchText = (patch: string, color: ChalkInstance): string =>
  patch
    .split('\n')
    .map((raw) => {
      const line = sanitizeText(raw.replace(/\r$/, '')).replaceAll('\n', ' ');
      if (HEADER.test(line)) return color.bold(line);
      if (line.startsWith('@@')) return color.cyan(line);
      if (line.startsWith('+')) return color.green(line);
      return line.startsWith('-') ? color.red(line) : line;
    })
    .join('\n');
