import { createWriteStream, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { rememberRepository } from '../../config/known-repositories.ts';
import { AppError } from '../../errors.ts';
import { logId } from '../../events/envelope.ts';
import type { Context } from '../context.ts';
import { LineFile } from './file-lines.ts';
import { judgeLanes, type RefusedLane } from './judge.ts';
import { lookAtFile } from './look-at-file.ts';
import { takeLanes } from './take-lanes.ts';

export interface ImportWish {
  /** Absolute; `-` is stdin. */
  path: string;
  /** As the person named it. */
  name: string;
  dryRun: boolean;
  stdin: Readable;
  onStep?(text: string): void;
}

export interface Imported {
  file: string;
  dryRun: boolean;
  /** In the file. */
  events: number;
  /** That have come, or have more events than before. */
  sessions: string[];
  taken: { log: string; writer: string; events: number }[];
  /** Lanes of which all was here. */
  same: number;
  refused: RefusedLane[];
  /** Sessions that somebody forgot: they do not come back. */
  forgotten: string[];
}

/** A pipe can be read once only, and the file is read twice: checked as a whole, then taken. */
const withFile = async <T>(ctx: Context, wish: ImportWish, work: (file: LineFile) => Promise<T>): Promise<T> => {
  const temporary = wish.path === '-' ? join(tmpdir(), `amp-sessions-import.${ctx.clock.newId()}`) : undefined;
  let file: LineFile | undefined;
  try {
    if (temporary) await pipeline(wish.stdin, createWriteStream(temporary, { mode: 0o600, flags: 'wx' }));
    file = new LineFile(temporary ?? wish.path, wish.name);
    return await work(file);
  } finally {
    file?.close();
    if (temporary) rmSync(temporary, { force: true });
  }
};

/** What was written wrongly where it was written is part of the history all the same: replay passes it over. */
const oddOnes = ([first, ...more]: string[]): string =>
  `${first}; it stays as it was written, and is passed over${more.length > 0 ? `, as are ${more.length} more` : ''}.`;

/**
 * Takes in what `export` wrote: lines keep writer, number and hash, and lie here as if they had come by a sync. The whole
 * file is checked first; then each writer's part of a log comes in where it is new or goes on from what is here.
 * @throws AppError import.invalid, file.missing, log.damaged, git.failed
 */
export const importFile = (ctx: Context, wish: ImportWish): Promise<Imported> =>
  withFile(ctx, wish, async (file) => {
    wish.onStep?.('checking every line');
    const look = lookAtFile(file);
    if (look.malformed.length > 0) ctx.warn(oddOnes(look.malformed));
    const { take, same, refused, forgotten } = await judgeLanes(ctx, file, [...look.lanes.values()]);
    wish.onStep?.('taking in');
    const done = wish.dryRun ? take : await takeLanes(ctx, { file, texts: look.texts }, take);
    if (!wish.dryRun && done.length > 0) rememberRepository(ctx.home, ctx.repo.root);
    for (const one of take)
      if (!done.includes(one))
        refused.push({ log: one.lane.log, writer: one.lane.writer, reason: 'it was moved meanwhile; run it again' });
    return {
      file: wish.name,
      dryRun: wish.dryRun,
      events: look.events,
      sessions: [...new Set(done.map(({ lane }) => logId(lane.log)))].sort(),
      taken: done.map(({ lane, after }) => ({ log: lane.log, writer: lane.writer, events: lane.end.seq - after })),
      same,
      refused,
      forgotten,
    };
  });

/** The error for what did not come in; everything else did. */
export const importError = (answer: Imported): AppError | undefined => {
  const [first] = answer.refused;
  if (!first) return undefined;
  const more = answer.refused.length > 1 ? `, and ${answer.refused.length - 1} more did not` : '';
  return new AppError('import.refused', `${first.log} of ${first.writer} was not imported: ${first.reason}${more}.`, {
    hint: 'What is here stays as it is. `sync` with the clone that wrote it brings what it has of it.',
    answer: { ...answer },
  });
};
