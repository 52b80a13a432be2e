/**
 * Every figure of `metrics` and `report`, from the raw lines of logs, in plain JavaScript that shares nothing with `src`.
 *
 *     node plain-figures.mjs [<since> <until>] < lines.ndjson        prints { total, session: { … }, agent: { … }, model: { … }, day: { … } }
 *
 * Run it once a repository for figures by repository. What each figure is:
 *
 * iteration        an `iteration.started`; later events speak of the newest one of that number that their own clone began,
 *                  else of the newest one that any clone began
 * iterations, outcomes     all of them; by `outcome` of `iteration.finished` (none: "running")
 * durationMs       sum of their `durationMs`, to a thousandth; throughput is tokensOutput by that time in seconds
 * tokens…          sum of all `usage.reported`, also of iterations that never began; null where none was told
 * costUsd          money is millionths: each `cost.reported` is rounded to one, then added up. An iteration without one
 *                  costs the list price of each report whose model the price table knows, each rounded to a millionth, halves up.
 *                  null where nothing is known
 * costSource       reported, billed, computed, mixed; unknown where tokens were used and nothing is known; null: no tokens
 * isLowerBound     some of the cost is computed, or an iteration used tokens whose cost is not known at all
 * calls, failures  tool calls; those whose `isError` is true or whose `exitCode` is not 0. The call that a
 *                  `tool-call.finished` ends is the oldest open one of that id in its iteration
 * callP50, callP95 the least known duration such that 50 (95) of a hundred known ones are not above it
 * testRuns, testPasses, newlyFailing, testMs     verdicts (`test-run.finished`) of iterations; exit 0 in time; failing where
 *                  the last run on the same base of the same command passed; time of all runs, base and interrupted too
 * commits, manual, files, insertions, deletions  commits of iterations (but of conflicts) and manual ones
 * landed, landedLines      commits that a standing merge brought into a branch; lines added and taken away by them
 * discarded, discardedLines   commits that were rewound, reset, skipped, undone, or removed with their session
 * costPerLandedLine        costUsd / landedLines; null without either. shareDiscarded: discardedLines of all lines
 * operations       by verb, done ones; conflictRate: rebases that met a conflict of all rebases (done, given up, open)
 * failures…        errors by mode; recovered: those that something put right, by what it was
 *
 * `more` has what only `metrics` tells; with <since> and <until>, as ISO-8601, only facts from then till then count.
 *
 * Groups: an agent's figures are those of its iterations; a day (UTC) has what began in it (tests: ended); a model has
 * tokens and cost alone. What belongs to no iteration has no agent ("").
 */
import { calcPrice } from '@pydantic/genai-prices';

const number = (value) => (typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null);
const whole = (value) => (Number.isSafeInteger(value) && value >= 0 ? value : null);
const text = (value) => (typeof value === 'string' ? value : null);
const day = (at) => at.slice(0, 10);
const micros = (dollars) => BigInt(dollars.toFixed(6).replace('.', ''));

const readLogs = (lines) => {
  const logs = new Map();
  for (const line of lines.split('\n').filter(Boolean)) {
    const event = JSON.parse(line);
    const log = logs.get(event.log) ?? new Map();
    logs.set(event.log, log.set(`${event.writer} ${event.seq}`, event));
  }
  return [...logs.values()].map((log) =>
    [...log.values()].sort((a, b) => a.clock - b.clock || (a.writer < b.writer ? -1 : 1) || a.seq - b.seq),
  );
};

const KEYS = ['tokensInput', 'tokensOutput', 'tokensCacheRead', 'tokensCacheWrite'];

const priceOf = (model, tokens, at) => {
  const [input, output, read, write] = tokens;
  if (model === null || tokens.includes(null)) return null;
  try {
    const usage = {
      input_tokens: input + read + write,
      output_tokens: output,
      cache_read_tokens: read,
      cache_write_tokens: write,
    };
    const price = calcPrice(usage, model, { timestamp: new Date(at) });
    return price && BigInt(Math.round(Number((price.total_price * 1e6).toFixed(6))));
  } catch {
    return null;
  }
};

