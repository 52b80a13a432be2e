import type { Hunk, LineKind, PatchFile } from './model.ts';
import { unquote } from './unquote.ts';

const KINDS: Record<string, LineKind> = { ' ': 'context', '-': 'removed', '+': 'added' };

/** A path without its `a/` or `b/`; null for `/dev/null`. Git ends one that has spaces with a tab. */
const pathIn = (text: string): string | null => {
  const path = unquote(text.replace(/\t$/, ''));
  return path === '/dev/null' ? null : path.slice(2);
};

/** Both paths of `diff --git a/x b/x`; other lines say it better wherever they differ. */
const fromTitle = (title: string): string => {
  if (!title.startsWith('"')) return title.slice(2, 2 + (title.length - 5) / 2);
  const [first = title] = /^"(?:[^"\\]|\\.)*"/s.exec(title) ?? [];
  return pathIn(first) ?? '';
};

const newFile = (title: string): PatchFile => {
  const path = fromTitle(title);
  return {
    oldPath: path,
    newPath: path,
    oldMode: null,
    newMode: null,
    moved: null,
    similarity: null,
    oldId: null,
    newId: null,
    isBinary: false,
    hunks: [],
  };
};

type Reader = (file: PatchFile, value: string) => void;

/** The lines between the title and the first hunk. Source: git-diff(1), "Generating patch text with -p". */
const HEADERS: [prefix: string, read: Reader][] = [
  ['old mode ', (file, mode) => Object.assign(file, { oldMode: mode })],
  ['new mode ', (file, mode) => Object.assign(file, { newMode: mode })],
  ['new file mode ', (file, mode) => Object.assign(file, { newMode: mode, oldPath: null })],
  ['deleted file mode ', (file, mode) => Object.assign(file, { oldMode: mode, newPath: null })],
  ['similarity index ', (file, percent) => Object.assign(file, { similarity: Number.parseInt(percent, 10) })],
  ['rename from ', (file, path) => Object.assign(file, { oldPath: unquote(path), moved: 'renamed' })],
  ['rename to ', (file, path) => Object.assign(file, { newPath: unquote(path) })],
  ['copy from ', (file, path) => Object.assign(file, { oldPath: unquote(path), moved: 'copied' })],
  ['copy to ', (file, path) => Object.assign(file, { newPath: unquote(path) })],
  ['--- ', (file, path) => Object.assign(file, { oldPath: pathIn(path) })],
  ['+++ ', (file, path) => Object.assign(file, { newPath: pathIn(path) })],
  ['Binary files ', (file) => Object.assign(file, { isBinary: true })],
  [
    'index ',
    (file, value) => {
      const [ids = '', mode] = value.split(' ');
      const [oldId = null, newId = null] = ids.split('..');
      Object.assign(file, { oldId, newId, ...(mode !== undefined && { oldMode: mode, newMode: mode }) });
    },
  ],
];

const readHeader = (file: PatchFile, line: string): void => {
  const header = HEADERS.find(([prefix]) => line.startsWith(prefix));
  header?.[1](file, line.slice(header[0].length));
};

const readHunk = (line: string): Hunk | undefined => {
  const match = /^@@ (-(\d+)(?:,\d+)? \+(\d+)(?:,\d+)?) @@ ?(.*)$/s.exec(line);
  if (!match) return undefined;
  const [, range = '', oldStart, newStart, section = ''] = match;
  return { range, oldStart: Number(oldStart), newStart: Number(newStart), section, lines: [] };
};

/** What `--word-diff=porcelain` has between lines, which it gives in pieces. */
export const LINE_END = '\n';

const readLine = (hunk: Hunk, line: string): void => {
  const last = hunk.lines.at(-1);
  if (line.startsWith('\\') && last) last.isEndless = true;
  else if (line === '~') hunk.lines.push({ kind: 'context', text: LINE_END, isEndless: false });
  // With diff.suppressBlankEmpty an empty line has lost its space.
  else hunk.lines.push({ kind: KINDS[line[0] ?? ' '] ?? 'context', text: line.slice(1), isEndless: false });
};

/**
 * Takes a patch of git apart. Every line of a file begins with one of ` -+\`, so nothing in a file can pass for a
 * title; only newlines end a line.
 */
export const parsePatch = (patch: string): PatchFile[] => {
  const files: PatchFile[] = [];
  let hunk: Hunk | undefined;
  const lines = patch.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (const line of lines) {
    if (line.startsWith('diff --git ')) {
      files.push(newFile(line.slice('diff --git '.length)));
      hunk = undefined;
      continue;
    }
    const file = files.at(-1);
    if (!file) continue;
    const next = readHunk(line);
    if (next) {
      hunk = next;
      file.hunks.push(hunk);
    } else if (hunk) readLine(hunk, line);
    else readHeader(file, line);
  }
  // The target of a symbolic link never ends with a newline.
  for (const { oldMode, newMode, hunks } of files)
    if ((newMode ?? oldMode) === '120000') for (const line of hunks.flatMap((all) => all.lines)) line.isEndless = false;
  return files;
};
