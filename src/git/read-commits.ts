import { AppError } from '../errors.ts';
import { catFileStream } from './git.ts';
import { parseTrailers } from './history.ts';
import type { Identity } from './identity.ts';
import type { Repository } from './repository.ts';

/** A commit object as it lies in the repository. Source: git-commit-tree(1), git's commit.c. */
export interface RawCommit {
  id: string;
  tree: string;
  parents: string[];
  /** `Name <email> seconds zone`. */
  author: Buffer;
  /** What the message and the names are written in; undefined is UTF-8. */
  encoding: string | undefined;
  message: Buffer;
}

export interface ReadCommit {
  id: string;
  tree: string;
  parents: string[];
  /** The date is raw: seconds since 1970 and the zone. */
  author: Identity & { date: string };
  message: string;
  /** The last paragraph's `Key: value` lines; values of a repeated key are joined by newlines. */
  trailers: Record<string, string>;
}

const headerLines = (head: Buffer): Buffer[] => {
  const lines: Buffer[] = [];
  for (let from = 0; from < head.length; ) {
    const end = head.indexOf(0x0a, from);
    const to = end === -1 ? head.length : end;
    lines.push(head.subarray(from, to));
    from = to + 1;
  }
  return lines;
};

const valuesOf = (lines: Buffer[], key: string): Buffer[] =>
  lines
    .filter((line) => line.toString('latin1', 0, key.length + 1) === `${key} `)
    .map((line) => line.subarray(key.length + 1));

const parseRaw = (id: string, bytes: Buffer): RawCommit => {
  const gap = bytes.indexOf('\n\n');
  const end = gap === -1 ? bytes.length : gap;
  const lines = headerLines(bytes.subarray(0, end));
  const [tree] = valuesOf(lines, 'tree');
  const [author] = valuesOf(lines, 'author');
  if (!tree || !author) throw new AppError('git.failed', `${id} is no commit.`);
  return {
    id,
    tree: tree.toString('latin1'),
    parents: valuesOf(lines, 'parent').map((parent) => parent.toString('latin1')),
    author,
    encoding: valuesOf(lines, 'encoding')[0]?.toString('latin1'),
    message: bytes.subarray(Math.min(end + 2, bytes.length)),
  };
};

/**
 * Commits as they lie in the repository, in the order asked for, by one process.
 * @throws AppError ref.missing when an id is none, git.failed when one is missing or no commit
 */
export const readRawCommits = async (repo: Repository, ids: string[]): Promise<RawCommit[]> => {
  const found = new Map<string, RawCommit>();
  await catFileStream(repo, [...new Set(ids)], (id, bytes) => found.set(id, parseRaw(id, bytes)));
  return ids.map((id) => found.get(id)!);
};

const decodeAs = (bytes: Buffer, encoding: string): string => {
  try {
    return new TextDecoder(encoding).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
};

/** Git takes what is no UTF-8, and does not say what else it is, for Latin-1. */
const decode = (bytes: Buffer, encoding: string | undefined): string => {
  if (encoding !== undefined) return decodeAs(bytes, encoding);
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') && !Buffer.from(text).equals(bytes) ? bytes.toString('latin1') : text;
};

/** `Name <email> seconds zone`, in parts. */
export const parseIdentity = (line: string): Identity & { date: string } => {
  const found = /^(.*?) ?<(.*?)> ?(.*)$/s.exec(line);
  return { name: found?.[1] ?? line, email: found?.[2] ?? '', date: found?.[3] ?? '' };
};

const TRAILER = /^[A-Za-z0-9-]+\s*:/;
const BY_GIT = /^(?:Signed-off-by: |\(cherry picked from commit )/;

/** The last paragraph, when it is one of trailers. Source: git-interpret-trailers(1). */
const trailersOf = (message: string): Record<string, string> => {
  const paragraphs = message.trimEnd().split(/\n(?:[ \t]*\n)+/);
  if (paragraphs.length < 2) return {};
  const lines = paragraphs
    .at(-1)!
    .replaceAll(/\n[ \t]+/g, ' ')
    .split('\n');
  const fitting = lines.filter((line) => TRAILER.test(line) || BY_GIT.test(line));
  const isBlock =
    fitting.length === lines.length || (lines.some((l) => BY_GIT.test(l)) && fitting.length * 4 >= lines.length);
  return isBlock ? parseTrailers(lines.filter((line) => TRAILER.test(line))) : {};
};

const describe = (raw: RawCommit): ReadCommit => {
  const message = decode(raw.message, raw.encoding);
  return {
    id: raw.id,
    tree: raw.tree,
    parents: raw.parents,
    author: parseIdentity(decode(raw.author, raw.encoding)),
    message,
    trailers: trailersOf(message),
  };
};

/** Commits in the order asked for, by one process. @throws AppError ref.missing, git.failed */
export const readCommits = async (repo: Repository, ids: string[]): Promise<ReadCommit[]> =>
  (await readRawCommits(repo, ids)).map(describe);

/** One commit. @throws AppError ref.missing, git.failed */
export const readCommit = async (repo: Repository, id: string): Promise<ReadCommit> =>
  (await readCommits(repo, [id]))[0]!;
