import { AppError } from '../errors.ts';

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

/** `config.invalid`, with the place in front of the sentence and as fields. */
export const invalid = (place: Place, sentence: string, hint: string, cause?: unknown): AppError => {
  const position = [place.file, place.line, place.column].filter((part) => part !== undefined).join(':');
  return new AppError('config.invalid', position === '' ? sentence : `${position}: ${sentence}`, {
    hint,
    details: { ...place },
    cause,
  });
};
