import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { isAppError } from '../../src/errors.ts';
import type { LogEvent } from '../../src/events/catalogue.ts';
import { replay } from '../../src/session/evolve.ts';
import type { Session } from '../../src/session/state.ts';
import { type Context, withContext } from '../../src/workflows/context.ts';
import { findSession } from '../../src/workflows/find-session.ts';
import { InterruptSwitch } from '../../src/workflows/interrupts.ts';
import { iterate } from '../../src/workflows/iterate.ts';
import { mergeSession } from '../../src/workflows/landing/merge.ts';
import { rebaseSession } from '../../src/workflows/landing/rebase.ts';
import { abortRebase, continueRebase, skipCommit } from '../../src/workflows/landing/rebase-conflict.ts';
import { rewindSession } from '../../src/workflows/landing/rewind.ts';
import { squashSession } from '../../src/workflows/landing/squash.ts';
import { undoLast } from '../../src/workflows/landing/undo.ts';
import { newSession } from '../../src/workflows/new-session.ts';
import { archiveSession } from '../../src/workflows/put-away.ts';
import { readSession, type SessionSummary } from '../../src/workflows/summaries.ts';
import { PROGRAM } from '../support/cli.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';
import type { VerbStep, Where } from './landing-steps.ts';

/** Everything that the machine looks at between two steps. */
export interface View {
  /** The user's files, index, HEAD, configuration and refs: all that is not ours. */
  user: string;
  /** Tip of main. */
  main: string;
  /** Files, index, HEAD and status of the session's worktree; null when there is none. */
  worktree: string | null;
  tip: string;
  session: Session;
  events: LogEvent[];
  /** Every commit that a ref leads to. */
  reachable: Set<string>;
  /** The commits of main and of the session's branch. */
  work: string[];
}

const FILES =
  "find . \\( -name .git -o -name .worktrees \\) -prune -o \\( -type f -o -type l \\) -printf '%p %m %l\\n' | sort; find . \\( -name .git -o -name .worktrees \\) -prune -o -type f -exec sha1sum {} + | sort; git ls-files --stage; git status --porcelain=v2 --untracked-files=all";

const lookAt = async (cwd: string): Promise<string> =>
  (await sh(cwd, `${FILES}; cat "$(git rev-parse --git-dir)/HEAD"`)).stdout;

/** How long a verb takes from start to end, in milliseconds, as far as that has shown; machines differ. */
const lengths = new Map<string, number>();

/** A repository, one session in it, and the hands of everybody who works there. */
export class Machine {
  readonly dir: string;
  readonly id: string;
  readonly branch: string;
  readonly worktree: string;
  readonly #control: string;
  #count = 0;

  private constructor(dir: string, control: string, made: { session: Session; worktree: string }) {
    this.dir = dir;
    this.#control = control;
    this.id = made.session.id;
    this.branch = made.session.branch;
    this.worktree = made.worktree;
  }

  static async make(): Promise<Machine> {
    const dir = await makeRepo();
    const control = join(tempDir('amp-control-'), 'agent.sh');
    writeFileSync(control, 'echo first >> agent.txt\n');
    const command = `cat > /dev/null; . '${control}'; echo "Did $AMP_SESSIONS_ITERATION."`;
    const wish = { name: 'task', prompt: 'Do it', base: null, agent: { name: 'command', mode: null, command } };
    const made = await withContext({ dir }, (ctx) => newSession(ctx, { ...wish, test: null, setup: null }));
    return new Machine(dir, control, made);
  }

  hasWorktree(): boolean {
    return existsSync(join(this.worktree, '.git'));
  }

  async view(): Promise<View> {
    const others = `git for-each-ref | grep -v -e refs/amp/ -e refs/notes/amp$ -e 'refs/heads/${this.branch}$'`;
    const user = await sh(this.dir, `${FILES}; cat .git/HEAD .git/config .git/info/exclude; ${others}`);
    const { session, events } = await withContext({ dir: this.dir }, async (ctx) => {
      const { events } = await ctx.store.read(`sessions/${this.id}`);
      return { session: await readSession(ctx, this.id), events };
    });
    const refs = (await git(this.dir, 'rev-parse', 'main', `refs/heads/${this.branch}`)).split('\n');
    return {
      user: user.stdout,
      main: refs[0]!,
      worktree: this.hasWorktree() ? await lookAt(this.worktree) : null,
      tip: refs[1]!,
      session,
      events,
      reachable: new Set((await git(this.dir, 'rev-list', '--all')).split('\n')),
      work: (await git(this.dir, 'rev-list', ...refs)).split('\n'),
    };
  }

  /** A commit of plain git, with a name that nobody used before. */
  async commit(cwd: string, where: Where, who: string): Promise<string> {
    const n = ++this.#count;
    const change = where === 'own' ? `echo ${n} > ${who}-${n}.txt` : `sed -i '2s/.*/${who} ${n}/' a.txt`;
    const ran = await sh(cwd, `${change} && git add -A && git commit -qm '${who} ${n}'`);
    expect(ran.exitCode, ran.stderr).toBe(0);
    return git(cwd, 'rev-parse', 'HEAD');
  }

  /** @returns the file */
  edit(): string {
    const path = join(this.worktree, `edit-${++this.#count}.txt`);
    writeFileSync(path, `edited ${this.#count}\n`);
    return path;
  }

  async pull(): Promise<void> {
    const ran = await sh(this.worktree, 'git merge -q --no-edit main');
    if (ran.exitCode !== 0) await sh(this.worktree, 'git merge --abort');
  }

  #prepareAgent(where: Where): void {
    const n = ++this.#count;
    const shared = where === 'shared' ? `sed -i '2s/.*/agent ${n}/' a.txt\n` : '';
    writeFileSync(this.#control, `echo 'line ${n}' >> agent.txt\n${shared}`);
  }