/** What one clone's branch is made of, newest last, and what its base was tested with. */
class Branch {
  constructor(from) {
    Object.assign(this, {
      works: [],
      after: {},
      before: {},
      base: null,
      tests: null,
      plan: null,
      skipped: [],
      open: [],
      moved: !from,
    });
    if (!from) return;
    const { works, after, before, base, tests, skipped } = from;
    Object.assign(this, {
      works,
      after: { ...after },
      before: { ...before },
      base,
      tests,
      skipped: [...skipped],
      open: [...from.open],
      gone: [...(from.gone ?? [])],
    });
  }

  add(commit, id) {
    this.works = [...this.works, { commit, id, fate: 'standing' }];
    this.gone ??= [];
    this.moved = true;
  }

  /** Works that are not on the branch any more have this fate. */
  become(works, fate) {
    const left = new Set(works.map(({ commit }) => commit));
    const lost = this.works.filter(({ commit }) => !left.has(commit));
    this.gone = [
      ...(this.gone ?? []).filter(({ commit }) => !left.has(commit)),
      ...lost.map((work) => ({ ...work, fate: work.fate === 'landed' ? 'landed' : fate })),
    ];
    this.works = works;
    this.moved = true;
  }

  finish(verb, plan, data) {
    const { works } = this;
    this.before[data.operation] = { works, base: this.base, tests: this.tests };
    this.moved = true;
    if (verb === 'undo') {
      const old = this.before[data.undoes];
      if (!old) return;
      const isMerge = data.verb === 'merge';
      this.become(
        old.works.map((work) => (isMerge && work.fate !== 'landed' ? { ...work, fate: 'undone' } : work)),
        'undone',
      );
      Object.assign(this, { base: old.base, tests: old.tests });
      return;
    }
    const base = {
      squash: plan.mergeBase,
      rebase: plan.onto?.commit,
      merge: plan.targetCommit,
      rewind: plan.baseCommit,
    }[verb];
    if (verb === 'rewind')
      this.become(
        (this.after[plan.iteration] ?? []).map((work) => this.restand(work)),
        'rewound',
      );
    else this.rewrite(plan, verb === 'squash' ? plan : plan.squash);
    if (verb === 'merge') this.works = this.works.map((work) => ({ ...work, fate: 'landed' }));
    if (base !== this.base) Object.assign(this, { base, tests: null });
  }

  restand({ commit, id }) {
    const known = [...this.works, ...(this.gone ?? [])].find((work) => work.commit === commit);
    return { commit, id: known?.id ?? id, fate: ['landed', 'undone'].includes(known?.fate) ? known.fate : 'standing' };
  }

  rewrite({ rewritten = [], dropped = [] }, squash) {
    const names = new Map(rewritten.map(({ from, to }) => [from, to]));
    for (const work of this.works.filter(({ id }) => dropped.includes(id)))
      this.become(
        this.works.filter((one) => one !== work),
        this.skipped.includes(work.id) ? 'skipped' : 'upstream',
      );
    this.works = this.works.map((work) => {
      const id = squash?.replaced.includes(work.id) ? squash.commit : work.id;
      return { ...work, id: names.get(id) ?? id };
    });
  }
}

/** The facts of one log. */
class Story {
  births = [];
  iterations = [];
  calls = [];
  tests = [];
  commits = [];
  operations = [];
  errors = [];
  branches = new Map();
  isRemoved = false;

  constructor(events) {
    this.session = events[0].log.split('/')[1];
    for (const event of events) this.tell(event);
    this.judge();
  }

  branch({ writer, type, data }) {
    const from = type === 'session.resumed' ? this.branches.get(data?.from?.writer) : undefined;
    if (from) {
      this.branches.set(writer, new Branch(from));
      from.isForked = true;
      from.moved = false;
    } else if (!this.branches.has(writer)) this.branches.set(writer, new Branch());
    return this.branches.get(writer);
  }

