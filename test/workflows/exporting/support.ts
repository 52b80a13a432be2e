import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Context } from '../../../src/workflows/context.ts';
import { type ExportWish, exportHistory } from '../../../src/workflows/export/export.ts';
import { importFile } from '../../../src/workflows/import/import.ts';
import { importHistory, madeHistory } from '../../support/history.ts';
import { makeRepo, tempDir } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';

/** A repository with a made-up history. */
export const seeded = async (seed: number, sessions: number): Promise<{ dir: string; lines: string[] }> => {
  const dir = await makeRepo({ empty: true });
  importHistory(dir, seed, sessions);
  return { dir, lines: madeHistory(seed, sessions).lines.split('\n').filter(Boolean) };
};

type Over = Partial<Omit<ExportWish, 'out'>> & { path?: string; force?: boolean; signal?: AbortSignal };

/** Exports the log of a repository into a file, as the command does. */
export const exportFrom = async (
  dir: string,
  { path = join(tempDir(), 'out.ndjson'), force = false, signal, ...over }: Over = {},
) => {
  const stdout: Uint8Array[] = [];
  const out = { path, force, stdout: async (bytes: Uint8Array) => void stdout.push(bytes), ...(signal && { signal }) };
  const done = await exportHistory({ dir, syncs: false }, { sessions: [], all: false, repos: [], ...over, out });
  const text = path === '-' ? Buffer.concat(stdout).toString() : readFileSync(path, 'utf8');
  return { ...done, path, text, lines: text.split('\n').filter(Boolean) };
};

export const importInto = (ctx: Context, path: string, { dryRun = false, stdin = '' } = {}) =>
  importFile(ctx, { path, name: path, dryRun, stdin: Readable.from([stdin]) });

/** A file with these lines. */
export const fileOf = (lines: string[]): string => {
  const path = join(tempDir(), 'in.ndjson');
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return path;
};

/** An empty repository elsewhere. */
export const elsewhere = async () => contextIn(await makeRepo({ empty: true }));
