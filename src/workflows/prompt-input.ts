import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError } from '../errors.ts';
import type { Context } from './context.ts';
import { editText } from './editor.ts';

export interface PromptFlags {
  prompt?: string;
  'prompt-file'?: string;
  'prompt-editor'?: boolean;
}

/** Bytes of a prompt; more is a mistake, such as the wrong file. */
const MAX_BYTES = 4 * 1024 * 1024;

const readAll = async (stream: AsyncIterable<Buffer | string>): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
};

const text = (bytes: Buffer, from: string): string => {
  if (bytes.length > MAX_BYTES)
    throw new AppError('usage.invalid', `${from} holds ${bytes.length} bytes; a prompt has at most ${MAX_BYTES}.`);
  const prompt = bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trim();
  if (prompt === '' || prompt.includes('\0'))
    throw new AppError('usage.invalid', `${from} holds no prompt.`, { hint: 'Write what the agent is to do.' });
  return prompt;
};

/**
 * The prompt that the flags name: text, a file, standard input, or the person's editor; null when none was given.
 * @throws AppError `usage.invalid` for an empty one, `file.missing`
 */
export const promptFrom = async (
  ctx: Context,
  flags: PromptFlags,
  options: { cwd: string; start?: string },
): Promise<string | null> => {
  if (flags.prompt !== undefined) return text(Buffer.from(flags.prompt), '--prompt');
  if (flags['prompt-editor']) return text(Buffer.from(await editText(ctx, options.start ?? '')), 'The editor’s text');
  const file = flags['prompt-file'];
  if (file === undefined) return null;
  if (file === '-') return text(await readAll(process.stdin), 'Standard input');
  const path = resolve(options.cwd, file);
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new AppError('file.missing', `The prompt file ${path} cannot be read (${error.code}).`, {
      hint: 'Name a file that exists.',
      cause: error,
    });
  });
  return text(bytes, path);
};

/**
 * The same, where a prompt may also stand on the command line by itself.
 * @throws AppError `usage.invalid` when it is given in two ways
 */
export const promptAfter = async (
  ctx: Context,
  words: string[],
  flags: PromptFlags,
  options: { cwd: string },
): Promise<string | null> => {
  if (words.length === 0) return promptFrom(ctx, flags, options);
  const said = ['prompt', 'prompt-file', 'prompt-editor'].find((name) => flags[name as keyof PromptFlags]);
  if (said === undefined) return text(Buffer.from(words.join(' ')), 'The prompt');
  throw new AppError('usage.invalid', `A prompt stands on the command line, and --${said} names another.`, {
    hint: 'Give one of them.',
  });
};
