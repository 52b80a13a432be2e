/** What happens in one made-up session: facts without their envelope, in order. */

const USED = [
  'claude-opus-4-6',
  'gpt-5.4',
  'claude-sonnet-4-5-20250929',
  'grok-4',
  'übermodell-9 🚀',
  'gpt-99-unheard-of',
  null,
];
const MODES = ['smart', 'rush', 'largé', null];
const TOOLS = ['Bash', 'Read', 'edit_file', 'Grep', 'mcp__工具__do'];
const PROMPTS = [
  'Add a login page',
  'Füge „Größe“ hinzu — 尺寸 🙂',
  '=HYPERLINK("x")\n\'; DROP TABLE usage; --',
  '@cmd|\t"quoted", comma',
  'e\u0301\u202Ertl\u0007bell',
];
const FAILURES = ['agent.offline', 'agent.credits', 'agent.failed', 'agent.silent', 'agent.timeout'];
/** With more digits than a bill has, ties and nothing at all among them. */
const COSTS = [0, 0.1, 0.2, 0.3, 1e-7, 0.0000005, 0.1234565, 1 / 3, 2.675, 0.1 + 0.2, 12345.678901234, 1e-9];

const DEFAULTS = { exitCode: 0, signal: null, timedOut: false };

class Plot {
  facts = [];
  iteration = 0;
  operation = 0;
  /** Commits of the branch, oldest first. */
  commits = [];
  /** The branch after each iteration. */
  after = [[]];
  writer = undefined;

  constructor({ n, id, dice, iterations }) {
    Object.assign(this, { n, id, dice, most: iterations });
    this.base = dice.commit();
    this.agent = dice.pick(['amp', 'amp', 'scripted', 'command']);
    this.thread = null;
  }

  get head() {
    return this.commits.at(-1) ?? this.base;
  }

  tell(type, data, more = {}) {
    this.facts.push({ type, data, writer: this.writer, after: this.dice.int(0, 4000), ...more });
  }

  begin() {
    const { dice, n, base, agent } = this;
    const prompt = dice.pick(PROMPTS);
    this.test = dice.is(0.8) ? 'npm test' : null;
    this.tell(
      'session.created',
      {
        name: `task ${n} ${dice.pick(['', 'é', '-'])}`,
        prompt: dice.is(0.1) ? null : prompt,
        base: 'main',
        baseCommit: base,
        branch: `amp/task-${n}/1`,
        worktree: `.worktrees/${this.id}`,
        agent: { name: agent, mode: dice.pick(MODES) },
        test: this.test,
        setup: null,
        author: dice.is(0.9) ? { name: 'Ägnes O’Hara', email: 'agnes@example.com' } : null,
      },
      { by: 'user' },
    );
    this.tell('worktree.added', {
      path: `.worktrees/${this.id}`,
      branch: `amp/task-${n}/1`,
      commit: base,
      copied: [],
      durationMs: dice.ms(90),
      reason: 'new',
    });
    if (dice.is(0.3)) this.setUp(dice.is(0.5) ? [1, 0] : [0]);
    if (this.test && dice.is(0.8)) this.run('base', dice.is(0.7) ? 0 : 1);
  }

  setUp(codes) {
    for (const exitCode of codes)
      this.tell('setup.finished', {
        command: 'npm ci',
        ...DEFAULTS,
        exitCode,
        durationMs: this.dice.ms(900),
        outputTail: '',
        leftovers: [],
      });
  }

  run(target, exitCode, more = {}) {
    const { dice, iteration } = this;
    const of = target === 'base' ? {} : { iteration };
    this.tell('test-run.finished', {
      target,
      ...of,
      commit: this.head,
      command: this.test,
      ...DEFAULTS,
      exitCode,
      durationMs: dice.ms(60_000),
      outputTail: 'ok ✓',
      outputBytes: dice.int(0, 9000),
      leftovers: [],
      ...more,
    });
  }

