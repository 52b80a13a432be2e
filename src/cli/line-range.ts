import { AppError } from '../errors.ts';

const wrong = (given: string): AppError =>
  new AppError('usage.invalid', `“${given}” is no range of lines.`, {
    hint: 'A range looks like 10,20 or 10 (one line), 10, (to the end), ,20 (from the beginning) or 10,+5 (five lines).',
  });

/**
 * A range of lines as git's own `-L` has it, counted from 1; `to` is null where it goes to the end.
 * @throws AppError usage.invalid
 */
export const parseLineRange = (given: string): { from: number; to: number | null } => {
  const [, first, comma, plus, second] = /^(\d{0,9})(,?)(\+?)(\d{0,9})$/.exec(given.trim()) ?? [];
  if (first === undefined || (first === '' && second === '')) throw wrong(given);
  const from = first === '' ? 1 : Number(first);
  if (comma === '') {
    if (plus !== '' || second !== '' || from < 1) throw wrong(given);
    return { from, to: from };
  }
  if (second === '') {
    if (plus !== '' || from < 1) throw wrong(given);
    return { from, to: null };
  }
  const to = plus === '' ? Number(second) : from + Number(second) - 1;
  if (from < 1 || to < 1 || (plus !== '' && to < from)) throw wrong(given);
  return { from: Math.min(from, to), to: Math.max(from, to) };
};
