import { sep } from 'node:path';

/**
 * Path names as git has them are bytes; ours are strings. Valid UTF-8 is itself, and every byte that is not part of
 * valid UTF-8 becomes one lone surrogate U+DC80..U+DCFF (as Python's `surrogateescape`), so that both ways lose
 * nothing. JSON keeps such a string, a terminal shows U+FFFD.
 */
export const pathFromBytes = (bytes: Buffer): string => {
  const text = bytes.toString('utf8');
  if (!text.includes('\ufffd') || Buffer.from(text, 'utf8').equals(bytes)) return text;
  let result = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    result += length === 0 ? String.fromCharCode(0xdc00 + bytes[at]!) : bytes.toString('utf8', at, at + length);
    at += length || 1;
  }
  return result;
};

/** The bytes that `pathFromBytes` was given. */
export const pathToBytes = (path: string): Buffer => {
  if (!/\p{Surrogate}/u.test(path)) return Buffer.from(path, 'utf8');
  const parts: Buffer[] = [];
  for (const character of path) {
    const code = character.charCodeAt(0);
    const isEscaped = character.length === 1 && code >= 0xdc80 && code <= 0xdcff;
    parts.push(isEscaped ? Buffer.of(code - 0xdc00) : Buffer.from(character, 'utf8'));
  }
  return Buffer.concat(parts);
};

/** Length of the valid UTF-8 sequence that begins at `at`; 0 when there is none. */
const sequenceLength = (bytes: Buffer, at: number): number => {
  const first = bytes[at]!;
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length < 2) return length;
  const piece = bytes.subarray(at, at + length);
  return piece.length === length && Buffer.from(piece.toString('utf8'), 'utf8').equals(piece) ? length : 0;
};

/** Where a path of a repository lies on disk; bytes on POSIX, so that any name can be opened. */
export const onDisk = (root: string, path: string): Buffer | string =>
  process.platform === 'win32'
    ? `${root}${sep}${path.replaceAll('/', sep)}`
    : Buffer.concat([Buffer.from(`${root}/`), pathToBytes(path)]);

/** The pieces of a `-z` answer; the last, empty one is dropped. */
export const splitNul = (bytes: Buffer): Buffer[] => {
  const pieces: Buffer[] = [];
  let from = 0;
  for (let to = bytes.indexOf(0, from); to !== -1; to = bytes.indexOf(0, from)) {
    pieces.push(bytes.subarray(from, to));
    from = to + 1;
  }
  if (from < bytes.length) pieces.push(bytes.subarray(from));
  return pieces;
};

/** A list for `--stdin -z` and the like: every item ended by NUL. */
export const joinNul = (items: (string | Buffer)[]): Buffer =>
  Buffer.concat(items.flatMap((item) => [typeof item === 'string' ? pathToBytes(item) : item, Buffer.of(0)]));

/** Whether `path` is `root` or lies below it; both absolute. */
export const isInside = (root: string, path: string): boolean =>
  path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
