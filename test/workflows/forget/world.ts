import { type ForgetWish, forgetSessions } from '../../../src/workflows/forget/forget.ts';
import { exec, git, sh } from '../../support/repo.ts';
import { contextIn, make, runOnce } from '../../support/sessions.ts';

/** What must be nowhere once its session is forgotten. */
export const SECRET = 'xyzzyplugh';

/** An agent that says it, and leaves a file without it. */
const AGENT = {
  name: 'command',
  mode: null,
  command: `cat >/dev/null; echo "${SECRET} was said"; echo work >> work.txt`,
};

/** A session that has the word in its name, its prompt and its transcript, with one iteration. */
export const secretSession = async (
  dir: string,
  over = {},
): Promise<{ id: string; branch: string; worktree: string }> => {
  const ctx = await contextIn(dir);
  const { session } = await make(ctx, { name: `task ${SECRET}`, prompt: `Say ${SECRET}`, agent: AGENT, ...over });
  await runOnce(ctx, session.id);
  await ctx.store.close();
  return { id: session.id, branch: session.branch, worktree: `${dir}/.worktrees/${session.id}` };
};

export const forgetIn = async (dir: string, ids: string[], over: Partial<ForgetWish> = {}) => {
  const ctx = await contextIn(dir);
  const wish = { dryRun: false, unmerged: true, uncommitted: false, keepBranch: false, ...over };
  const items = await forgetSessions(
    ctx,
    ids.map((id) => ({ id, name: id })),
    wish,
  );
  return { items, warnings: ctx.warnings };
};

/** Every object that a ref or a reflog leads to, and every file of ours, as text that is searched for the words. */
export const placesOf = async (dir: string, words: string[]): Promise<string[]> => {
  const common = (await git(dir, 'rev-parse', '--path-format=absolute', '--git-common-dir')).trim();
  const list = await exec(dir, 'sh', ['-c', 'git rev-list --objects --all --reflog | cut -d" " -f1']);
  const found: string[] = [];
  const ids = list.stdout.split('\n').filter(Boolean);
  const content = await sh(dir, `echo '${ids.join('\n')}' | git cat-file --batch | strings`);
  for (const word of words) {
    if (content.stdout.includes(word)) found.push(`object: ${word}`);
    const files = await sh(common, `grep -rlaF '${word}' amp logs packed-refs refs worktrees HEAD config 2>/dev/null`);
    const names = await sh(common, `find amp refs logs -name '*${word}*'`);
    for (const file of `${files.stdout}${names.stdout}`.split('\n').filter(Boolean)) found.push(`${file}: ${word}`);
  }
  return found;
};