  find(writer, n) {
    if (!Number.isSafeInteger(n)) return undefined;
    const isIt = ({ iteration, isReal }) => isReal && iteration === n;
    const known = this.iterations.findLast((it) => isIt(it) && it.writer === writer) ?? this.iterations.findLast(isIt);
    if (known) return known;
    const made = this.iterations.find((it) => !it.isReal && it.iteration === n && it.writer === writer);
    if (made) return made;
    this.iterations.push(this.iteration(writer, n, false));
    return this.iterations.at(-1);
  }

  iteration(writer, iteration, isReal) {
    return {
      writer,
      iteration,
      isReal,
      agent: '',
      reports: [],
      bills: [],
      model: null,
      outcome: 'running',
      durationMs: null,
      at: '',
    };
  }

  tell(event) {
    const data = event.data && typeof event.data === 'object' ? event.data : {};
    const branch = this.branch(event);
    const { type, writer, at } = event;
    const it = type === 'iteration.started' ? undefined : this.find(writer, data.iteration);
    this[type]?.({ data, writer, at, branch, it });
    const [verb, what] = type.split('.');
    if (['squash', 'rebase', 'merge', 'rewind', 'undo'].includes(verb)) this.operate({ verb, what, data, at, branch });
    this.fail({ type, data, at, it, branch });
  }

  'session.created'({ data, branch, at }) {
    this.births.push({ isBirth: true, at });
    branch.base = data.baseCommit;
  }
  'session.removed'() {
    this.isRemoved = true;
  }
  'session.resumed'() {
    this.isRemoved = false;
  }
  'iteration.started'({ data, writer, at }) {
    const it = this.iteration(writer, data.iteration, true);
    this.iterations.push(
      Object.assign(it, { agent: data.agent.name, mode: text(data.agent.mode), reason: data.reason, at }),
    );
  }
  'thread.started'({ data, it }) {
    it.model = text(data.model) ?? it.model;
    if (it.isReal) it.mode = text(data.mode) ?? it.mode;
  }
  'usage.reported'({ data, it, at }) {
    const tokens = KEYS.map((key) => whole(data[key]));
    const model = text(data.model) ?? it.model;
    it.reports.push({ model, tokens, price: priceOf(model, tokens, at) });
  }
  'cost.reported'({ data, it }) {
    const isTold = ['reported', 'billed', 'computed'].includes(data.costSource);
    if (isTold && number(data.costUsd) !== null)
      it.bills.push({ micros: micros(data.costUsd), source: data.costSource });
  }
  'tool-call.started'({ data, it, at }) {
    this.calls.push({ it, tool: text(data.tool), id: data.toolCallId, isOpen: true, at, ms: null, failed: null });
  }
  'tool-call.finished'({ data, it, at }) {
    let call = this.calls.find((one) => one.isOpen && one.it === it && one.id === data.toolCallId);
    if (!call) {
      call = { it, tool: text(data.tool), at };
      this.calls.push(call);
    }
    Object.assign(call, {
      isOpen: false,
      ms: number(data.durationMs),
      failed: data.isError === true || (data.exitCode ?? 0) !== 0,
    });
  }
  'iteration.finished'({ data, it, at, branch }) {
    Object.assign(it, { outcome: data.outcome, durationMs: data.durationMs });
    if (data.commit && it.reason !== 'conflict') this.committed(data, { it, at, branch });
    branch.after[data.iteration] = branch.works;
  }
  'manual-commit.found'({ data, at, branch }) {
    this.committed(data, { at, branch });
  }
  committed({ commit: id, files, insertions, deletions }, { it, at: when, branch }) {
    const commit = { it, at: when, files, insertions, deletions };
    this.commits.push(commit);
    branch.add(commit, id);
  }
  'manual-rewrite.found'({ data, branch }) {
    const at = branch.works.findLastIndex(({ id }) => id === data.to);
    if (at >= 0 || data.to === branch.base) branch.become(branch.works.slice(0, at + 1), 'reset');
    branch.moved = true;
  }
  'test-run.finished'({ data, at, it, branch }) {
    const passed = data.exitCode === 0 && !data.timedOut;
    const isBase = data.target === 'base';
    if (isBase) branch.tests = { command: data.command, passed };
    const basePassed = branch.tests?.command === data.command && branch.tests.passed;
    const verdict = isBase ? null : passed ? 'passed' : basePassed ? 'newly-failing' : 'failing';
    this.tests.push({
      it: isBase ? undefined : it,
      at,
      ms: number(data.durationMs),
      verdict,
      timedOut: data.timedOut,
    });
  }
  'test-run.interrupted'({ data, at, it }) {
    this.tests.push({ it, at, ms: number(data.durationMs), verdict: null });
  }
  'conflict.resolved'({ data, branch }) {
    if (data.as === null) branch.skipped.push(data.commit);
  }
  'rebase.conflicted'({ at, branch }) {
    if (branch.rebase) return;
    branch.rebase = { verb: 'rebase', at, isConflicted: true };
    this.operations.push(branch.rebase);
  }
  'rebase.aborted'({ branch }) {
    branch.rebase = undefined;
  }
  'operation.abandoned'({ data, branch }) {
    branch.plan = null;
    this.operations.findLast(({ verb, operation }) => verb === data.verb && operation === data.operation).isAbandoned =
      true;
  }

