import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { expect } from 'vitest';
import { git, sh } from '../support/repo.ts';
import { Machine, type View } from './landing-machine.ts';
import type { PeopleStep, Step, VerbStep } from './landing-steps.ts';

/** What a refused verb may put on record all the same: what people did meanwhile. */
const OBSERVATIONS = ['manual-commit.found', 'manual-rewrite.found'];

/** What must be as it was when nothing happened. */
const still = ({ user, main, worktree, tip, session: { base, baseCommit, conflict, merged } }: View) => ({
  ...{ user, main, worktree, tip, base, baseCommit, merged },
  conflict: conflict !== null,
});

/** What an undo brings back of the session. */
const standing = ({ session: { base, baseCommit, head, merged } }: View) => ({ base, baseCommit, head, merged });

/** How often each verb did what, over all stories: a machine that only refuses shows nothing. */
export const tally = new Map<string, number>();
const count = (what: string): void => void tally.set(what, (tally.get(what) ?? 0) + 1);

/** A machine, and the simple model of what may have happened to it: what everybody did stays, whatever the verbs do. */
export class Story {
  readonly #machine: Machine;
  #now: View;
  readonly #upstream = new Set<string>();
  /** Files that somebody brought to main; nobody ever takes one away. */
  readonly #files = new Set<string>();
  /** Every commit that ever was on main or on the session's branch. */
  readonly #known = new Set<string>();
  #edits: string[] = [];
  /** How it was before each operation, and how many edits there were. */
  readonly #before = new Map<number, { view: View; edits: number }>();
  /** How it was before the rebase that waits. */
  #beforeConflict: { view: View; edits: number } | undefined;

  private constructor(machine: Machine, now: View) {
    this.#machine = machine;
    this.#now = now;
  }

  static async begin(): Promise<Story> {
    const machine = await Machine.make();
    return new Story(machine, await machine.view());
  }

  async take(step: Step): Promise<void> {
    const before = this.#now;
    if (step.do === 'commit' || step.do === 'edit' || step.do === 'pull' || step.do === 'upstream')
      await this.#people(step);
    else if (step.do === 'kill') await this.#killed(step.verb, step.after, before);
    else await this.#verb(step, before);
    await this.#always();
    if (step.do === 'kill') await this.#machine.expectSound();
  }

  /** Nothing but refs keeps anything any more. */
  async end(): Promise<void> {
    await this.#machine.expectSound();
    await this.#machine.collectGarbage();
    this.#now = await this.#machine.view();
    await this.#always();
  }

