import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { withContext } from '../../src/workflows/context.ts';
import { findSession } from '../../src/workflows/find-session.ts';
import { rewindSession } from '../../src/workflows/landing/rewind.ts';
import { readSession } from '../../src/workflows/summaries.ts';
import { cli } from '../support/cli.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';

const AGENT =
  'command:cat > /dev/null; echo "line $AMP_SESSIONS_ITERATION" >> agent.txt; echo $AMP_SESSIONS_ITERATION > src/c.txt; mkdir -p new/folder; echo x > new/folder/$AMP_SESSIONS_ITERATION; echo "Added line $AMP_SESSIONS_ITERATION."';

/** Runs the program, which must succeed. */
export const must = async (dir: string, args: string[], codes = [0]): Promise<string> => {
  const ran = await cli(dir, args);
  expect(codes, `${args.join(' ')}: ${ran.stderr}`).toContain(ran.exitCode);
  return ran.stdout;
};

/** Files, index, HEAD and status of a checkout, and what its branch holds; the same for commits made at any time. */
const look = async (cwd: string, branch: string): Promise<string> => {
  const files =
    "find . \\( -name .git -o -name .worktrees \\) -prune -o \\( -type f -o -type l \\) -printf '%p %m %l\\n' | sort; find . \\( -name .git -o -name .worktrees \\) -prune -o -type f -exec sha1sum {} + | sort";
  const own = `git ls-files --stage; cat "$(git rev-parse --git-dir)/HEAD"; git status --porcelain=v2 --untracked-files=all`;
  const history = `git log --format='%T %an %B' ${branch} --`;
  const ran = await sh(cwd, [files, own, history].join('; echo --; '));
  expect(ran.stderr).toBe('');
  return ran.stdout;
};

/** What a person sees of both checkouts. */
export interface Sight {
  /** The user's own. */
  user: string;
  /** The session's. */
  session: string;
}

/** A repository with a session that can be set back to how it was, as often as needed. */
export class CrashWorld {
  readonly dir: string;
  readonly id: string;
  readonly branch: string;
  readonly worktree: string;
  readonly #template = join(tempDir('amp-template-'), 'repo');
  readonly #start = join(tempDir('amp-start-'), 'repo');
  #kept: string[] = [];

  private constructor(dir: string, made: { id: string; branch: string; worktree: string }) {
    this.dir = dir;
    ({ id: this.id, branch: this.branch, worktree: this.worktree } = made);
  }

  /** Two iterations with a person's commit between them; upstream has gone on, in the same folder too. */
  static async make(): Promise<CrashWorld> {
    const dir = await makeRepo();
    const create = ['new', '--name', 'task', '--prompt', 'Add lines', '-a', AGENT, '--json'];
    const world = new CrashWorld(dir, JSON.parse(await must(dir, create)));
    await must(dir, ['iterate', world.id]);
    await sh(world.worktree, 'echo mine > mine.txt && git add mine.txt && git commit -qm "By hand"');
    await must(dir, ['iterate', world.id]);
    await sh(dir, 'echo up > up.txt && echo four >> a.txt && git add -A && git commit -qm Upstream');
    await sh('/', `cp -a '${dir}' '${world.#start}'`);
    return world;
  }

  /** Back to how it was made. */
  async startAgain(): Promise<void> {
    await this.#copyFrom(this.#start);
  }

  async rev(name: string): Promise<string> {
    return git(this.dir, 'rev-parse', '--verify', '-q', name);
  }

  /** This is how it is to be from now on. */
  async keep(): Promise<void> {
    rmSync(this.#template, { recursive: true, force: true });
    await sh('/', `cp -a '${this.dir}' '${this.#template}'`);
    this.#kept = (await git(this.dir, 'rev-list', '--all')).split('\n');
  }

  async restore(): Promise<void> {
    await this.#copyFrom(this.#template);
  }

  async #copyFrom(template: string): Promise<void> {
    await sh('/', `rm -rf '${this.dir}' && cp -a '${template}' '${this.dir}'`);
    // A copy has other inodes: git would look at every file once more.
    for (const cwd of [this.dir, this.worktree])
      if (existsSync(cwd)) await sh(cwd, 'git update-index -q --refresh; git status --porcelain');
  }

  async sight(): Promise<Sight> {
    return {
      user: await look(this.dir, 'main'),
      session: existsSync(this.worktree) ? await look(this.worktree, this.branch) : await this.#tree(),
    };
  }

  #tree(): Promise<string> {
    return git(this.dir, 'rev-parse', `${this.branch}^{tree}`);
  }

  /** The record, as a process reads it that changes nothing. */
  async record() {
    return withContext({ dir: this.dir }, async (ctx) => {
      const session = await readSession(ctx, this.id);
      const { events } = await ctx.store.read(`sessions/${this.id}`);
      return { session, events };
    });
  }

  /** A command that puts in order what it finds, and then does nothing else. */
  async nextCommand(): Promise<string[]> {
    const warnings: string[] = [];
    await withContext({ dir: this.dir, warn: (text) => warnings.push(text) }, async (ctx) => {
      const which = await findSession(ctx, this.id, this.dir);
      const nowhere = rewindSession(ctx, which, { to: 999, dryRun: false });
      await expect(nowhere).rejects.toMatchObject({ code: 'iteration.missing' });
    });
    return warnings;
  }

  /** Every commit that there was when it was kept is still reachable from a ref: no gc takes it. */
  async expectNothingLost(): Promise<void> {
    const all = new Set((await git(this.dir, 'rev-list', '--all')).split('\n'));
    expect(this.#kept.filter((commit) => !all.has(commit))).toEqual([]);
  }

  async expectSound(): Promise<void> {
    const fsck = await sh(this.dir, 'git fsck --full --strict --no-dangling 2>&1');
    expect(fsck.exitCode, fsck.stdout).toBe(0);
  }

  /** Locks that would keep a person's own git from working. */
  async locks(): Promise<string> {
    const ours = ['.git/amp', '.git/refs/amp', '.git/refs/notes'].map((path) => `! -path './${path}/*'`);
    return (await sh(this.dir, `find . -name '*.lock' ${ours.join(' ')}`)).stdout;
  }
}