  operate({ verb, what, data, at, branch }) {
    if (what === 'started') {
      branch.plan = data;
      if (verb === 'rebase' && branch.rebase) branch.rebase.operation = data.operation;
      else this.operations.push({ verb, at, operation: data.operation });
    } else if (what === 'finished') {
      branch.finish(verb, branch.plan, data);
      this.operations.findLast((op) => op.verb === verb && op.operation === data.operation).isDone = true;
      if (verb === 'rebase') branch.rebase = undefined;
    }
  }

  /** What went wrong, and what put it right: an error waits for an event of its kind that is not its own iteration's. */
  fail({ type, data, at, it, branch }) {
    const add = (mode, kind, by) => {
      const error = { mode, kind, by, it, at };
      this.errors.push(error);
      branch.open.push(error);
    };
    const recover = (kinds, by) => {
      for (const error of branch.open)
        if (!error.by && kinds.includes(error.kind) && (!it || error.it !== it)) error.by = by;
    };
    const bad = data.exitCode !== 0 || data.timedOut === true;
    if (type === 'agent.finished' && data.failure) add(data.failure.code, 'iteration');
    if (type === 'agent.finished' && data.survivors > 0) add('agent.survivors', '', 'kill');
    if (type === 'agent.finished') it.hasFailed = Boolean(data.failure);
    if (/^(iteration|squash|rebase|merge|rewind|undo)\.finished$/.test(type) && data.recovered)
      add('process.died', '', 'reconcile');
    if (type === 'iteration.finished' && data.outcome === 'completed') recover(['iteration', 'hook'], 'iteration');
    else if (type === 'iteration.finished' && !it.hasFailed) add(`iteration.${data.outcome}`, 'iteration');
    if (type === 'setup.finished' && bad) add('setup.failed', 'setup');
    if (type === 'setup.finished' && !bad) recover(['setup'], 'setup');
    if (type === 'test-run.finished' && data.target !== 'base') {
      const { verdict } = this.tests.at(-1);
      const failing = verdict === 'newly-failing' ? 'tests.newly-failing' : 'tests.failing';
      if (verdict === 'passed') recover(['tests'], 'tests');
      else add(data.timedOut ? 'tests.timed-out' : failing, 'tests');
    }
    if (type === 'rewind.finished') recover(['iteration', 'hook', 'tests'], 'rewind');
    if (type === 'rebase.conflicted') add('rebase.conflict', 'conflict');
    if (type === 'conflict.resolved') recover(['conflict'], data.by);
    if (type === 'rebase.aborted') recover(['conflict'], 'abort');
    if (type === 'operation.abandoned') add('operation.rolled-back', '', 'rollback');
  }