  async #people(step: PeopleStep): Promise<void> {
    const machine = this.#machine;
    const isFree = machine.hasWorktree() && this.#now.session.conflict === null;
    if (step.do === 'upstream') {
      const commit = await machine.commit(machine.dir, step.where, 'up');
      this.#upstream.add(commit);
      const added = ['diff-tree', '--no-commit-id', '-r', '--name-only', '--diff-filter=A', commit];
      for (const name of (await git(machine.dir, ...added)).split('\n').filter(Boolean)) this.#files.add(name);
    } else if (isFree && step.do === 'commit') await machine.commit(machine.worktree, step.where, 'hand');
    else if (isFree && step.do === 'edit') this.#edits.push(machine.edit());
    else if (isFree && step.do === 'pull') await machine.pull();
    this.#now = await machine.view();
  }

  async #verb(step: VerbStep, before: View): Promise<void> {
    const { refused } = await this.#machine.run(step, before);
    const after = await this.#machine.view();
    this.#now = after;
    const stopped = refused === 'conflict';
    count(`${step.do} ${refused === undefined ? 'done' : stopped ? 'stopped' : 'refused'}`);
    if (refused !== undefined && !stopped) {
      expect(still(after)).toEqual(still(before));
      const types = after.events.slice(before.events.length).map(({ type }) => type);
      expect(types.filter((type) => !OBSERVATIONS.includes(type))).toEqual([]);
      return;
    }
    await this.#happened(step, before, after);
  }

  async #killed(step: VerbStep, share: number, before: View): Promise<void> {
    await this.#machine.kill(step, before, share);
    const warnings = await this.#machine.recover();
    const after = await this.#machine.view();
    this.#now = after;
    const news = after.events.slice(before.events.length);
    const isRecovered = news.some(({ data }) => (data as { recovered?: boolean } | null)?.recovered === true);
    const isAbandoned = news.some(({ type }) => type === 'operation.abandoned');
    count(
      `kill ${isRecovered ? 'finished' : isAbandoned ? 'rolled back' : news.length > 0 ? 'too late' : 'too early'}`,
    );
    if (step.do !== 'iterate' && (isRecovered || isAbandoned))
      expect(warnings.join('\n')).toMatch(isRecovered ? /was finished now\./ : /was rolled back: /);
    await this.#happened(step, before, after);
  }

  /** A verb came to its end, or a killed one was brought to one: as if it had run, or as if it never had. */
  async #happened(step: VerbStep, before: View, after: View): Promise<void> {
    const made = after.session.operations.at(-1);
    const isNew = after.session.operations.length > before.session.operations.length;
    const undone = isNew && made!.verb === 'undo' ? made!.undoes! : undefined;
    const isMerge = isNew && made!.verb === 'merge';
    // A rebase that had waited began when it met its conflict.
    const begun = before.session.conflict ? this.#beforeConflict! : { view: before, edits: this.#edits.length };
    if (isNew) this.#before.set(made!.operation, begun);
    if (undone !== undefined) this.#expectBack(undone, before, after);
    else if (isMerge) await this.#expectMerged(before, after);
    else expect([after.user, after.main]).toEqual([before.user, before.main]);
    if (after.session.conflict && !before.session.conflict)
      this.#beforeConflict = { view: before, edits: this.#edits.length };
    if (step.do === 'abort' && before.session.conflict && !after.session.conflict) {
      const { view, edits } = this.#beforeConflict!;
      expect(after.tip).toBe(before.tip);
      if (edits === this.#edits.length) expect(after.worktree).toBe(view.worktree);
    }
    if (isNew && made!.verb === 'squash') {
      expect(await this.#tree(after.tip)).toBe(await this.#tree(before.tip));
      expect(after.worktree).toBe(before.worktree);
      // What has landed wholly is squashed from where the record says that it began.
      const fork = await this.#fork(before);
      if (fork !== before.tip) expect(await this.#fork(after)).toBe(fork);
    }
    if (isNew && made!.verb === 'rebase') {
      // One that had waited ends on the commit that it was bound for.
      await this.#expectAncestor(made!.target!.commit, after.tip);
      if (!before.session.conflict) expect(await this.#tree(after.tip)).toBe(await this.#merged(before));
    }
    const ran = after.session.iterations.length - before.session.iterations.length;
    expect(ran).toBe(step.do === 'iterate' && ran !== 0 ? 1 : 0);
    const isMoving = isNew || ran > 0;
    if (!isMoving && step.do !== 'iterate') expect(after.tip).toBe(before.tip);
    const isElsewhere = isMoving || step.do === 'iterate' || step.do === 'archive' || after.session.conflict;
    if (!isElsewhere && !before.session.conflict) expect(after.worktree).toBe(before.worktree);
  }

  #expectBack(operation: number, before: View, after: View): void {
    const { view, edits } = this.#before.get(operation)!;
    const { verb, moves } = after.session.operations.find((one) => one.operation === operation)!;
    // A branch that the operation left where it was may have gone on.
    const own = moves.some(({ ref }) => ref === `refs/heads/${this.#machine.branch}`) ? view : before;
    expect([after.tip, standing(after)]).toEqual([own.tip, { ...standing(view), head: own.tip }]);
    const isSame = own === before || edits === this.#edits.length;
    if (own.worktree && after.worktree && isSame) expect(after.worktree).toBe(own.worktree);
    const wanted = verb === 'merge' ? view : before;
    expect([after.main, after.user]).toEqual([wanted.main, wanted.user]);
  }

  async #expectMerged(before: View, after: View): Promise<void> {
    await this.#expectAncestor(before.main, after.main);
    expect(await this.#tree(after.main)).toBe(await this.#merged(before));
    expect(await git(this.#machine.dir, 'status', '--porcelain')).toBe('');
    expect(after.session.merged).toMatchObject({ commit: after.main, head: after.tip });
  }

  #tree(commit: string): Promise<string> {
    return git(this.#machine.dir, 'rev-parse', `${commit}^{tree}`);
  }

  #fork({ main, tip }: View): Promise<string> {
    return git(this.#machine.dir, 'merge-base', main, tip);
  }

  /** The files that git itself makes of main and the branch. */
  async #merged({ main, tip }: View): Promise<string> {
    const ran = await sh(this.#machine.dir, `git merge-tree --write-tree ${main} ${tip}`);
    return ran.stdout.split('\n')[0]!;
  }

  async #expectAncestor(old: string, young: string): Promise<void> {
    const ran = await sh(this.#machine.dir, `git merge-base --is-ancestor ${old} ${young}`);
    expect(ran.exitCode, `${old} is in the history of ${young}`).toBe(0);
  }

  /** What holds after every step. */
  async #always(): Promise<void> {
    const { session, reachable, work, worktree } = this.#now;
    const machine = this.#machine;
    machine.expectReplayed(this.#now);
    const onMain = new Set((await git(machine.dir, 'rev-list', 'main')).split('\n'));
    expect([...this.#upstream].filter((commit) => !onMain.has(commit))).toEqual([]);
    const present = new Set((await git(machine.dir, 'ls-tree', '--name-only', 'main')).split('\n'));
    expect([...this.#files].filter((name) => !present.has(name))).toEqual([]);
    for (const commit of work) this.#known.add(commit);
    for (const { commit } of session.iterations) if (commit) this.#known.add(commit);
    expect([...this.#known].filter((commit) => !reachable.has(commit))).toEqual([]);
    expect([session.openOperation, session.iterations.some(({ outcome }) => outcome === null)]).toEqual([null, false]);
    for (const path of this.#edits) {
      const name = basename(path);
      const history = ['log', '--all', '--full-history', '--format=%h', '--', name];
      if (!existsSync(path)) expect(await git(machine.dir, ...history)).not.toBe('');
    }
    if (worktree === null || session.conflict) return;
    const status = (await git(machine.worktree, 'status', '--porcelain')).split('\n').filter(Boolean);
    // A killed iterate may have staged an edit that it was about to commit.
    expect(status.filter((line) => !/^(\?\?|A ) edit-/.test(line))).toEqual([]);
  }
}
