import { createHash } from 'node:crypto';
import { basename, extname, relative } from 'node:path';
import type { BatchPlan } from '../../batch/plan.ts';
import { itemsOf, lastOf } from '../../batch/products.ts';
import { Problems } from '../../config/problems.ts';
import { type Files, refuseIn } from './fill-item.ts';
import { type BatchSource, type ReadFile, readSources } from './include.ts';
import { budgetOf, type Program, planItems, Repositories } from './plan-items.ts';

/** Items at once, where nobody says otherwise. */
const CONCURRENCY = 4;

/** A plan, and what the user has to trust before it is carried out. */
export interface FilePlan {
  plan: BatchPlan;
  /** Absolute real path of the file that was named. */
  file: string;
  /** Of that file and all that it includes; other texts are not programs. */
  trustSha256: string;
  programs: Program[];
}

export interface FileWish {
  /** Absolute. */
  file: string;
  env: Record<string, string | undefined>;
  /** Instead of what the file says. */
  concurrency?: number;
  warn(text: string): void;
}

/** Of one file its own hash, as `sha256sum` has it; of several that of `<hash>  <path>` lines. */
const hashOf = (files: Pick<ReadFile, 'path' | 'sha256'>[], root: string): string => {
  if (files.length === 1) return files[0]!.sha256;
  const lines = new Set(files.map(({ path, sha256 }) => `${sha256}  ${relative(root, path)}\n`));
  return createHash('sha256')
    .update([...lines].sort().join(''))
    .digest('hex');
};

const optionsOf = (sources: BatchSource[], concurrency: number | undefined) => {
  const trees = sources.map(({ tree }) => tree);
  const { path } = sources.at(-1)!;
  const id = lastOf(trees, 'runId')?.value ?? null;
  return {
    id,
    name: lastOf(trees, 'name')?.value ?? id ?? basename(path, extname(path)),
    concurrency: concurrency ?? lastOf(trees, 'concurrency')?.value ?? CONCURRENCY,
    budget: budgetOf(lastOf(trees, 'budget')?.value),
    dayBudget: budgetOf(lastOf(trees, 'dayBudget')?.value),
    limits: Object.assign({}, ...trees.map(({ limits }) => limits ?? {})) as BatchPlan['options']['limits'],
  };
};

/**
 * The plan that a batch file stands for: everything it names is there, and nothing has been started.
 * @throws AppError `batch.invalid` about all that is wrong, with file, line, column and key; `file.missing`;
 * `config.untrusted` where a repository's own settings would be needed
 */
export const readBatchFile = async (wish: FileWish): Promise<FilePlan> => {
  const { reading, sources } = readSources(wish.file, wish.env);
  const files: Files = { reading, sources, prompts: new Map() };
  const problems = new Problems('batch.invalid');
  const trees = sources.map(({ tree }) => tree);
  const raw = itemsOf(trees, refuseIn(files), (check) =>
    problems.attempt(() => {
      check();
      return true;
    }, false),
  );
  const repositories = new Repositories(wish.env, wish.warn);
  try {
    const { items, programs } = await planItems(files, raw, { repositories, problems });
    problems.end();
    const { id, ...options } = optionsOf(sources, wish.concurrency);
    const file = sources.at(-1)!.path;
    const sha256 = hashOf(reading.files, reading.root);
    return {
      plan: { id, options: { ...options, file, sha256, kind: 'batch' }, items },
      file,
      trustSha256: hashOf(sources, reading.root),
      programs,
    };
  } finally {
    await repositories.close();
  }
};