  /** A commit has the best fate of any clone that went on by itself. */
  judge() {
    const all = [...this.branches.values()];
    const own = all.filter(({ moved }) => moved);
    const best = ['landed', 'standing', 'upstream'];
    for (const { works, gone = [] } of own.length > 0 ? own : all)
      for (const { commit, fate } of [...works, ...gone]) {
        const rank = (name) => (best.includes(name) ? best.indexOf(name) : 3);
        if (!commit.fate || rank(fate) < rank(commit.fate)) commit.fate = fate;
      }
    for (const commit of this.commits) if (this.isRemoved && commit.fate === 'standing') commit.fate = 'removed';
  }
}

const sum = (values) => values.reduce((total, value) => total + (value ?? 0), 0);
const known = (values) => values.filter((value) => value !== null && value !== undefined);
const total = (values) => (known(values).length > 0 ? sum(values) : null);
const tally = (names) =>
  Object.fromEntries([...new Set(names)].sort().map((name) => [name, names.filter((one) => one === name).length]));
const rank = (values, share) =>
  known(values).sort((a, b) => a - b)[Math.max(Math.ceil(share * known(values).length) - 1, 0)] ?? null;

/** Cost of some reports: `known` is null where nothing is. */
const costOf = (it, reports = it.reports) => {
  if (it.bills.length > 0)
    return {
      known: it.bills.reduce((all, one) => all + one.micros, 0n),
      sources: it.bills.map(({ source }) => source),
      isLower: it.bills.some(({ source }) => source === 'computed'),
    };
  const models = new Map();
  for (const report of reports) models.set(report.model, [...(models.get(report.model) ?? []), report]);
  const used = [...models.values()].filter((list) => list.some(({ tokens }) => tokens.some((count) => count > 0)));
  const prices = used
    .flat()
    .map(({ price }) => price)
    .filter((price) => price !== null);
  if (used.length === 0) return { known: null, sources: [], isLower: false };
  return {
    known: prices.length > 0 ? prices.reduce((a, b) => a + b, 0n) : null,
    sources: prices.length > 0 ? ['computed'] : [],
    isLower: true,
    isUsed: true,
  };
};

const dollars = (amount) =>
  amount === null ? null : `${amount / 1000000n}.${String(amount % 1000000n).padStart(6, '0')}`;

const costFigures = (costs) => {
  const told = costs.filter((cost) => cost.known !== null);
  const sources = [...new Set(costs.flatMap(({ sources: list }) => list))];
  const amount = told.length > 0 ? told.reduce((all, one) => all + one.known, 0n) : null;
  const source = sources.length > 1 ? 'mixed' : (sources[0] ?? (costs.some(({ isUsed }) => isUsed) ? 'unknown' : null));
  return {
    amount,
    costUsd: dollars(amount),
    costSource: source,
    isLowerBound: amount === null ? null : costs.some(({ isLower }) => isLower),
  };
};

