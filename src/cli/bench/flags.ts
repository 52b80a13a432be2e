import { boolean, integer, string } from '@oclif/core/flags';
import { AppError, inShell } from '../../errors.ts';
import { dryRun, duration, jobs } from '../flags.ts';

const many = { multiple: true, multipleNonGreedy: true } as const;

export const benchFlags = {
  repo: string({
    summary: 'Where a repository is: owner/name=<folder>; may repeat.',
    helpValue: '<name=folder>',
    ...many,
  }),
  agent: string({
    char: 'a',
    summary: 'Agent that takes part, or gold and empty, which check the cases; may repeat.',
    helpValue: '<name>',
    ...many,
  }),
  model: string({
    char: 'm',
    summary: 'Model that each agent takes part with; may repeat.',
    helpValue: '<name>',
    ...many,
  }),
  case: string({ summary: 'Only this case; may repeat.', helpValue: '<id>', ...many }),
  repeats: integer({ summary: 'How often each agent works on each case.', helpValue: '<n>', min: 1, max: 1000 }),
  concurrency: { ...jobs, summary: 'How many runs at once.' },
  'test-command': string({
    summary: 'Success command; {{tests}} stands for the hidden test files. Rows of SWE-bench have none of their own.',
    helpValue: '<command>',
  }),
  setup: string({ summary: 'Command that makes a checkout ready.', helpValue: '<command>' }),
  parser: string({ summary: 'How the output of the tests is read: auto, exit, pytest, …', helpValue: '<name>' }),
  timeout: duration({ summary: 'Time limit of an agent in a case, such as 20m.' }),
  'test-timeout': duration({ summary: 'Time limit of the success command, such as 30m.' }),
  out: string({ char: 'o', summary: 'Folder for preds.jsonl, results.json and report.md.', helpValue: '<folder>' }),
  work: string({ summary: 'Folder for the repositories of the runs; default: with your data.', helpValue: '<folder>' }),
  'keep-worktrees': boolean({ summary: 'Let what is graded keep its worktree, to look into.' }),
  shard: string({
    summary: 'Only this part: 1/4 is every fourth from the first on; all agents of a case and repeat are in one.',
    helpValue: '<i/n>',
  }),
  'run-id': string({
    summary: 'What the run is called; who names it alike works on the same. Default with --shard: file and flags say.',
    helpValue: '<id>',
    exclusive: ['resume'],
  }),
  resume: string({
    summary: 'Go on with this run.',
    helpValue: '<id>',
    exclusive: ['agent', 'model', 'repeats', 'dry-run'],
  }),
  'dry-run': dryRun,
  trust: boolean({ summary: 'Let the programs that the file names run; remembered for this content of the file.' }),
};

export const initFlags = {
  'from-history': boolean({ summary: 'Make cases of the commits that changed tests.' }),
  'test-command': string({ summary: 'Success command, run in a checkout of each commit.', helpValue: '<command>' }),
  setup: string({ summary: 'Command that makes a checkout ready.', helpValue: '<command>' }),
  tests: string({
    summary: 'Which files are tests, such as checks/**; may repeat. Default: what they are usually called.',
    helpValue: '<glob>',
    ...many,
  }),
  out: string({ char: 'o', summary: 'Folder of the suite; default: bench.', helpValue: '<folder>' }),
  name: string({ summary: 'What the suite is called; default: as the repository.', helpValue: '<name>' }),
  branch: string({ summary: 'Branch whose past is looked through; default: where you stand.', helpValue: '<ref>' }),
  limit: integer({ summary: 'Cases at most.', helpValue: '<n>', min: 1, max: 10_000, default: 20 }),
  scan: integer({ summary: 'Commits looked at, at most.', helpValue: '<n>', min: 1, max: 1_000_000, default: 500 }),
  concurrency: { ...jobs, summary: 'How many commits are tried out at once.' },
  'test-timeout': duration({ summary: 'Time limit of the success command; default: 10m.' }),
};

interface FileFlags {
  repo?: string[];
  case?: string[];
  'test-command'?: string;
  setup?: string;
  parser?: string;
  timeout?: number;
  'test-timeout'?: number;
}

/** The file of cases, and what flags change of it. @throws AppError `usage.invalid` */
export const fileOf = (file: string, flags: FileFlags, resolve: (path: string) => string) => ({
  file,
  repos: repoFolders(flags.repo, resolve),
  // Named twice it is one case all the same: each counts once.
  cases: flags.case && [...new Set(flags.case)],
  test: flags['test-command'],
  setup: flags.setup,
  parser: flags.parser,
  timeoutSec: secondsOf(flags.timeout),
  testTimeoutSec: secondsOf(flags['test-timeout']),
});

/** What has to be said again, and alike, where a run is gone on with: for the shell, with a blank before each. */
export const againOf = (flags: FileFlags & { work?: string }): string => {
  const { repo = [], case: cases = [], timeout, 'test-timeout': testTimeout, work, ...texts } = flags;
  const seconds = (given: number | undefined): string[] => (given === undefined ? [] : [`${secondsOf(given)}s`]);
  const given: [string, string[]][] = [
    ['repo', repo],
    ['case', cases],
    ...(['test-command', 'setup', 'parser'] as const).map((name): [string, string[]] => [
      name,
      [texts[name] ?? []].flat(),
    ]),
    ['timeout', seconds(timeout)],
    ['test-timeout', seconds(testTimeout)],
    ['work', work === undefined ? [] : [work]],
  ];
  return given.flatMap(([name, values]) => values.map((value) => ` --${name} ${inShell(value)}`)).join('');
};

/** `owner/name=<folder>`, folders as seen from where the user stands. @throws AppError `usage.invalid` */
export const repoFolders = (given: readonly string[] = [], resolve: (path: string) => string): Map<string, string> =>
  new Map(
    given.map((one): [string, string] => {
      const at = one.indexOf('=');
      if (at > 0 && at < one.length - 1) return [one.slice(0, at), resolve(one.slice(at + 1))];
      throw new AppError('usage.invalid', `--repo ${one} does not say which repository is where.`, {
        hint: 'Write --repo owner/name=<folder>.',
      });
    }),
  );

export const secondsOf = (milliseconds: number | undefined): number | undefined =>
  milliseconds === undefined ? undefined : Math.max(1, Math.ceil(milliseconds / 1000));
