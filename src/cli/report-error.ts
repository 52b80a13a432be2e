import { MOST_PROBLEMS } from '../config/problems.ts';
import { AppError, diskError, type ErrorCode, EXIT } from '../errors.ts';
import { closest } from './closest.ts';
import { colors } from './color.ts';
import { jsonText, stderr, stdout } from './print.ts';
import { sanitizeText } from './sanitize.ts';
import { excerpt, placeOf } from './statement-place.ts';

/** What a person or a script hears about an error. */
export interface Report {
  code: ErrorCode;
  message: string;
  hint: string | undefined;
  exit: number;
  details: Record<string, unknown> | undefined;
  answer: Record<string, unknown> | undefined;
}

interface OclifError extends Error {
  oclif?: { exit?: number };
  code?: string;
  /** Of flags that do not exist. */
  flags?: string[];
  parse?: { input?: { flags?: Record<string, unknown> } };
}

/** oclif's own errors carry an exit status; `this.exit(n)` is one of them, without a message of its own. */
const isOclifError = (error: unknown): error is OclifError =>
  error instanceof Error && typeof (error as OclifError).oclif?.exit === 'number';

const isSilentExit = (error: unknown): boolean => isOclifError(error) && error.code === 'EEXIT';

const withoutAdvice = (message: string): string => message.replace(/\n+See more help with --help\s*$/, '');

/** oclif wraps what a flag's parser throws, an AppError included. */
const unwrapped = (message: string): string => withoutAdvice(message).replace(/^Parsing (--\S+) \n\t/, '$1: ');

/** What oclif says at length or in a programmer's words, as a person would say it. */
const PHRASES: [RegExp, string][] = [
  [/^The following errors? occurred:\s*/, ''],
  [/--([\w-]+)(?:=[\s\S]*?)? cannot also be provided when using (--[\w-]+)/g, '--$1 and $2 exclude each other'],
  [/All of the following must be provided when using (--[\w-]+): (--[\w-]+)/g, '$1 needs $2'],
  [/^Nonexistent flags?:/, 'There is no flag'],
];

/** `key  Name of the setting` a line, after how many are missing. */
const missingArgs = (message: string): string | undefined => {
  const [first, ...rest] = message.split('\n');
  if (!/^Missing \d+ required args?:?$/.test(first!.trim())) return undefined;
  const names = rest.flatMap((line) => /^([\w-]+)(?:\s|$)/.exec(line)?.[1]?.toUpperCase() ?? []);
  return names.length === 0 ? undefined : `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} missing.`;
};

/** Of two flags that exclude each other oclif says it of both. */
const isNew = (line: string, at: number, lines: string[]): boolean => {
  const [, one, other] = /^(--\S+) and (--\S+) exclude each other$/.exec(line) ?? [];
  return one === undefined || !lines.slice(0, at).includes(`${other} and ${one} exclude each other`);
};

/** oclif writes lists over several lines and ends with an advice of its own. */
const oneSentence = (message: string): string => {
  const said = unwrapped(message);
  const missing = missingArgs(said);
  if (missing) return missing;
  const lines = PHRASES.reduce((text, [from, to]) => text.replace(from, to), said)
    .split('\n')
    .map((line) => line.trim().replace(/\s{2,}/g, ': '))
    .filter((line) => line !== '')
    .filter(isNew);
  const text = lines.join(' ');
  return /[.!?]$/.test(text) ? text : `${text}.`;
};

const helpHint = (command: string | undefined): string =>
  `Run \`amp-sessions ${command ? `${command.replaceAll(':', ' ')} ` : ''}--help\` for its arguments and flags.`;

/** The flag that was meant, where one is near. */
const flagHint = (error: OclifError): string | undefined => {
  const [given] = error.flags ?? [];
  const near =
    given &&
    closest(
      given,
      Object.keys(error.parse?.input?.flags ?? {}).map((name) => `--${name}`),
    );
  return near ? `Did you mean \`${near}\`?` : undefined;
};

const bug = (error: unknown): Report => {
  const first = (error instanceof Error ? error.message : String(error)).split('\n')[0];
  return {
    code: 'program.bug',
    message: `amp-sessions met a bug of its own: ${first || 'an error without a message'}`,
    hint: 'Run it again with DEBUG=1 for the stack, and report it together with the command.',
    exit: EXIT.bug,
    details: undefined,
    answer: undefined,
  };
};

/** Turns anything thrown into a report. */
export const toReport = (error: unknown, command?: string): Report => {
  if (error instanceof AppError) {
    const { code, hint, exit, details, answer } = error;
    return { code, message: unwrapped(error.message), hint, exit, details, answer };
  }
  if (isOclifError(error)) {
    return toReport(
      new AppError('usage.invalid', oneSentence(error.message), { hint: flagHint(error) ?? helpHint(command) }),
    );
  }
  const disk = diskError(error);
  return disk ? toReport(disk) : bug(error);
};

/** The document that stands for an error in `--json`: the answer's own fields beside `error`, as far as known. */
export const errorDocument = (schema: string, report: Report): Record<string, unknown> => ({
  schema,
  error: { code: report.code, message: report.message, hint: report.hint ?? null, ...report.details },
  ...report.answer,
});

const isText = (value: unknown): value is string => typeof value === 'string';

/** Whatever else is wrong with the same file: a sentence each, with its own next step where there is one. */
const othersOf = (details: Record<string, unknown> | undefined): { message: string; hint: string | null }[] => {
  const problems = details?.['problems'];
  if (!Array.isArray(problems)) return [];
  return problems.slice(1).flatMap((one: unknown) => {
    if (isText(one)) return [{ message: one, hint: null }];
    const { message, hint } = (one ?? {}) as Record<string, unknown>;
    return isText(message) ? [{ message, hint: isText(hint) ? hint : null }] : [];
  });
};

const printOthers = (report: Report): void => {
  const color = colors('stderr');
  const others = othersOf(report.details);
  for (const { message, hint } of others) {
    stderr.line(`${color.red('✗')} ${sanitizeText(message)}`);
    if (hint !== null && hint !== report.hint) stderr.line(`  ${color.dim('→')} ${sanitizeText(hint)}`);
  }
  if (others.length + 1 >= MOST_PROBLEMS) stderr.line(color.dim(`  There may be more than these ${MOST_PROBLEMS}.`));
};

const printForPerson = (report: Report, error: unknown): void => {
  const color = colors('stderr');
  stderr.line(`${color.red('✗')} ${sanitizeText(report.message)}`);
  const place = placeOf(report.details);
  if (place) for (const line of excerpt(place, stderr.columns - 4)) stderr.line(`    ${line}`);
  if (report.hint) stderr.line(`  ${color.dim('→')} ${sanitizeText(report.hint)}`);
  printOthers(report);
  if (process.env['DEBUG'] && error instanceof Error) stderr.line(color.dim(sanitizeText(String(error.stack))));
};

/** Prints an error on the way it was asked for and gives the exit status. */
export const reportError = (error: unknown, options: { schema: string; json: boolean; command?: string }): number => {
  if (isSilentExit(error)) return (error as OclifError).oclif?.exit ?? EXIT.done;
  const report = toReport(error, options.command);
  if (options.json) stdout.line(jsonText(errorDocument(options.schema, report)));
  if (!options.json || process.env['DEBUG']) printForPerson(report, error);
  return report.exit;
};
