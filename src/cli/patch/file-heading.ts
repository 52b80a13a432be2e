import { formatBytes } from '../format.ts';
import type { Hunk, PatchFile } from './model.ts';
import type { Palette } from './palette.ts';
import { visible } from './visible.ts';

/** Bytes of files by the ids of their blobs. */
export type Sizes = ReadonlyMap<string, number>;

const LINK = '120000';
const SUBMODULE = '160000';

const modeName = (mode: string): string =>
  ({ '100644': 'plain', '100755': 'executable', [LINK]: 'symbolic link', [SUBMODULE]: 'submodule' })[mode] ?? mode;

const isNothing = (id: string | null): boolean => id === null || /^0+$/.test(id);

/** What a mode tells that is worth a word: `now executable`, `symbolic link`. */
const modeNote = ({ oldMode, newMode, oldPath, newPath }: PatchFile): string[] => {
  const before = oldPath === null ? null : oldMode;
  const after = newPath === null ? null : newMode;
  if (before !== null && after !== null && before !== after)
    return [
      `mode ${before} → ${after}${after === '100755' ? ', now executable' : before === '100755' ? ', no longer executable' : `, now ${modeName(after)}`}`,
    ];
  const mode = after ?? before;
  return mode === null || mode === '100644' || (mode === '100755' && before !== null) ? [] : [modeName(mode)];
};

const notesOf = (file: PatchFile): string[] => [
  ...(file.moved ? [`${file.moved}${file.similarity === null ? '' : `, ${file.similarity}% alike`}`] : []),
  ...(file.oldPath === null ? ['new'] : file.newPath === null ? ['deleted'] : []),
  ...modeNote(file),
];

const nameOf = ({ oldPath, newPath, moved }: PatchFile): string =>
  moved && oldPath !== null && newPath !== null
    ? `${visible(oldPath)} → ${visible(newPath)}`
    : visible(newPath ?? oldPath ?? '');

const count = (file: PatchFile, kind: 'added' | 'removed'): number =>
  file.hunks.reduce((sum, { lines }) => sum + lines.filter((line) => line.kind === kind).length, 0);

/** `12.0 KiB → 14.0 KiB`; one of them where the file is new or gone. */
export const binarySizes = (oldId: string | null, newId: string | null, sizes: Sizes): string =>
  [oldId, newId]
    .filter((id) => !isNothing(id))
    .map((id) => sizes.get(id!))
    .map((bytes) => (bytes === undefined ? 'size unknown' : formatBytes(bytes)))
    .join(' → ');

const submoduleCommit = (file: PatchFile, kind: 'added' | 'removed'): string | undefined =>
  file.hunks[0]?.lines
    .find((line) => line.kind === kind)
    ?.text.replace(/^Subproject commit /, '')
    .replace(/^([0-9a-f]{10})[0-9a-f]+/, '$1');

/** What there is to say instead of lines; undefined where the lines say it. */
export const bodyNote = (file: PatchFile, sizes: Sizes): string | undefined => {
  const name = visible(file.newPath ?? file.oldPath ?? '');
  if (file.isBinary) return `Binary file ${name} (${binarySizes(file.oldId, file.newId, sizes)})`;
  if ((file.newPath === null ? file.oldMode : file.newMode) !== SUBMODULE) return undefined;
  const [before, after] = [submoduleCommit(file, 'removed'), submoduleCommit(file, 'added')];
  return `Submodule ${name} ${[before, after]
    .filter((commit) => commit !== undefined)
    .map((commit) => visible(commit))
    .join(' → ')}`;
};

/** The title of a file: its path, how many lines, what else happened to it; and a rule above its lines. */
export const fileHeading = (file: PatchFile, palette: Palette, columns: number, hasCounts = true): string[] => {
  const hasLines = file.hunks.length > 0;
  const size =
    hasLines && hasCounts
      ? `  ${palette.added(`+${count(file, 'added')}`)} ${palette.removed(`−${count(file, 'removed')}`)}`
      : '';
  const notes = notesOf(file);
  const title = palette.path(nameOf(file)) + size + (notes.length > 0 ? palette.note(`  ${notes.join(' · ')}`) : '');
  return hasLines ? [title, palette.note('─'.repeat(columns))] : [title];
};

/** Where a hunk is: the lines as git counts them, and the function or heading around. */
export const hunkHeading = ({ range, section }: Hunk, palette: Palette): string =>
  `${palette.range(`@@ ${range} @@`)}${section === '' ? '' : ` ${palette.note(visible(section))}`}`;