const figuresOf = (stories, has) => {
  const of = (list) => stories.flatMap((story) => story[list].filter((fact) => has(fact, story)));
  const [iterations, calls, tests, commits, operations, errors] = [
    'iterations',
    'calls',
    'tests',
    'commits',
    'operations',
    'errors',
  ].map(of);
  const real = iterations.filter(({ isReal }) => isReal);
  const tokens = KEYS.map((_, at) =>
    total(iterations.flatMap(({ reports }) => reports.map((report) => report.tokens[at]))),
  );
  const { amount, ...cost } = costFigures(iterations.map((it) => costOf(it)));
  const verdicts = tests.filter(({ verdict }) => verdict !== null);
  const lines = (list) => sum(list.map(({ insertions, deletions }) => insertions + deletions));
  const landed = commits.filter(({ fate }) => fate === 'landed');
  const discarded = commits.filter(({ fate }) => ['rewound', 'reset', 'skipped', 'undone', 'removed'].includes(fate));
  const rebases = operations.filter(({ verb, isAbandoned }) => verb === 'rebase' && !isAbandoned);
  return {
    iterations: real.length,
    outcomes: tally(real.map(({ outcome }) => outcome)),
    durationMs: Math.round(sum(real.map(({ durationMs }) => durationMs)) * 1000) / 1000,
    ...Object.fromEntries(KEYS.map((key, at) => [key, tokens[at]])),
    ...cost,
    calls: calls.length,
    failures: calls.filter(({ failed }) => failed).length,
    callP50: rank(
      calls.map(({ ms }) => ms),
      0.5,
    ),
    callP95: rank(
      calls.map(({ ms }) => ms),
      0.95,
    ),
    testRuns: verdicts.length,
    testPasses: verdicts.filter(({ verdict }) => verdict === 'passed').length,
    newlyFailing: verdicts.filter(({ verdict }) => verdict === 'newly-failing').length,
    testMs: Math.round(sum(tests.map(({ ms }) => ms)) * 1000) / 1000,
    commits: commits.length,
    manual: commits.filter(({ it }) => !it).length,
    files: sum(commits.map(({ files }) => files)),
    insertions: sum(commits.map(({ insertions }) => insertions)),
    deletions: sum(commits.map(({ deletions }) => deletions)),
    landed: landed.length,
    landedLines: lines(landed),
    discarded: discarded.length,
    discardedLines: lines(discarded),
    costPerLandedLine: amount === null || lines(landed) === 0 ? null : Number(amount) / 1e6 / lines(landed),
    shareDiscarded: lines(commits) === 0 ? null : lines(discarded) / lines(commits),
    operations: tally(operations.filter(({ isDone }) => isDone).map(({ verb }) => verb)),
    conflictRate:
      rebases.length === 0 ? null : rebases.filter(({ isConflicted }) => isConflicted).length / rebases.length,
    errors: tally(errors.map(({ mode }) => mode)),
    recovered: tally(known(errors.map(({ by }) => by))),
  };
};

const groups = (stories, lists, nameOf, of = figuresOf) => {
  const names = new Set(
    stories.flatMap((story) => lists.flatMap((list) => story[list].map((fact) => nameOf(fact, story)))),
  );
  return Object.fromEntries(
    [...names].sort().map((name) => [name, of(stories, (fact, story) => nameOf(fact, story) === name)]),
  );
};

/** Tokens by the model that was told, and cost: a bill for several models belongs to none of them. */
const byModel = (stories, nameOf = ({ model }) => model ?? '', isMore = false) => {
  const uses = stories.flatMap(({ iterations }) =>
    iterations.flatMap((it) => {
      const models = [...new Set(it.reports.map(({ model }) => model))];
      const isShared = it.bills.length > 0 && models.length > 1;
      const rows = models.map((model) => {
        const reports = it.reports.filter((report) => report.model === model);
        return {
          it,
          model,
          reports,
          cost: isShared ? { known: null, sources: [], isLower: false } : costOf(it, reports),
        };
      });
      if (isShared || (it.bills.length > 0 && models.length === 0))
        rows.push({ it, model: isShared ? null : it.model, reports: [], cost: costOf(it) });
      return rows;
    }),
  );
  return Object.fromEntries(
    [...new Set(uses.map(nameOf))].sort().map((name) => {
      const own = uses.filter((use) => nameOf(use) === name);
      const tokens = KEYS.map((key, at) => [
        key,
        total(own.flatMap(({ reports }) => reports.map((report) => report.tokens[at]))),
      ]);
      const { amount, ...cost } = costFigures(own.map(({ cost: one }) => one));
      const iterations = new Set(own.map(({ it }) => it)).size;
      return [name, { ...(isMore && { iterations }), ...Object.fromEntries(tokens), ...cost }];
    }),
  );
};

/** What an iteration cost, by where that comes from. */
const costBySource = (costs) => {
  const parts = { reported: null, billed: null, computed: null, mixed: null };
  for (const { known: amount, sources } of costs) {
    if (amount === null) continue;
    const source = new Set(sources).size > 1 ? 'mixed' : sources[0];
    parts[source] = (parts[source] ?? 0n) + amount;
  }
  return Object.fromEntries(Object.entries(parts).map(([source, amount]) => [source, dollars(amount)]));
};

