import { run } from '@oclif/core/run';
import { AppError } from '../errors.ts';
import { closest } from './closest.ts';
import { stderr, stdout } from './print.ts';
import { reportError } from './report-error.ts';

/** What the build knows of the program: `scripts/build/entries.mjs` writes it into `dist/main.js`. */
export interface Program {
  /** Folder of package.json and oclif.manifest.json. */
  root: string;
  pjson: Record<string, unknown>;
  /** Command classes by id, each loaded when it is first touched. */
  commands: Record<string, unknown>;
}

const TAKES_VALUE = new Set(['-C', '--directory']);
const GLOBAL = new Set(['-q', '--quiet', '--json', '--no-color']);

/** `amp-sessions -C dir --json list` means `amp-sessions list -C dir --json`. */
export const moveLeadingFlags = (argv: string[]): string[] => {
  let at = 0;
  while (at < argv.length) {
    const word = argv[at]!;
    if (TAKES_VALUE.has(word)) at += 2;
    else if (GLOBAL.has(word) || word.startsWith('--directory=')) at += 1;
    else break;
  }
  if (at === 0 || at >= argv.length) return argv;
  const [flags, rest] = [argv.slice(0, at), argv.slice(at)];
  const end = rest.indexOf('--');
  return end < 0 ? [...rest, ...flags] : [...rest.slice(0, end), ...flags, ...rest.slice(end)];
};

/**
 * The command that the words name, if any. Refuses a word that is neither a command nor the beginning of one.
 * @throws AppError `usage.invalid`, with the closest command
 */
export const checkCommand = (argv: string[], ids: string[]): string | undefined => {
  const words: string[] = [];
  for (const word of argv) {
    if (word.startsWith('-')) break;
    const id = [...words, word].join(':');
    if (!ids.some((known) => known === id || known.startsWith(`${id}:`))) break;
    words.push(word);
  }
  const known = words.join(':');
  const next = argv[words.length];
  const isCommand = ids.includes(known);
  if (isCommand || next === undefined || next.startsWith('-')) return isCommand ? known : undefined;
  const wanted = [...words, next].join(' ');
  const names = ids.map((id) => id.replaceAll(':', ' '));
  const near = closest(wanted, names);
  throw new AppError('usage.invalid', `There is no command "${wanted}".`, {
    hint: near ? `Did you mean \`amp-sessions ${near}\`?` : 'Run `amp-sessions --help` for all commands.',
  });
};

/** `amp-sessions help new` means `amp-sessions new --help`. */
const helpAsFlag = (argv: string[], ids: string[]): string[] =>
  argv[0] === 'help' && !ids.includes('help') ? [...argv.slice(1), '--help'] : argv;

/** Runs the program and ends the process with its exit status, once everything is written. */
export const start = async (given: string[], program: Program): Promise<void> => {
  const argv = moveLeadingFlags(helpAsFlag(given, Object.keys(program.commands)));
  const end = argv.indexOf('--');
  const flags = end < 0 ? argv : argv.slice(0, end);
  if (flags.includes('--no-color')) {
    process.env['NO_COLOR'] = '1';
    delete process.env['FORCE_COLOR'];
  }
  let command: string | undefined;
  const report = (error: unknown): number =>
    reportError(error, { schema: 'amp-sessions/error/v1', json: flags.includes('--json'), command });
  // Nobody is left who could go on; exit handlers still release locks and end children.
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.once(event, (error) => process.exit(report(error)));
  }
  try {
    command = checkCommand(argv, Object.keys(program.commands));
    const { root, pjson } = program;
    await run(argv, { root, pjson: pjson as never, userPlugins: false, devPlugins: false });
  } catch (error) {
    process.exitCode = report(error);
  }
  await Promise.all([stdout.flush(), stderr.flush()]);
  process.exit();
};
