import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError, inShell } from '../errors.ts';

/** Bytes of a query; more is a mistake, such as the wrong file. */
const MAX_BYTES = 1024 * 1024;

const readAll = async (stream: AsyncIterable<Buffer | string>): Promise<Buffer> => {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stream) {
    parts.push(Buffer.from(part));
    bytes += parts.at(-1)!.length;
    if (bytes > MAX_BYTES) break;
  }
  return Buffer.concat(parts);
};

const HINT = 'Give one: amp-sessions sql "select * from sessions". On a terminal `amp-sessions sql` opens a prompt.';

const toText = (bytes: Buffer, from: string): string => {
  if (bytes.length > MAX_BYTES)
    throw new AppError('usage.invalid', `${from} holds more than ${MAX_BYTES} bytes, which is no query.`);
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  if (text.trim() === '') throw new AppError('usage.invalid', `${from} holds no query.`, { hint: HINT });
  return text;
};

export interface QuerySource {
  /** As it stands on the command line; `-` is standard input. */
  query?: string;
  /** A file; `-` is standard input. */
  file?: string;
  /** Where the user stands. */
  cwd: string;
  /** False where nobody can be talked with. */
  talks?: boolean;
  input?: AsyncIterable<Buffer | string> & { isTTY?: boolean };
}

/**
 * The query that a person gave: on the command line, in a file, or through a pipe. Nothing where there is none and a
 * person sits at the keyboard.
 * @throws AppError usage.invalid, file.missing
 */
export const queryFrom = async (source: QuerySource): Promise<string | undefined> => {
  const { query, file, cwd, talks = true, input = process.stdin } = source;
  if (query !== undefined && file !== undefined)
    throw new AppError('usage.invalid', 'A query and --file exclude each other.', { hint: 'Leave one out.' });
  if (query !== undefined && query !== '-') return toText(Buffer.from(query), 'The argument');
  if (file === undefined || file === '-') {
    const isAsked = query === '-' || file === '-';
    if (input.isTTY && !isAsked) {
      if (talks) return undefined;
      throw new AppError('usage.invalid', 'There is no query.', { hint: HINT });
    }
    return toText(await readAll(input), 'Standard input');
  }
  const path = resolve(cwd, file);
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new AppError('file.missing', `The file ${path} cannot be read (${error.code}).`, {
      hint: `See \`ls -l ${inShell(path)}\`.`,
      cause: error,
    });
  });
  return toText(bytes, path);
};

/**
 * `name=value` of `--param`, by name.
 * @throws AppError usage.invalid
 */
export const paramsFrom = (given: readonly string[] = []): Record<string, string> => {
  const params: Record<string, string> = Object.create(null);
  for (const one of given) {
    const [, name, value] = /^\$?([\p{L}_][\p{L}\p{N}_]*|\d+)=([\s\S]*)$/u.exec(one) ?? [];
    if (name === undefined)
      throw new AppError('usage.invalid', `--param “${one}” has not the form name=value.`, {
        hint: 'Such as --param agent=amp, for $agent in the query.',
      });
    if (Object.hasOwn(params, name))
      throw new AppError('usage.invalid', `--param ${name} is given twice.`, { hint: 'Leave one out.' });
    params[name] = value!;
  }
  return params;
};
