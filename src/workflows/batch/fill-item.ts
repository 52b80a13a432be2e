import { resolve } from 'node:path';
import type { BatchFile, MatrixEntry } from '../../batch/file-schema.ts';
import { type Found, pick, type RawItem, type Refuse, type Spot } from '../../batch/products.ts';
import { fillIn, nthOpening } from '../../batch/variables.ts';
import type { Place } from '../../config/invalid.ts';
import { suggest } from '../../config/suggest.ts';
import { AppError } from '../../errors.ts';
import { invalidBatch, shownPath } from './check-file.ts';
import { type BatchSource, expandHome, MOST_PROMPT_BYTES, type Reading, readNamed } from './include.ts';

/** Everything that was read, for looking things up in it. */
export interface Files {
  reading: Reading;
  sources: BatchSource[];
  /** Prompt files by path, as they are. */
  prompts: Map<string, string>;
}

/** Values by name, as `{{name}}` means them. */
export type Scope = Map<string, string>;

/** Names that the program gives. */
const OURS = ['item', 'agent', 'model', 'repo.name', 'repo.path', 'file.dir'];

const placeOf = ({ sources }: Files, { file, path }: Spot, what: 'value' | 'name' = 'value'): Place => ({
  ...sources[file]!.yaml.locate(path, what),
  ...(path.length > 0 && { key: shownPath(path) }),
});

/** `batch.invalid` about a place of the files. */
export const refuseIn =
  (files: Files): Refuse =>
  (spot, what, says, hint) =>
    invalidBatch(placeOf(files, spot, what), says(`\`${shownPath(spot.path)}\``), hint);

const offsetOf = (text: string, { line = 1, column = 1 }: Place): number => {
  let at = 0;
  for (let number = 1; number < line; number++) at = text.indexOf('\n', at) + 1;
  return at + column - 1;
};

const positionOf = (text: string, offset: number): { line: number; column: number } => {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
};

interface Text {
  value: string;
  place: Place;
  /** The text of the file in which it stands. */
  source: string;
}

/** @throws AppError `batch.invalid` at the braces that stand for nothing */
const fill = ({ value, place, source }: Text, scope: Scope): string => {
  const filled = fillIn(value, (name) => scope.get(name));
  if (typeof filled === 'string') return filled;
  const start = offsetOf(source, place);
  const found = nthOpening(source.slice(start), filled.nth);
  const isThere = found !== undefined && source.slice(start + found, start + found + 200).includes(filled.name ?? '{{');
  const at = isThere ? { ...place, ...positionOf(source, start + found) } : place;
  if (filled.name === null)
    throw invalidBatch(
      at,
      '`{{` begins a variable, and no name and `}}` follow.',
      'Write `\\{{` for the braces themselves.',
    );
  const meant = suggest(filled.name, [...scope.keys()]);
  throw invalidBatch(
    at,
    `there is no variable \`${filled.name}\` here.`,
    meant
      ? `Did you mean \`{{${meant}}}\`?`
      : 'Give it a value below `vars:`, or write `\\{{` for the braces themselves.',
  );
};

/** A text of the files with its variables filled in. */
export const fillFound = (files: Files, { value, spot }: Found<string>, scope: Scope): string => {
  if (!value.includes('{{')) return value;
  return fill({ value, place: placeOf(files, spot), source: files.sources[spot.file]!.yaml.text }, scope);
};

/** A path as the file has it that names it. */
export const pathIn = (files: Files, spot: Spot, given: string): string =>
  resolve(files.sources[spot.file]!.dir, expandHome(given, files.reading.env));

const readPrompt = (files: Files, path: string, at: Place): string => {
  const known = files.prompts.get(path);
  if (known !== undefined) return known;
  const { bytes } = readNamed(files.reading, { path, most: MOST_PROMPT_BYTES, at });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalidBatch(at, `${path} is not UTF-8 text.`, 'Save it as UTF-8.', cause);
  }
  if (text.trim() === '' || text.includes('\0'))
    throw invalidBatch(at, `${path} holds no prompt.`, 'Write what the agent is to do.');
  files.prompts.set(path, text);
  return text;
};

/** The item's prompt, with its variables filled in, wherever it stands. */
export const promptOf = (files: Files, item: RawItem, scope: Scope): { prompt: string; file: string | null } => {
  const text = pick(item, 'prompt');
  if (text) return { prompt: fillFound(files, text, scope).trim(), file: null };
  const named = pick(item, 'promptFile')!;
  const file = pathIn(files, named.spot, fillFound(files, named, scope));
  const value = readPrompt(files, file, placeOf(files, named.spot));
  return { prompt: fill({ value, place: { file, line: 1, column: 1 }, source: value }, scope).trim(), file };
};

const varsOf = (files: Files, values: BatchFile | MatrixEntry, spot: Spot, into: Scope): void => {
  for (const [name, value] of Object.entries(values.vars ?? {})) {
    const at = { file: spot.file, path: [...spot.path, 'vars', name] };
    if (OURS.includes(name))
      throw refuseIn(files)(
        at,
        'name',
        () => `\`${name}\` is a variable of the program's own.`,
        'Give it another name.',
      );
    const written = typeof value === 'string' ? value : files.sources[spot.file]!.yaml.written(at.path);
    into.set(name, written ?? String(value));
  }
};

/** The variables of an item that its files give: the nearest counts. */
export const scopeOf = (files: Files, item: RawItem): Scope => {
  const scope: Scope = new Map([['file.dir', files.reading.root]]);
  for (const [file, { tree }] of files.sources.entries()) varsOf(files, tree, { file, path: [] }, scope);
  for (const { spot, values } of [...item.layers].reverse()) varsOf(files, values, spot, scope);
  return scope;
};

/** An error of something that the file names, told at its place. */
export const toldAt = async <T>(files: Files, spot: Spot, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'batch.invalid') throw error;
    throw invalidBatch(placeOf(files, spot), error.message, error.hint ?? 'Name another one.', error);
  }
};
