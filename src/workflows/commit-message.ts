import type { Session } from '../session/state.ts';

/** Characters of the subject after `amp: `, as git's own tools still show in one line. */
const SUBJECT_MAX = 68;

/** Characters of a line that are looked at: the marks are sought in the square of it. */
const SEEN_MAX = 2_000;

/** Markdown around words: code, bold, italics. Underscores inside a word are part of it. */
const CODE = /(`+)([^`]+)\1/g;
const STARS = /(\*{1,3})(\S|\S.*?\S)\1/g;
const UNDERSCORES = /(?<!\w)(_{1,3})(\S|\S.*?\S)\1(?!\w)/g;

/** The first line of a text that says something, without Markdown's marks and control characters. */
export const firstLine = (text: string): string => {
  for (const raw of text.split('\n')) {
    const line = raw
      .slice(0, SEEN_MAX)
      .replace(/[\uD800-\uDBFF]$/, '')
      .replace(/[\p{Cc}\p{Cf}]/gu, ' ')
      .replace(CODE, '$2')
      .replace(STARS, '$2')
      .replace(UNDERSCORES, '$2')
      .replace(/^(\s|#+\s|>|•|[-*]\s|-{3,}|={3,})+/u, '')
      .replace(/\s+/g, ' ')
      .trim();
    if (line !== '') return line;
  }
  return '';
};

export const shorten = (line: string): string => {
  const letters = [...line];
  if (letters.length <= SUBJECT_MAX) return line;
  const cut = letters.slice(0, SUBJECT_MAX - 1).join('');
  const space = cut.lastIndexOf(' ');
  return `${(space > SUBJECT_MAX / 2 ? cut.slice(0, space) : cut).trimEnd()}…`;
};

/** `amp: <first line of what it did>`, from the agent's last word, else its prompt. */
export const iterationSubject = (said: string | null, prompt: string): string => {
  const line = firstLine(said ?? '') || firstLine(prompt) || 'changes';
  return `amp: ${shorten(line)}`;
};

/** The whole message: the subject, what does not fit it, and the trailers by which the commit is found again. */
export const iterationMessage = (session: Session, iteration: number, subject: string, said: string | null): string => {
  const full = firstLine(said ?? '');
  const body = full !== '' && subject.endsWith('…') ? `${full}\n\n` : '';
  return `${subject}\n\n${body}Amp-Session: ${session.id}\nAmp-Iteration: ${iteration}\n`;
};
