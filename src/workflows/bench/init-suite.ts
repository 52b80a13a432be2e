import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { trustBatch } from '../../config/trust.ts';
import { AppError } from '../../errors.ts';
import { type Context, withContext } from '../context.ts';
import { type HistorySuite, type HistoryWish, suiteFromHistory } from './from-history.ts';
import { readSuite } from './suite.ts';

export interface InitWish extends Omit<HistoryWish, 'name' | 'test' | 'work'> {
  /** In the repository. */
  dir: string;
  name: string | undefined;
  /** Undefined: what the repository's settings say. */
  test: string | undefined;
  warn(text: string): void;
}

const nameOf = ({ repo }: Context): string =>
  basename(repo.root)
    .replace(/[^A-Za-z0-9_.+-]+/g, '-')
    .replace(/^[^A-Za-z0-9_]+/, '') || 'suite';

const testOf = (ctx: Context, { test, dryRun }: InitWish): string => {
  if (test !== undefined) return test;
  if (ctx.config.config.test) ctx.config.requireTrust(['test']);
  if (ctx.config.config.test || dryRun) return ctx.config.config.test ?? '';
  throw new AppError('usage.invalid', 'Without a success command nothing can be tried out.', {
    hint: "Add --test-command, such as --test-command 'npm test'; --dry-run shows which commits would be tried.",
  });
};

/**
 * A suite of the past of the repository one stands in.
 * @throws AppError as `suiteFromHistory`; `usage.invalid`, `config.untrusted`
 */
export const initSuite = ({ dir, warn, ...wish }: InitWish): Promise<HistorySuite> =>
  withContext({ dir, warn }, async (ctx) => {
    const test = testOf(ctx, { dir, warn, ...wish });
    if (wish.name !== undefined && !/^[A-Za-z0-9_][\w.+-]{0,99}$/.test(wish.name))
      throw new AppError('usage.invalid', `“${wish.name}” cannot be the name of a suite.`, {
        hint: 'Use letters, digits, `_`, `-`, `.` and `+`.',
      });
    const work = mkdtempSync(join(tmpdir(), 'amp-suite-'));
    const made = await suiteFromHistory(ctx, { ...wish, name: wish.name ?? nameOf(ctx), test, work });
    if (made.suite !== null) {
      // Its commands are those that the user has just had run.
      const { file, trustSha256 } = await readSuite({ file: made.suite, repos: new Map(), env: ctx.env });
      await trustBatch(file, trustSha256, ctx.home);
    }
    return made;
  });