  /** One prompt, up to its tests. */
  iterate(reason = this.iteration === 0 ? 'prompt' : this.dice.pick(['prompt', 'continue', 'until-pass'])) {
    const { dice, agent } = this;
    this.iteration += 1;
    const { iteration, head } = this;
    const mode = dice.pick(MODES);
    const isResumed = this.thread !== null && dice.is(0.7);
    this.tell('iteration.started', {
      iteration,
      prompt: dice.pick(PROMPTS),
      reason,
      head,
      agent: { name: agent, mode, version: null, threadId: isResumed ? this.thread : null },
      timeoutMs: null,
      stopStrength: 'group',
    });
    if (!isResumed) this.thread = `T-${this.id}-${iteration}`;
    if (dice.is(0.8))
      this.tell(
        'thread.started',
        {
          iteration,
          threadId: this.thread,
          mode: dice.is(0.6) ? mode : null,
          model: dice.is(0.2) ? dice.pick(USED) : null,
        },
        { by: 'agent' },
      );
    const isEmpty = dice.is(0.08);
    if (!isEmpty) this.work();
    this.end({ isEmpty, isFailing: dice.is(0.2) });
    if (this.test && !isEmpty && dice.is(0.85)) this.tests();
    if (dice.is(0.15)) this.byHand();
  }

  work() {
    const { dice, iteration } = this;
    const by = { by: 'agent' };
    const models = dice.is(0.25) ? [dice.pick(USED), dice.pick(USED)] : [dice.pick(USED)];
    for (let turn = dice.int(0, 4); turn > 0; turn--) {
      if (dice.is(0.7)) this.tell('agent-message.received', { iteration, text: dice.pick(PROMPTS) }, by);
      if (dice.is(0.8)) this.call(`call-${dice.int(1, 3)}`);
      const tokens = () => (dice.is(0.1) ? 0 : dice.int(1, 40_000));
      this.tell(
        'usage.reported',
        {
          iteration,
          tokensInput: tokens(),
          tokensOutput: dice.is(0.1) ? 0 : dice.int(1, 900),
          tokensCacheRead: dice.is(0.5) ? 0 : dice.int(1, 300_000),
          tokensCacheWrite: dice.is(0.7) ? 0 : tokens(),
          model: dice.pick(models),
        },
        by,
      );
    }
    if (dice.is(0.5)) for (let times = dice.is(0.2) ? 2 : 1; times > 0; times--) this.bill();
  }

  bill() {
    const { dice, iteration } = this;
    this.tell(
      'cost.reported',
      {
        iteration,
        costUsd: dice.pick(COSTS),
        costSource: dice.pick(['billed', 'reported']),
        threadCostUsd: dice.is(0.5) ? null : 5,
      },
      { by: 'agent' },
    );
  }

  /** Agents use the name of a call again, and some calls never come back, or were never seen. */
  call(toolCallId) {
    const { dice, iteration } = this;
    const by = { by: 'agent' };
    const tool = dice.pick(TOOLS);
    const isSeen = dice.is(0.95);
    if (isSeen) this.tell('tool-call.started', { iteration, toolCallId, tool, summary: 'ls — ünïcode' }, by);
    if (isSeen && dice.is(0.06)) return;
    const exitCode = tool === 'Bash' ? dice.pick([0, 0, 0, 1, 127]) : null;
    this.tell(
      'tool-call.finished',
      {
        iteration,
        toolCallId,
        tool: isSeen ? tool : null,
        durationMs: isSeen ? dice.ms(20_000) : null,
        isError: dice.is(0.1),
        exitCode,
      },
      by,
    );
  }

