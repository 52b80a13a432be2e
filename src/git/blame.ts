import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { git } from './git.ts';
import { assertId } from './ids.ts';
import type { Repository, Worktree } from './repository.ts';

export interface BlameLine {
  /** Counts from 1. */
  line: number;
  /** Without its newline; a carriage return before it stays. */
  text: string;
  /** Null: not committed yet. */
  commit: string | null;
}

export interface BlameCommit {
  id: string;
  author: { name: string; email: string };
  /** ISO-8601 UTC. */
  authoredAt: string;
  subject: string;
}

export interface Blame {
  lines: BlameLine[];
  /** Every commit that a line is of, by id. */
  commits: Map<string, BlameCommit>;
}

/** Commit ids to the ids that count as their parents, instead of those they were made with. */
export type Grafts = Map<string, string[]>;

export interface BlameOptions {
  /** Relative to the top of the tree, with forward slashes. */
  path: string;
  /** Id; without one the file as it lies in the worktree. */
  commit?: string;
  worktree?: Worktree;
  /** From 1, both included, `to` null to the end; the whole file without any. */
  lines?: { from: number; to: number | null }[];
  /** Where lines go that a commit took over from others. All ids have to be there. */
  grafts?: Grafts;
  timeoutMs?: number;
}

const HEADER = /^([0-9a-f]{40,64}) \d+ (\d+)/;

const commitOf = (id: string, fields: Map<string, string>): BlameCommit => ({
  id,
  author: { name: fields.get('author') ?? '', email: (fields.get('author-mail') ?? '').replace(/^<|>$/g, '') },
  authoredAt: new Date(Number(fields.get('author-time') ?? 0) * 1000).toISOString(),
  subject: fields.get('summary') ?? '',
});

/** Reads `git blame --porcelain`: a header, what is told of a commit once, and the line behind a tab. */
const parse = (text: string): Blame => {
  const blame: Blame = { lines: [], commits: new Map() };
  let id = '';
  let line = 0;
  let fields = new Map<string, string>();
  for (const row of text.split('\n')) {
    if (row.startsWith('\t')) {
      const isCommitted = !/^0+$/.test(id);
      blame.lines.push({ line, text: row.slice(1), commit: isCommitted ? id : null });
      if (isCommitted && !blame.commits.has(id)) blame.commits.set(id, commitOf(id, fields));
      id = '';
    } else if (id === '') {
      const [, commit, at] = HEADER.exec(row) ?? [];
      if (commit === undefined) continue;
      [id, line, fields] = [commit, Number(at), new Map()];
    } else {
      const space = row.indexOf(' ');
      fields.set(space < 0 ? row : row.slice(0, space), space < 0 ? '' : row.slice(space + 1));
    }
  }
  return blame;
};

/**
 * Other parents by a file of our own, which nobody else sees. They are obsolete in git, and going to be removed: then
 * the file is ignored, and a line stays with the commit that took it over.
 */
const withGrafts = async <T>(grafts: Grafts | undefined, work: (env: Record<string, string>) => Promise<T>) => {
  if (!grafts || grafts.size === 0) return work({});
  for (const ids of grafts) [ids[0], ...ids[1]].forEach(assertId);
  const dir = mkdtempSync(join(tmpdir(), 'amp-blame-'));
  try {
    const file = join(dir, 'grafts');
    writeFileSync(file, [...grafts].map(([id, parents]) => `${[id, ...parents].join(' ')}\n`).join(''));
    return await work({ GIT_GRAFT_FILE: file });
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
};

/**
 * Which commit each line of a file is of; renames of the whole file are followed. One process.
 * @throws AppError git.failed when there is no such file, git.timeout
 */
export const blameFile = async (repo: Repository, options: BlameOptions): Promise<Blame> => {
  const { path, commit, worktree, lines, grafts, timeoutMs } = options;
  if (commit !== undefined) assertId(commit);
  const ranges = (lines ?? []).flatMap(({ from, to }) => ['-L', `${from},${to ?? ''}`]);
  const args = ['blame', '--porcelain', '--no-textconv', ...ranges, ...(commit === undefined ? [] : [commit])];
  return withGrafts(grafts, async (env) => {
    const { stdout } = await git(repo, [...args, '--', path], { worktree, env, timeoutMs });
    return parse(stdout.toString('utf8'));
  });
};

/**
 * Whether a commit is another one or one of its ancestors, by the parents that `grafts` give them.
 * @throws AppError git.failed
 */
export const isAncestorThrough = async (
  repo: Repository,
  { ancestor, of, grafts }: { ancestor: string; of: string; grafts: Grafts },
): Promise<boolean> => {
  for (const id of [ancestor, of]) assertId(id);
  return withGrafts(grafts, async (env) => {
    const { exitCode } = await git(repo, ['merge-base', '--is-ancestor', ancestor, of], { env, ok: [0, 1] });
    return exitCode === 0;
  });
};
