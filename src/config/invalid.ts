import { AppError, type ErrorCode } from '../errors.ts';

export interface Place {
  /** Path of the file, or name of the environment variable. */
  file?: string;
  line?: number;
  column?: number;
  key?: string;
  variable?: string;
}

const MAX_SHOWN = 60;

/** A value for a sentence: JSON, cut short. */
export const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
};

export type Invalid = (place: Place, sentence: string, hint: string, cause?: unknown) => AppError;

/** An error about a file of that kind, with the place in front of the sentence and as fields. */
export const invalidAs =
  (code: ErrorCode): Invalid =>
  (place, sentence, hint, cause) => {
    const position = [place.file, place.line, place.column].filter((part) => part !== undefined).join(':');
    const details = { ...place };
    return new AppError(code, position === '' ? sentence : `${position}: ${sentence}`, { hint, details, cause });
  };

export const invalid = invalidAs('config.invalid');
