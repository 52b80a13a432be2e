import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { readSealed, writeSealed } from './sealed.ts';
import { readState, type Segment } from './state.ts';

/** The same question is asked again and again while nothing happens; many different ones hardly are. */
const MOST_ANSWERS = 16;
const MOST_BYTES = 1024 * 1024;

/**
 * Name of the file with what was found out of these rows and no others: with the next event, and with each session that
 * is forgotten, it is another one.
 */
export const answersFile = (segments: readonly Pick<Segment, 'id' | 'dead'>[]): string => {
  const rows = segments.map(({ id, dead }) => [id, ...dead]);
  return `answers-${createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, 16)}.json`;
};

/** Questions and what they come to, both as JSON, the last one asked at the end. */
type Answers = [question: string, answer: string][];

const readAll = (path: string): Answers => {
  const body = readSealed(path);
  return body === undefined ? [] : (JSON.parse(body) as Answers);
};

/** Undefined when it was not asked yet, or too much was asked since. */
export const knownAnswer = (folder: string, segments: readonly Segment[], question: string): unknown => {
  const found = readAll(join(folder, answersFile(segments))).find(([asked]) => asked === question);
  return found && (JSON.parse(found[1]) as unknown);
};

/** Keeps an answer where there is room for it. Of two processes at once one keeps its own. */
export const keepAnswer = (
  folder: string,
  segments: readonly Segment[],
  { question, answer, clock }: { question: string; answer: unknown; clock: Clock },
): void => {
  const path = join(folder, answersFile(segments));
  const text = JSON.stringify(answer);
  const all: Answers = [...readAll(path).filter(([asked]) => asked !== question), [question, text]];
  while (all.length > MOST_ANSWERS || JSON.stringify(all).length > MOST_BYTES) all.shift();
  if (all.length === 0) return;
  try {
    writeSealed(path, JSON.stringify(all), clock);
  } catch {
    // A full disk, or a folder that is gone: it is found out again the next time.
    return;
  }
  // Something may have been forgotten meanwhile, and the folder made anew.
  const now = readState(folder);
  if (!now || answersFile(now.segments) !== basename(path)) rmSync(path, { force: true });
};