  end({ isEmpty, isFailing }) {
    const { dice, iteration, agent, head } = this;
    const failure = isFailing && dice.is(0.7) ? { code: dice.pick(FAILURES), message: 'kaputt: „nein“' } : null;
    if (!isEmpty || isFailing)
      this.tell('agent.finished', {
        iteration,
        ...DEFAULTS,
        durationMs: dice.ms(500_000),
        result: dice.is(0.8) ? { subtype: 'success', isError: false, turns: dice.int(1, 9) } : null,
        failure,
        stopped: isFailing ? dice.pick(['no', 'user', 'timeout']) : 'no',
        unknownLines: 0,
        unreadableLines: 0,
        survivors: dice.is(0.05) ? 2 : 0,
      });
    const hasCommit = !isEmpty && dice.is(0.8);
    const commit = dice.commit();
    if (hasCommit) this.commits = [...this.commits, commit];
    const size = hasCommit
      ? { files: dice.int(1, 9), insertions: dice.int(0, 400), deletions: dice.int(0, 90) }
      : { files: 0, insertions: 0, deletions: 0 };
    const usage = {
      tokensInput: 0,
      tokensOutput: 0,
      tokensCacheRead: 0,
      tokensCacheWrite: 0,
      costUsd: null,
      costSource: 'unknown',
    };
    this.tell('iteration.finished', {
      iteration,
      outcome: isFailing ? dice.pick(['failed', 'interrupted', 'timed-out']) : 'completed',
      head,
      ...(hasCommit && { commit, subject: 'amp: Größe' }),
      ...size,
      durationMs: isEmpty ? 0 : dice.ms(600_000),
      agent: { name: agent, mode: null, threadId: this.thread },
      usage,
      transcript: null,
      recovered: dice.is(0.05),
    });
    this.after[iteration] = this.commits;
  }

  tests() {
    const { dice, iteration } = this;
    if (dice.is(0.05))
      this.tell('test-run.interrupted', {
        target: 'iteration',
        iteration,
        commit: this.head,
        command: this.test,
        durationMs: 5,
        leftovers: [],
      });
    else
      this.run(
        'iteration',
        dice.pick([0, 0, 1, 2]),
        dice.is(0.05) ? { exitCode: null, signal: 'SIGKILL', timedOut: true } : {},
      );
  }

  byHand() {
    const { dice } = this;
    const commit = dice.commit();
    this.tell('manual-commit.found', {
      commit,
      parents: [this.head],
      author: { name: 'Bo', email: 'bo@example.com' },
      subject: 'fix',
      authoredAt: '2026-09-28T01:00:00+02:00',
      files: 1,
      insertions: dice.int(0, 30),
      deletions: dice.int(0, 5),
      origin: dice.pick(['commit', 'uncommitted-edits']),
      beforeIteration: this.iteration + 1,
    });
    this.commits = [...this.commits, commit];
  }

  /** An operation from its plan to its end. */
  operate(verb, plan, end = {}) {
    this.operation += 1;
    const { operation, dice, head } = this;
    const moves = [
      { ref: `refs/heads/amp/task-${this.n}/1`, from: head, to: plan.commit ?? head, worktree: null, shows: null },
    ];
    this.tell(`${verb}.started`, { operation, moves, ...plan });
    if (dice.is(0.08)) {
      this.tell('operation.abandoned', { operation, verb, reason: 'crash' });
      return false;
    }
    this.tell(`${verb}.finished`, {
      operation,
      commit: end.commit ?? plan.commit ?? head,
      durationMs: dice.ms(3000),
      recovered: dice.is(0.05),
      ...end,
    });
    return true;
  }

  /** The same commits under new names. */
  renamed(commits = this.commits) {
    return commits.map((from) => ({ from, to: this.dice.commit() }));
  }

  squash() {
    const commit = this.dice.commit();
    const plan = {
      mergeBase: this.base,
      commit,
      replaced: this.commits,
      manual: 'include',
      rewritten: [],
      subject: 'all',
    };
    if (this.commits.length > 1 && this.operate('squash', plan)) this.commits = [commit];
  }

  rebase({ hasConflict, isGivenUp }) {
    const { dice } = this;
    const onto = { name: 'main', commit: dice.commit() };
    const [first, ...rest] = this.commits;
    let dropped = [];
    if (hasConflict && first) {
      const places = { commit: first, parent: onto.commit, tree: dice.commit(), remaining: rest };
      this.tell('rebase.conflicted', {
        onto,
        mergeBase: this.base,
        from: this.head,
        shows: this.head,
        rewritten: [],
        dropped: [],
        ...places,
        conflicts: [{ path: 'src/ä.ts', kind: 'content', message: 'm', stages: [] }],
      });
      if (isGivenUp) return this.tell('rebase.aborted', { commit: this.head, reason: 'user' });
      const by = dice.pick(['person', 'agent', 'skip']);
      this.tell('conflict.resolved', { commit: first, as: by === 'skip' ? null : dice.commit(), by });
      if (by === 'skip') dropped = [first];
    }
    const rewritten = this.renamed(this.commits.filter((commit) => !dropped.includes(commit)));
    const commit = rewritten.at(-1)?.to ?? onto.commit;
    if (!this.operate('rebase', { onto, mergeBase: this.base, rewritten, dropped, commit })) return;
    this.commits = rewritten.map(({ to }) => to);
    this.base = onto.commit;
  }

