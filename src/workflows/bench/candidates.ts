import { caseIdOf, promptOf } from '../../bench/from-commit.ts';
import { exactPatch } from '../../git/exact-patch.ts';
import { type MainlineCommit, mergedMessages } from '../../git/mainline.ts';
import type { Repository } from '../../git/repository.ts';
import { SUBMODULE, treeChanges } from '../../git/tree-changes.ts';

/** A commit that may become a case. */
export interface Candidate {
  id: string;
  /** The commit that brought the change, and its subject. */
  commit: string;
  subject: string;
  /** The commit before it: where the agent starts. */
  base: string;
  prompt: string;
  hiddenPatch: string;
  solution: string;
}

/** Why a commit makes no case, before anything was run. */
export type Unfit = 'touches no tests' | 'touches tests only' | 'is too large' | 'says too little' | 'has no parent';

const MOST_FILES = 300;
const MOST_BYTES = 1 << 20;
const MOST_MESSAGES = 50;

/** A commit as a case: its tests are what is held out, the rest is the solution, its message the task. */
export const candidateOf = async (
  repo: Repository,
  { id: commit, parents: [base, ...others], message }: MainlineCommit,
  isTest: (path: string) => boolean,
): Promise<Candidate | Unfit> => {
  if (base === undefined) return 'has no parent';
  const changes = await treeChanges(repo, base, commit);
  const files = changes.filter((one) => one.old?.mode !== SUBMODULE && one.new?.mode !== SUBMODULE);
  // Tests that are only taken away have nothing to pass.
  if (!files.some((one) => one.new !== undefined && isTest(one.path))) return 'touches no tests';
  const [tests, rest] = [true, false].map((wanted) =>
    files.map(({ path }) => path).filter((path) => isTest(path) === wanted),
  ) as [string[], string[]];
  if (rest.length === 0) return 'touches tests only';
  if (files.length > MOST_FILES) return 'is too large';
  const merged = others[0];
  const messages = merged === undefined ? [] : await mergedMessages(repo, { into: base, merged, most: MOST_MESSAGES });
  const prompt = promptOf(message, messages);
  if (prompt === null) return 'says too little';
  const [hidden, solution] = [await exactPatch(repo, base, commit, rest), await exactPatch(repo, base, commit, tests)];
  if (hidden.patch.length + solution.patch.length > MOST_BYTES) return 'is too large';
  return {
    id: caseIdOf(prompt, commit),
    commit,
    subject: message.split('\n')[0]!,
    base,
    prompt,
    hiddenPatch: hidden.patch.toString('utf8'),
    solution: solution.patch.toString('utf8'),
  };
};