const callFigures = (calls) => ({
  toolCalls: calls.length,
  toolFailures: calls.filter(({ failed }) => failed).length,
  toolP50Ms: rank(
    calls.map(({ ms }) => ms),
    0.5,
  ),
  toolP95Ms: rank(
    calls.map(({ ms }) => ms),
    0.95,
  ),
  toolMs: Math.round(sum(calls.map(({ ms }) => ms)) * 1000) / 1000,
});

/** What is said of an iteration that never began is only of account where it is tokens or money. */
const isTold = (fact) => fact.isReal !== false || fact.reports.length + fact.bills.length > 0;

/** Figures that `metrics` has besides. */
const moreOf = (stories, has) => {
  const of = (list) => stories.flatMap((story) => story[list].filter((fact) => has(fact, story)));
  const iterations = of('iterations');
  const real = iterations.filter(({ isReal }) => isReal);
  const times = real.map(({ durationMs }) => durationMs);
  const spoken = total(iterations.flatMap(({ reports }) => reports.map(({ tokens }) => tokens[1])));
  const seconds = sum(times) / 1000;
  const rebases = of('operations').filter(({ verb, isAbandoned }) => verb === 'rebase' && !isAbandoned);
  return {
    sessions: stories.filter((story) =>
      [...every, 'births'].some((list) => story[list].some((fact) => isTold(fact) && has(fact, story))),
    ).length,
    iterationsCompleted: real.filter(({ outcome }) => outcome === 'completed').length,
    iterationP50Ms: rank(times, 0.5),
    iterationP95Ms: rank(times, 0.95),
    costBySource: costBySource(iterations.map((it) => costOf(it))),
    costUnknownIterations: real.map((it) => costOf(it)).filter(({ known: amount, isUsed }) => isUsed && amount === null)
      .length,
    tokensOutputPerSecond: spoken === null || seconds === 0 ? null : spoken / seconds,
    ...callFigures(of('calls')),
    rebases: rebases.length,
    rebasesConflicted: rebases.filter(({ isConflicted }) => isConflicted).length,
  };
};

/** By tool: the calls of it. */
const byTool = (stories) => {
  const calls = stories.flatMap((story) => story.calls);
  const names = [...new Set(calls.map(({ tool }) => tool ?? ''))].sort();
  return Object.fromEntries(
    names.map((name) => [name, callFigures(calls.filter(({ tool }) => (tool ?? '') === name))]),
  );
};

const every = ['iterations', 'calls', 'tests', 'commits', 'operations', 'errors'];
const [since, until] = process.argv.slice(2);
const isAsked = ({ at }) => since === undefined || (at !== '' && at >= since && at <= until);

let input = '';
for await (const chunk of process.stdin.setEncoding('utf8')) input += chunk;
const stories = readLogs(input).map((events) => new Story(events));
for (const story of stories) for (const list of [...every, 'births']) story[list] = story[list].filter(isAsked);
const ofSession = (_, { session }) => session;
const ofDay = (fact) => day(fact.at);
/** What is there before any agent belongs to none of them. */
const ofAgent = (fact) => ('isReal' in fact ? fact.agent : (fact.it?.agent ?? ''));
const modelOrMode = ({ model, it }) => model ?? it.mode ?? '';
process.stdout.write(
  JSON.stringify({
    total: figuresOf(stories, () => true),
    session: groups(stories, every, ofSession),
    agent: groups(stories, every, ofAgent),
    day: groups(stories, every, ofDay),
    model: byModel(stories),
    more: {
      total: moreOf(stories, () => true),
      session: groups(stories, [...every, 'births'], ofSession, moreOf),
      agent: groups(stories, every, ofAgent, (_, has) =>
        moreOf(stories, (fact, story) => !fact.isBirth && has(fact, story)),
      ),
      day: groups(stories, [...every, 'births'], ofDay, moreOf),
      model: byModel(stories, modelOrMode, true),
      models: byModel(stories, (use) => `${modelOrMode(use)} by ${use.it.agent}`, true),
      tool: byTool(stories),
    },
  }),
);