  merge() {
    const commit = this.dice.commit();
    const before = this.commits;
    const target = 'refs/heads/main';
    const gates = [{ name: 'tests', ok: this.dice.is(0.8), detail: '' }];
    const isDone = this.operate(
      'merge',
      {
        target,
        targetCommit: this.base,
        mode: this.dice.pick(['fast-forward', 'merge-commit']),
        commit,
        squash: null,
        rewritten: [],
        dropped: [],
        gates,
        skipped: [],
      },
      { commit: this.head, target, mergeCommit: commit },
    );
    if (isDone && this.dice.is(0.25)) this.undo('merge', before);
  }

  undo(verb, before) {
    if (this.operate('undo', { undoes: this.operation, verb }, { undoes: this.operation, verb })) this.commits = before;
  }

  rewind(iteration) {
    const commits = this.after[iteration] ?? [];
    if (this.operate('rewind', { iteration, baseCommit: this.base, commit: commits.at(-1) ?? this.base }))
      this.commits = commits;
  }

  /** Another clone goes on from here while this one does too. */
  fork() {
    const seq = this.facts.length;
    const kept = { commits: this.commits, iteration: this.iteration };
    const resumed = { host: 'zweite', branch: `amp/task-${this.n}/1`, commit: this.head, previous: null };
    this.writer = 'wmaker0002';
    this.tell('session.resumed', { from: { writer: 'wmaker0001', seq }, ...resumed });
    this.iterate('prompt');
    this.iterate('continue');
    this.writer = 'wmaker0001';
    Object.assign(this, kept);
    this.iterate('prompt');
  }

  /** What a newer version, or a broken one, would have left. */
  nonsense() {
    this.tell('iteration.dreamed', { iteration: 1, of: 'sheep' }, { v: 9 });
    this.tell('usage.reported', {
      iteration: 1,
      tokensInput: 'many',
      tokensOutput: -1,
      tokensCacheRead: null,
      model: 7,
    });
    this.tell('cost.reported', { iteration: 1, costUsd: null, costSource: 'unknown', threadCostUsd: null });
    this.tell('tool-call.finished', null);
    this.tell('usage.reported', {
      iteration: 4711,
      tokensInput: 5,
      tokensOutput: 6,
      tokensCacheRead: 7,
      tokensCacheWrite: 8,
      model: null,
    });
  }
}

const ENDS = [
  (plot) => plot.merge(),
  (plot) => plot.merge(),
  (plot) => plot.tell('session.removed', {}),
  (plot) => plot.tell('session.archived', {}),
  (plot) => plot.tell('manual-rewrite.found', { branch: 'amp', from: plot.head, to: plot.base }),
  (plot) => plot.tell('branch.pushed', { remote: 'origin', branch: 'amp', commit: plot.head }),
  (plot) => plot.fork(),
  (plot) => plot.iterate('prompt'),
];

/** @returns {object[]} facts of session `n` */
export const plotOf = (wish) => {
  const plot = new Plot(wish);
  const { dice } = plot;
  plot.begin();
  for (let times = dice.int(0, wish.iterations); times > 0; times--) plot.iterate();
  if (plot.iteration > 1 && dice.is(0.25)) plot.rewind(dice.int(0, plot.iteration - 1));
  if (dice.is(0.3)) plot.rebase({ hasConflict: dice.is(0.5), isGivenUp: dice.is(0.3) });
  if (dice.is(0.3)) plot.squash();
  if (dice.is(0.1)) plot.nonsense();
  dice.pick(ENDS)(plot);
  if (dice.is(0.05))
    plot.tell('iteration.started', {
      iteration: plot.iteration + 1,
      prompt: 'läuft',
      reason: 'prompt',
      head: plot.head,
      agent: { name: 'amp', mode: null, version: null, threadId: null },
      timeoutMs: null,
      stopStrength: 'group',
    });
  return plot.facts;
};
