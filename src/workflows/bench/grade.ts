import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CaseVerdict,
  contradicts,
  type Expected,
  hasResults,
  judgeExit,
  judgeStatuses,
  verdictWithout,
} from '../../bench/grade-verdict.ts';
import type { EvalType, Instance } from '../../bench/instance.ts';
import { parserNamed, parserOfRow } from '../../bench/parsers/registry.ts';
import type { Statuses } from '../../bench/parsers/statuses.ts';
import { pathsOfPatch, testFiles } from '../../bench/patch-files.ts';
import type { Clock } from '../../clock.ts';
import { inShell } from '../../errors.ts';
import { takeFiles, treeWithPatch } from '../../git/apply-patch.ts';
import { makeClosedRepository } from '../../git/closed-repository.ts';
import { locateRepository } from '../../git/locate.ts';
import type { Repository } from '../../git/repository.ts';
import { type Interrupts, isStopped } from '../interrupts.ts';
import { applyModelPatch } from './apply-model-patch.ts';
import { type CommandRun, runCommand } from './run-command.ts';

/** What grading needs to know of a case, whether it comes from SWE-bench or from a suite of one's own. */
export interface GradedCase {
  id: string;
  /** Base commit, whole id. */
  commit: string;
  /** Tests that are held back until now; null: they are in the base already. */
  testPatch: string | null;
  /** For the shell, in a checkout of the case; `{{tests}}` stands for the files of the test patch. */
  test: string;
  /** For the shell, before any patch. */
  setup: string | null;
  /** Both null: the test command's exit code decides. */
  failToPass: readonly string[] | null;
  passToPass: readonly string[] | null;
  evalType: EvalType;
  /** A name of `parserNames()`; `exit`: the exit code alone. */
  parser: string;
  /** Seconds for the test command, and for the set-up command; null: no limit. */
  timeoutSec: number | null;
}

export interface GradeWish {
  case: GradedCase;
  /** What the agent made; empty: nothing. */
  patch: Buffer;
  /** A folder in the repository that has the history. */
  from: string;
  /** Where the throw-away checkout is made. */
  work: string;
  /** As for `makeCaseRepository`. */
  seeds: string;
  env: Record<string, string | undefined>;
  clock: Clock;
  /** An empty patch is run too, where it is else a failure without a run: for the agent `empty`, which is a check. */
  evenEmpty?: boolean;
  interrupts?: Interrupts;
}

export interface Grade extends CaseVerdict {
  /** What the test command printed, both streams in their order; of more than 64 MiB the end. Not redacted. */
  log: string;
  exitCode: number | null;
  timedOut: boolean;
  /** Of the whole grading, in milliseconds. */
  durationMs: number;
  patchSha256: string;
  patchBytes: number;
}

/** A row of SWE-bench as a case. The command is the user's: images and their scripts are the official harness's. */
export const caseOfInstance = (
  instance: Instance,
  given: { test: string; setup: string | null; timeoutSec: number | null; parser?: string },
): GradedCase => ({
  id: instance.id,
  commit: instance.baseCommit,
  testPatch: instance.testPatch,
  test: withTests(given.test, testFiles(instance.testPatch ?? '', instance.repo)),
  setup: given.setup,
  failToPass: instance.failToPass,
  passToPass: instance.passToPass,
  evalType: instance.evalType,
  parser: given.parser ?? parserOfRow(instance),
  timeoutSec: given.timeoutSec,
});

const withTests = (command: string, files: string[]): string =>
  command.replaceAll('{{tests}}', () => files.map(inShell).join(' '));

/** How far a run came, with or without a patch. */
type Staged = { stop: CaseVerdict } | { ran: CommandRun; statuses: Statuses };

const expectedOf = ({ failToPass, passToPass, evalType }: GradedCase): Expected => ({
  failToPass: failToPass ?? [],
  passToPass: passToPass ?? [],
  evalType,
});

/** By its exit code alone, as there are no names to look for. */
const isByExit = ({ parser, failToPass, passToPass }: GradedCase): boolean =>
  parser === 'exit' || (failToPass === null && passToPass === null && parser === 'auto');

class Grading {
  readonly #wish: GradeWish;
  readonly #expected: Expected;
  ran: CommandRun | undefined;

  constructor(wish: GradeWish) {
    this.#wish = wish;
    this.#expected = expectedOf(wish.case);
  }