  /** A person decides about everything that is in conflict. */
  async #resolve(): Promise<void> {
    if (!this.hasWorktree()) return;
    const open = (await git(this.worktree, 'diff', '--name-only', '--diff-filter=U')).split('\n').filter(Boolean);
    for (const path of open) {
      const file = join(this.worktree, path);
      const text = existsSync(file) ? readFileSync(file, 'utf8') : 'gone\n';
      writeFileSync(file, text.replace(/^(<{7}|={7}|>{7}|\|{7}).*\n/gm, ''));
      await git(this.worktree, 'add', '--', path);
    }
  }

  #backTo({ session }: View, back: number): number {
    return Math.max(0, session.iterations.length - back);
  }

  async #work(ctx: Context, which: SessionSummary, step: VerbStep, view: View): Promise<unknown> {
    const dryRun = false;
    switch (step.do) {
      case 'iterate': {
        const limits = { prompt: null, timeoutSec: null, untilPass: false, maxIterations: 1 };
        return iterate(ctx, { id: this.id, name: 'task', ...limits, interrupts: new InterruptSwitch() });
      }
      case 'squash':
        return squashSession(ctx, which, { manual: step.manual, message: `Squashed ${++this.#count}`, dryRun });
      case 'merge':
        return mergeSession(ctx, which, { squash: step.squash, noFf: step.noFf, skipTests: true, dryRun });
      case 'rebase':
      case 'continue':
      case 'skip':
      case 'abort': {
        const hands = { continue: continueRebase, skip: skipCommit, abort: abortRebase };
        if (step.do === 'rebase') return rebaseSession(ctx, which, { fetch: false });
        return hands[step.do](ctx, which);
      }
      case 'undo':
        return undoLast(ctx, which, { dryRun });
      case 'rewind':
        return rewindSession(ctx, which, { to: this.#backTo(view, step.back), dryRun });
      case 'archive':
        return archiveSession(ctx, which, { dryRun });
    }
  }

  #arguments(step: VerbStep, view: View): string[] {
    switch (step.do) {
      case 'squash':
        return ['squash', this.id, '--manual', step.manual, '--message', 'Squashed'];
      case 'merge':
        return ['merge', this.id, ...(step.squash ? [] : ['--no-squash']), ...(step.noFf ? ['--no-ff'] : [])];
      case 'continue':
      case 'skip':
      case 'abort':
        return ['rebase', this.id, `--${step.do}`];
      case 'rewind':
        return ['rewind', this.id, '--to', String(this.#backTo(view, step.back))];
      default:
        return [step.do, this.id];
    }
  }

  async #prepare(step: VerbStep): Promise<void> {
    if (step.do === 'iterate') this.#prepareAgent(step.where);
    if (step.do === 'continue') await this.#resolve();
  }

  /** @returns the refusal, or undefined; anything that is no refusal is thrown */
  async run(step: VerbStep, view: View): Promise<{ refused: string | undefined; warnings: string[] }> {
    await this.#prepare(step);
    const warnings: string[] = [];
    const refused = await withContext({ dir: this.dir, warn: (text) => warnings.push(text) }, async (ctx) => {
      const which = await findSession(ctx, this.id, this.dir);
      try {
        const answer = await this.#work(ctx, which, step, view);
        return (answer as { failure?: unknown }).failure ? 'conflict' : undefined;
      } catch (error) {
        if (!isAppError(error)) throw error;
        expect(error.hint, error.message).toMatch(/\w/);
        return error.code;
      }
    });
    return { refused, warnings };
  }

  /** The program as a process, killed -9 after a part of its usual time; its children are left to themselves. */
  async kill(step: VerbStep, view: View, after: number): Promise<void> {
    await this.#prepare(step);
    const line = [PROGRAM, '-C', this.dir, ...this.#arguments(step, view)];
    const usual = lengths.get(step.do) ?? 1500;
    const began = performance.now();
    await new Promise<void>((resolve) => {
      const child = spawn(process.execPath, line, { cwd: '/', stdio: 'ignore' });
      const timer = setTimeout(() => child.kill('SIGKILL'), (usual * after) / 1000);
      child.on('close', (code) => {
        clearTimeout(timer);
        lengths.set(step.do, code === null ? usual * 1.2 : performance.now() - began);
        resolve();
      });
    });
  }

  /** Whoever comes next puts everything in order; it asks for what is never there, so that it does nothing else. */
  async recover(): Promise<string[]> {
    const warnings: string[] = [];
    await withContext({ dir: this.dir, warn: (text) => warnings.push(text) }, async (ctx) => {
      const which = await findSession(ctx, this.id, this.dir);
      const nowhere = rewindSession(ctx, which, { to: 999, dryRun: false });
      const error = await nowhere.then(() => undefined).catch((reason: unknown) => reason);
      if (!isAppError(error)) throw error;
      expect(['iteration.missing', 'landing.conflict', 'session.dirty']).toContain(error.code);
    });
    return warnings;
  }

  /** What the log alone says is what anybody sees. */
  expectReplayed({ session, events }: View): void {
    expect({ ...replay(events), id: this.id }).toEqual(session);
  }

  async expectSound(): Promise<void> {
    const ran = await sh(this.dir, 'git fsck --strict --no-dangling 2>&1');
    expect(ran.exitCode, ran.stdout).toBe(0);
  }

  async collectGarbage(): Promise<void> {
    const ran = await sh(this.dir, 'git reflog expire --expire=now --all && git gc -q --prune=now');
    expect(ran.exitCode, ran.stderr).toBe(0);
  }
}
