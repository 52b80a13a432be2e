import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Repository } from '../git/repository.ts';
import { tipsFile } from './layout.ts';
import { appendLines, compactLines, readText } from './wal/append-file.ts';

/**
 * Where each of our refs was left, so that one lost by another's hand is noticed: `refs/amp/*` has no reflog.
 * The file is a list of lines `<object id> <ref>`, the last one of a ref stands, `-` in place of the id forgets it.
 * It is a safety net, not a truth: a crash may leave it one step behind the ref.
 */
export type Tips = Map<string, string>;

const FORGOTTEN = '-';
const ID = /^[0-9a-f]+$/;

/** A line that a crash tore says nothing. */
const parse = (text: string): { tips: Tips; lines: number } => {
  const tips: Tips = new Map();
  const lines = text.split('\n');
  // What stands behind the last newline is no line yet.
  lines.pop();
  for (const line of lines) {
    const space = line.indexOf(' ');
    const ref = line.slice(space + 1);
    const id = line.slice(0, Math.max(space, 0));
    if (id === FORGOTTEN) tips.delete(ref);
    else if ((space === 40 || space === 64) && ref.startsWith('refs/') && !ref.includes(' ') && ID.test(id))
      tips.set(ref, id);
  }
  return { tips, lines: lines.length };
};

/** Writers whose refs this folder remembers: more than one where it was copied, or two were put together. */
export const tipWriters = (repo: Repository): string[] => {
  try {
    return readdirSync(dirname(tipsFile(repo, 'x'))).filter((name) => /^[A-Za-z0-9_-]+$/.test(name));
  } catch {
    return [];
  }
};

export const readTips = (repo: Repository, writer: string): Tips => parse(readText(tipsFile(repo, writer))).tips;

export interface TipChange {
  ref: string;
  /** null: the ref was taken away on purpose. */
  id: string | null;
}

export const recordTips = (repo: Repository, { writer, changes }: { writer: string; changes: TipChange[] }): void => {
  const lines = changes.map(({ ref, id }) => `${id ?? FORGOTTEN} ${ref}\n`);
  appendLines(tipsFile(repo, writer), lines.join(''));
};

/** How many outdated lines are kept before the file is rewritten, beside as many as there are live ones. */
const SLACK = 64;

/** Rewrites the file when most of it is outdated. */
export const compactTips = (repo: Repository, { writer, clock }: { writer: string; clock: Clock }): void => {
  const path = tipsFile(repo, writer);
  const { tips, lines } = parse(readText(path));
  if (lines <= 2 * tips.size + SLACK) return;
  compactLines(path, [...tips].map(([ref, id]) => `${id} ${ref}\n`).join(''), clock.newId());
};
