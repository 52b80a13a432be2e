import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { LogEvent } from '../../src/events/catalogue.ts';
import { decodeEvent } from '../../src/events/codec.ts';
import type { LogName } from '../../src/events/envelope.ts';

const start = (script: string, args: (string | number)[], input?: string): string =>
  execFileSync(process.execPath, [join(import.meta.dirname, script), ...args.map(String)], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...(input !== undefined && { input }),
  });

/** A made-up history: its raw lines, and its events by log. */
export const madeHistory = (seed: number, sessions: number): { lines: string; logs: Map<LogName, LogEvent[]> } => {
  const lines = start('history-maker.mjs', [seed, sessions]);
  const logs = new Map<LogName, LogEvent[]>();
  for (const line of lines.split('\n').filter((text) => text !== '')) {
    const event = decodeEvent(line)!;
    logs.set(event.log, [...(logs.get(event.log) ?? []), event]);
  }
  return { lines, logs };
};

/** Every figure, by the independent script; of a range only what lies in it. */
export const plainFigures = <Figures>(lines: string, range: [since: string, until: string] | [] = []): Figures =>
  JSON.parse(start('plain-figures.mjs', range, lines));

/** Writes a made-up history into a repository, as logs that came from two other clones. */
export const importHistory = (repository: string, seed: number, sessions: number): void => {
  const input = start('history-maker.mjs', [seed, sessions, 6, 'import']);
  execFileSync('git', ['fast-import', '--quiet'], { cwd: repository, input });
};