  async verdict(): Promise<CaseVerdict> {
    const { case: graded, patch, evenEmpty = false } = this.#wish;
    const byExit = isByExit(graded);
    if (!byExit && graded.failToPass === null)
      return this.#without('case.incomplete', 'The case does not say which tests have to pass.');
    if (patch.length === 0 && !evenEmpty) return this.#without('empty', 'There is no patch.');
    const staged = await this.#stage(patch);
    if ('stop' in staged) return staged.stop;
    this.ran = staged.ran;
    const silent = this.#silence(staged);
    if (silent) return this.#blame(silent);
    if (byExit) return judgeExit(staged.ran.exitCode);
    if (contradicts(staged.statuses, staged.ran.exitCode))
      return this.#without('log.contradicts', 'The test command failed, but its log names no failure.');
    return judgeStatuses(this.#expected, staged.statuses);
  }

  #without(reason: CaseVerdict['reason'], message: string): CaseVerdict {
    return verdictWithout(this.#expected, reason, message);
  }

  /** Why a run tells nothing; undefined when it does. */
  #silence({ ran, statuses }: { ran: CommandRun; statuses: Statuses }): 'tests.timeout' | 'tests.silent' | undefined {
    if (ran.timedOut) return 'tests.timeout';
    // A shell that cannot start the command says 126 or 127: no test has run.
    if (isByExit(this.#wish.case)) return ran.exitCode === 126 || ran.exitCode === 127 ? 'tests.silent' : undefined;
    return hasResults(ran.log, statuses) ? undefined : 'tests.silent';
  }

  /** A run that tells nothing is the patch's fault only where the same run without the patch tells something. */
  async #blame(reason: 'tests.timeout' | 'tests.silent'): Promise<CaseVerdict> {
    const timeout = `The tests did not end within ${this.#wish.case.timeoutSec} s`;
    const what = reason === 'tests.timeout' ? timeout : 'The tests gave no results';
    const isEmpty = this.#wish.patch.length === 0;
    const control = isEmpty ? undefined : await this.#stage(Buffer.alloc(0));
    if (control && 'stop' in control) return control.stop;
    if (!control || this.#silence(control)) return this.#without('environment', `${what}, without the patch neither.`);
    return this.#without(reason, `${what}; without the patch they do.`);
  }

  /** A fresh checkout of the base, set up, with the patch and then the tests that were held back. */
  async #stage(patch: Buffer): Promise<Staged> {
    const { case: graded, from, work, seeds } = this.#wish;
    mkdirSync(work, { recursive: true });
    const dir = mkdtempSync(join(work, 'grade-'));
    try {
      const source = await locateRepository(from);
      const repo = await makeClosedRepository({ from: source, commit: graded.commit, dir: join(dir, 'repo'), seeds });
      return await this.#runIn(repo, patch);
    } finally {
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  async #runIn(repo: Repository, patch: Buffer): Promise<Staged> {
    const { case: graded, env, interrupts } = this.#wish;
    const stop = (reason: CaseVerdict['reason'], message: string): Staged => ({ stop: this.#without(reason, message) });
    const { testPatch, commit, timeoutSec } = graded;
    const tree = testPatch === null ? null : await treeWithPatch(repo, commit, Buffer.from(testPatch));
    if (tree === undefined) return stop('case.invalid', 'The test patch does not apply to the base commit.');
    const how = { cwd: repo.root, env, timeoutSec, interrupts };
    const setup = graded.setup === null ? undefined : await runCommand({ ...how, line: graded.setup });
    if (isStopped(interrupts)) return stop('interrupted', 'Grading was interrupted.');
    if (setup && (setup.exitCode !== 0 || setup.timedOut))
      return stop(
        'setup.failed',
        `The set-up command ${setup.timedOut ? 'did not end' : 'failed'}: ${lastLine(setup.log)}`,
      );
    if (patch.length > 0 && (await applyModelPatch(repo, patch, { base: commit, env })) === null)
      return stop('patch.rejected', 'The patch does not apply to the base commit.');
    if (tree !== null) await takeFiles(repo, repo.here!, tree, pathsOfPatch(testPatch!));
    const ran = await runCommand({ ...how, line: withTests(graded.test, testFiles(testPatch ?? '')) });
    if (isStopped(interrupts)) return stop('interrupted', 'Grading was interrupted.');
    const names = [...this.#expected.failToPass, ...this.#expected.passToPass];
    return { ran, statuses: isByExit(graded) ? new Map() : parserNamed(graded.parser, names)(ran.log) };
  }
}

const lastLine = (log: string): string => log.trimEnd().split('\n').at(-1)?.slice(0, 300) ?? '';

/**
 * Grades what an agent made of a case, in a checkout that nobody has touched and that is gone afterwards: set up, the
 * patch as the official harness applies it, the files of the test patch as that patch wants them, the test command, its
 * log read by the official rules. What the agent's patch runs, runs as the user.
 * @throws AppError parser.unknown, case.missing, repository.missing; anything else is a verdict
 */
export const gradeCase = async (wish: GradeWish): Promise<Grade> => {
  const { case: graded, patch, clock } = wish;
  if (!isByExit(graded)) parserNamed(graded.parser, []);
  const began = clock.elapsed();
  const grading = new Grading(wish);
  const verdict = await grading.verdict();
  const { log = '', exitCode = null, timedOut = false } = grading.ran ?? {};
  return {
    ...verdict,
    log,
    exitCode,
    timedOut,
    durationMs: Math.round(clock.elapsed() - began),
    patchSha256: createHash('sha256').update(patch).digest('hex'),
    patchBytes: patch.length,
  };
};
