import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../errors.ts';
import { withFileLock } from './file-lock.ts';
import type { HomeDirs } from './paths.ts';
import { readRepositoryFile, repositoryFile } from './read-file.ts';
import { writeFileAtomically } from './write-file.ts';

/**
 * What the user trusts, kept outside every repository:
 * `{ "config": { "<root>": "<sha256>" }, "hooks": { "<root>": "<hash>" }, "sessions": { "<root>\\0<session>": "<hash>" },
 * "changes": { "<root>\\0<item>": "<hash>" }, "batches": { "<file>": "<sha256>" } }`.
 * A root is the absolute real path of a repository; one hash each, so changed bytes are not trusted any more.
 */
type Book = Record<'config' | 'hooks' | 'sessions' | 'changes' | 'batches', Record<string, string>>;

export const trustFile = (home: HomeDirs): string => join(home.data, 'trust.json');

const entries = (value: unknown): Record<string, string> => {
  const known = Object.create(null) as Record<string, string>;
  if (typeof value !== 'object' || value === null) return known;
  for (const [root, hash] of Object.entries(value)) if (typeof hash === 'string') known[root] = hash;
  return known;
};

const bookOf = (book: Partial<Book> | null): Book => ({
  config: entries(book?.config),
  hooks: entries(book?.hooks),
  sessions: entries(book?.sessions),
  changes: entries(book?.changes),
  batches: entries(book?.batches),
});

/** An absent or damaged book trusts nothing. */
const readBook = (home: HomeDirs): Book => {
  try {
    return bookOf(JSON.parse(readFileSync(trustFile(home), 'utf8')) as Partial<Book> | null);
  } catch {
    return bookOf(null);
  }
};

const isKept = (page: keyof Book, root: string, hash: string, home: HomeDirs): boolean =>
  readBook(home)[page][root] === hash;

const keep = (page: keyof Book, root: string, hash: string, home: HomeDirs): Promise<void> =>
  withFileLock(`${trustFile(home)}.lock`, () => {
    const book = readBook(home);
    book[page][root] = hash;
    writeFileAtomically(trustFile(home), `${JSON.stringify(book, null, 2)}\n`);
  });

/** True when the user has trusted a repository file with exactly these bytes (their SHA-256). */
export const isTrusted = (root: string, sha256: string, home: HomeDirs): boolean =>
  isKept('config', root, sha256, home);

/**
 * Trusts the repository's settings file as it is now, or as it was when `expected` was shown to the user.
 * @throws AppError `file.missing` when there is none, `config.untrusted` when it has changed since
 */
export const trustRepositoryConfig = async (
  root: string,
  home: HomeDirs,
  expected?: string,
): Promise<{ file: string; sha256: string }> => {
  const file = readRepositoryFile(root);
  if (file === null)
    throw new AppError('file.missing', `${repositoryFile(root)} does not exist.`, {
      hint: 'There is nothing to trust.',
    });
  if (expected !== undefined && file.sha256 !== expected)
    throw new AppError('config.untrusted', `${file.path} has changed while it was looked at.`, {
      hint: 'Read it again, then run `amp-sessions config trust`.',
    });
  await keep('config', root, file.sha256, home);
  return { file: file.path, sha256: file.sha256 };
};

/** The same for git hooks; `hash` is over their names and bytes, made by the caller. */
export const isHooksTrusted = (root: string, hash: string, home: HomeDirs): boolean =>
  isKept('hooks', root, hash, home);

export const trustHooks = (root: string, hash: string, home: HomeDirs): Promise<void> =>
  keep('hooks', root, hash, home);

/** The commands of one session of a repository; `sha256` is over all of them, made by the caller. */
export interface SessionCommands {
  root: string;
  session: string;
  sha256: string;
}

const sessionKey = ({ root, session }: SessionCommands): string => `${root}\0${session}`;

/** The same for commands that came with a session from another clone. */
export const isSessionTrusted = (commands: SessionCommands, home: HomeDirs): boolean =>
  isKept('sessions', sessionKey(commands), commands.sha256, home);

export const trustSession = (commands: SessionCommands, home: HomeDirs): Promise<void> =>
  keep('sessions', sessionKey(commands), commands.sha256, home);

/** Whatever was trusted of a session; nothing of it stays in the book. */
export const forgetSessionTrust = async (root: string, session: string, home: HomeDirs): Promise<void> => {
  const key = sessionKey({ root, session, sha256: '' });
  if (readBook(home).sessions[key] === undefined) return;
  await withFileLock(`${trustFile(home)}.lock`, () => {
    const book = readBook(home);
    delete book.sessions[key];
    writeFileAtomically(trustFile(home), `${JSON.stringify(book, null, 2)}\n`);
  });
};

/** Something of a repository that changed while an agent ran; `now` is its hash, or null where it is gone. */
export interface TrustedChange {
  root: string;
  item: string;
  now: string | null;
}

const changeKey = ({ root, item }: TrustedChange): string => `${root}\0${item}`;

/** The same for what changed beside a worktree while an agent ran. */
export const isChangeTrusted = (change: TrustedChange, home: HomeDirs): boolean =>
  isKept('changes', changeKey(change), change.now ?? 'gone', home);

export const trustChange = (change: TrustedChange, home: HomeDirs): Promise<void> =>
  keep('changes', changeKey(change), change.now ?? 'gone', home);

/** The same for a batch file, by its absolute real path; the hash is over it and all that it includes. */
export const isBatchTrusted = (file: string, sha256: string, home: HomeDirs): boolean =>
  isKept('batches', file, sha256, home);

export const trustBatch = (file: string, sha256: string, home: HomeDirs): Promise<void> =>
  keep('batches', file, sha256, home);
