import type { ChalkInstance } from 'chalk';
import { formatCount } from './format.ts';
import { sanitizeLine } from './sanitize.ts';

interface Problem {
  kind: string;
  log: string;
  writer: string | null;
  seq: number | null;
  where: string;
  byte: number | null;
  detail: string;
  isDamage: boolean;
}

interface Verified {
  logs: { session: string; events: number; notInGit: number; problems: Problem[] }[];
  problems: Problem[];
  events: number;
  signatures: { session: string; status: string; signer: string | null; key: string | null }[];
}

const signatureLine = (one: Verified['signatures'][number], color: ChalkInstance): string => {
  const who = sanitizeLine(one.signer ?? one.key ?? 'a key that cannot be read here');
  const words: Record<string, string> = {
    good: `signed by ${who}`,
    unknown: `signed by an unknown signer, ${who}`,
    bad: `a bad signature, ${who}`,
  };
  const mark = { good: color.green('✓'), bad: color.red('✗') }[one.status] ?? color.yellow('!');
  return `  ${mark} session ${sanitizeLine(one.session)}: ${words[one.status]}`;
};

/** So many problems of one log are shown; `--json` has them all. */
const MOST = 10;

const line = (problem: Problem, color: ChalkInstance): string => {
  const { detail, where, byte, writer, isDamage } = problem;
  const place = [writer && `writer ${writer}`, where, byte !== null && `byte ${byte}`].filter(Boolean).join(', ');
  return `  ${isDamage ? color.red('✗') : color.yellow('!')} ${sanitizeLine(detail)} ${color.dim(`(${sanitizeLine(place)})`)}`;
};

const list = (problems: Problem[], color: ChalkInstance): string[] => [
  ...problems.slice(0, MOST).map((problem) => line(problem, color)),
  ...(problems.length > MOST ? [color.dim(`  … ${problems.length - MOST} more; --json lists them`)] : []),
];

/** The last line of a file has none after it that would tell if it were gone; a flush into git names its last one. */
const notInGitLines = (logs: Verified['logs'], color: ChalkInstance): string[] => {
  const events = logs.reduce((sum, { notInGit }) => sum + notInGit, 0);
  const names = logs.slice(0, MOST).map((one) => `${sanitizeLine(one.session)} (${one.notInGit})`);
  const more = logs.length > MOST ? `, … ${logs.length - MOST} more` : '';
  return [
    `${color.yellow('!')} ${formatCount(events, 'event')} not yet in git: ${names.join(', ')}${more}`,
    color.dim(
      '  what is there was checked; that nothing was cut off its end is proved once a command or sync writes it there',
    ),
  ];
};

/** What `verify` found: sound logs in one line, the others with every place. */
export const verifyText = ({ logs, problems, events, signatures }: Verified, color: ChalkInstance): string => {
  const bad = logs.filter((log) => log.problems.length > 0);
  const sound = logs.length - bad.filter((log) => log.problems.some(({ isDamage }) => isDamage)).length;
  const blocks = bad.map((log) => [
    `${color.bold(`session ${sanitizeLine(log.session)}`)}, ${formatCount(log.events, 'event')}`,
    ...list(log.problems, color),
  ]);
  if (problems.length > 0) blocks.push([color.bold('notes'), ...list(problems, color)]);
  const signed = signatures.filter(({ status }) => status !== 'unsigned');
  if (signed.length > 0) {
    const rest = signed.length > MOST ? [color.dim(`  … ${signed.length - MOST} more; --json lists them`)] : [];
    blocks.push([color.bold('signatures'), ...signed.slice(0, MOST).map((one) => signatureLine(one, color)), ...rest]);
  }
  const waiting = logs.filter(({ notInGit }) => notInGit > 0);
  if (waiting.length > 0) blocks.push(notInGitLines(waiting, color));
  const sum = `${sound} of ${formatCount(logs.length, 'log')} sound, ${formatCount(events, 'event')} looked at`;
  const isWell = sound === logs.length && !problems.some(({ isDamage }) => isDamage);
  return [...blocks.flat(), `${isWell ? color.green('✓') : color.red('✗')} ${sum}`].join('\n');
};
