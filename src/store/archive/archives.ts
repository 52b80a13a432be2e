import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemClock } from '../../clock.ts';
import type { LogName } from '../../events/envelope.ts';
import { openCatFile } from '../../git/git.ts';
import { listRefs, type RefEntry } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { archivesFile, parseCodeRef, parseLaneRef } from '../layout.ts';
import { readIfThere } from '../wal/files.ts';
import { ARCHIVE, type ArchiveRef, CODE_ARCHIVE, parseArchiveRef } from './archive-refs.ts';
import type { Packed } from './contents.ts';
import { readArchive } from './read-contents.ts';

/** A ref that was packed away, and the archive that has it. */
export interface ArchivedRef extends Packed {
  archive: string;
}

const lineOf = ({ ref, commit, tip, lastSeq, head, at, archive }: ArchivedRef): string =>
  [ref, commit, tip, lastSeq, head, at, archive].join(' ');

const parseLine = (line: string): ArchivedRef => {
  const [ref = '', commit = '', tip = '', lastSeq = '0', head = '', at = '', archive = ''] = line.split(' ');
  return { ref, commit, tip, lastSeq: Number(lastSeq), head, at, archive };
};

/** What all archives of one kind hold: one text, of which only the lines that are asked for are parsed. */
export class Archives {
  /** Archives that could not be read. */
  readonly unreadable: string[];
  /** A newline before and after each line. */
  readonly #text: string;

  constructor(text: string, unreadable: string[] = []) {
    this.#text = text;
    this.unreadable = unreadable;
  }

  /** Every packing of a ref, the one with the most events last. */
  of(ref: string): ArchivedRef[] {
    return this.#startingWith(`${ref} `).sort((a, b) => a.lastSeq - b.lastSeq);
  }

  /** All refs that were packed away, those of one log or session if a prefix is given. */
  all(prefix = ''): ArchivedRef[] {
    return this.#startingWith(prefix === '' ? 'refs/' : prefix);
  }

  /** The sealed end of each lane of a log; of all logs when none is named. */
  ends(log?: LogName): Map<string, ArchivedRef> {
    const ends = new Map<string, ArchivedRef>();
    for (const one of this.all(log === undefined ? '' : `refs/amp/${log}/`)) {
      const known = ends.get(one.ref);
      if (!known || known.lastSeq < one.lastSeq) ends.set(one.ref, one);
    }
    return ends;
  }

  #startingWith(prefix: string): ArchivedRef[] {
    const found: ArchivedRef[] = [];
    for (let at = this.#text.indexOf(`\n${prefix}`); at >= 0; at = this.#text.indexOf(`\n${prefix}`, at + 1))
      found.push(parseLine(this.#text.slice(at + 1, this.#text.indexOf('\n', at + 1))));
    return found;
  }
}

/** An archive speaks for its own writer only: nobody can seal another's log. */
export const isOwn = ({ kind, writer }: ArchiveRef, ref: string): boolean =>
  (kind === 'log' ? parseLaneRef(ref) : parseCodeRef(ref))?.writer === writer;

const gather = async (repo: Repository, refs: RefEntry[]): Promise<Archives> => {
  const reader = openCatFile(repo);
  const unreadable: string[] = [];
  try {
    const lists = await Promise.all(
      refs.map(async ({ ref, id }) => {
        const name = parseArchiveRef(ref);
        if (!name) return [];
        try {
          const { contents } = await readArchive(reader, id, repo.objectFormat);
          return contents.filter((one) => isOwn(name, one.ref)).map((one) => lineOf({ ...one, archive: ref }));
        } catch {
          unreadable.push(ref);
          return [];
        }
      }),
    );
    return new Archives(`\n${lists.flat().join('\n')}\n`, unreadable);
  } finally {
    reader.close();
  }
};

const NONE = new Archives('\n');
/** What was read last, for as long as the refs are the same. */
const known = new WeakMap<Repository, Map<string, { key: string; archives: Archives }>>();

const fromCache = (path: string, key: string): Archives | undefined => {
  const text = readIfThere(path)?.toString('utf8');
  return text?.startsWith(`${key}\n`) && text.endsWith('\n') ? new Archives(text.slice(key.length)) : undefined;
};

/** A cache that cannot be kept is made again the next time. */
const keep = (path: string, key: string, archives: Archives): void => {
  const temporary = `${path}.${systemClock.newId()}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(
      temporary,
      `${key}\n${archives
        .all()
        .map((one) => `${lineOf(one)}\n`)
        .join('')}`,
      { mode: 0o600 },
    );
    renameSync(temporary, path);
  } catch {}
};

/**
 * What was packed away here, by one look at the archives' refs and a file in the cache that holds for just these.
 * Whoever reads a log looks at its own ref first and here afterwards: packing goes the other way.
 */
export const readArchives = async (repo: Repository, kind: ArchiveRef['kind']): Promise<Archives> => {
  const refs = await listRefs(repo, kind === 'log' ? ARCHIVE : CODE_ARCHIVE);
  if (refs.length === 0) return NONE;
  const key = JSON.stringify(refs.map(({ ref, id }) => [ref, id]));
  const mine = known.get(repo) ?? new Map<string, { key: string; archives: Archives }>();
  const last = mine.get(kind);
  if (last?.key === key) return last.archives;
  const path = archivesFile(repo, kind);
  const cached = fromCache(path, key);
  const archives = cached ?? (await gather(repo, refs));
  if (archives.unreadable.length > 0) return archives;
  if (!cached) keep(path, key, archives);
  known.set(repo, mine.set(kind, { key, archives }));
  return archives;
};
