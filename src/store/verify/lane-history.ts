import { isAppError } from '../../errors.ts';
import { git } from '../../git/git.ts';
import type { Repository } from '../../git/repository.ts';

/** One flush, as its commit tells of it. */
export interface Flush {
  commit: string;
  parents: string[];
  /** Trailers; null in flushes of a version that did not write them, or in somebody else's commit. */
  log: string | null;
  writer: string | null;
  lastSeq: number | null;
  /** Hash of its last line. */
  head: string | null;
  /** Files that it added. */
  files: { id: string; name: string }[];
}

/** Listings of very long histories; names and ids alone are small. */
const MAX_LISTING = 1 << 30;

const BEGIN = '\u0001';
const END = '\u0002';

const trailer = (body: string, key: string): string | null =>
  new RegExp(`^${key}: (\\S+)$`, 'm').exec(body)?.[1] ?? null;

const filesOf = (raw: string): Flush['files'] => {
  const fields = raw.split('\0').filter((field) => field !== '' && field !== '\n');
  const files: Flush['files'] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, , , id = '', status = ''] = fields[at]!.replace(/^\n?:/, '').split(' ');
    if (status !== 'D') files.push({ id, name: fields[at + 1]! });
  }
  return files;
};

const parse = (entry: string): Flush => {
  const end = entry.indexOf(END);
  const [commit = '', parents = '', ...rest] = entry.slice(0, end).split('\n');
  const body = rest.join('\n');
  const last = trailer(body, 'Amp-Last-Seq');
  return {
    commit,
    parents: parents === '' ? [] : parents.split(' '),
    log: trailer(body, 'Amp-Log'),
    writer: trailer(body, 'Amp-Writer'),
    lastSeq: last === null ? null : Number(last),
    head: trailer(body, 'Amp-Head'),
    files: filesOf(entry.slice(end + 1)),
  };
};

/**
 * Every flush behind some tips, parents before children, with one process however many there are.
 * @throws AppError git.failed when an object is missing or damaged
 */
export const readFlushes = async (repo: Repository, tips: string[]): Promise<Flush[]> => {
  if (tips.length === 0) return [];
  const shape = ['-z', '--raw', '--no-abbrev', '--root', '--no-renames', '--no-notes', '--no-decorate'];
  const args = ['log', ...shape, '--reverse', '--topo-order', '--format=%x01%H%n%P%n%B%x02', '--stdin'];
  const { stdout } = await git(repo, args, { stdin: `${tips.join('\n')}\n--\n`, maxBytes: MAX_LISTING });
  return stdout.toString('utf8').split(BEGIN).slice(1).map(parse);
};

/** Those of the objects that are not there. */
export const missingObjects = async (repo: Repository, ids: string[]): Promise<Set<string>> => {
  if (ids.length === 0) return new Set();
  const stdin = `${ids.join('\n')}\n`;
  const { stdout } = await git(repo, ['cat-file', '--batch-check', '--buffer'], { stdin, maxBytes: MAX_LISTING });
  const answers = stdout.toString('latin1').split('\n');
  return new Set(ids.filter((_, at) => !/^[0-9a-f]+ (commit|blob|tree|tag) \d+$/.test(answers[at] ?? '')));
};

/** What git says when an object is missing or damaged; anything else is thrown on. */
export const orDamage = async <T>(work: Promise<T>): Promise<{ value: T } | { damage: string }> => {
  try {
    return { value: await work };
  } catch (error) {
    if (isAppError(error, 'git.failed')) return { damage: error.message };
    throw error;
  }
};
