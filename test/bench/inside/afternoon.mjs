/**
 * What happens in a session, as drafts of events, for questions: several iterations, tools, models and days, failures,
 * texts of many words. The same for the same numbers.
 */
import { added, created, ID, started } from './beginning.mjs';

/** A whole number below `below` that depends on its seeds alone. */
const dice = (below, ...seeds) => {
  let hash = 0x811c9dc5;
  for (const seed of seeds) hash = Math.imul(hash ^ (seed + 0x9e3779b9), 0x01000193) ^ (hash >>> 13);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 15)) >>> 0) % below;
};

const PARTS = ['re', 'ta', 'lo', 'min', 'ser', 'con', 'bra', 'ti', 'ver', 'dul', 'pro', 'na'];
/** About as words are in a language: few of them nearly everywhere, most of them nearly nowhere. */
const WORDS = Array.from(
  { length: 1728 },
  (_, n) => PARTS[n % 12] + PARTS[Math.floor(n / 12) % 12] + PARTS[Math.floor(n / 144)],
);
const wordAt = (rank) => WORDS[Math.floor(WORDS.length ** (rank / 1000)) - 1];
const word = (...seeds) => wordAt(dice(1000, ...seeds));
const prose = (n, k, count) => Array.from({ length: count }, (_, i) => word(n, k, i)).join(' ');

/** Words for a search: in most messages, and in about one of thirty. */
export const SOUGHT = { common: wordAt(0), rare: wordAt(990) };

const TOOLS = ['shell_command', 'edit_file', 'Read', 'Grep', 'finder', 'web_search'];
const MODELS = ['claude-opus-4-5', 'claude-sonnet-4-5', 'gpt-5', null];
const OUTCOMES = ['completed', 'completed', 'completed', 'completed', 'completed', 'failed', 'interrupted'];
const AGENTS = ['amp', 'amp', 'claude', 'codex'];

const agentOf = (n) => ({ name: AGENTS[n % AGENTS.length], mode: n % 2 ? 'smart' : null });

const call = (n, k) => `toolu_01${ID(n + k).slice(0, 16)}${k}`;

const tokens = (n, k) => ({
  tokensInput: dice(900, n, k, 1),
  tokensOutput: dice(2000, n, k, 2),
  tokensCacheRead: dice(90_000, n, k, 3),
  tokensCacheWrite: dice(4000, n, k, 4),
});

const TURN = [
  (n, iteration, k) => ({ type: 'agent-message.received', by: 'agent', data: { iteration, text: prose(n, k, 30) } }),
  (n, iteration, k) => ({
    type: 'tool-call.started',
    by: 'agent',
    data: { iteration, toolCallId: call(n, k), tool: TOOLS[dice(6, n, k)], summary: prose(n, k, 8) },
  }),
  (n, iteration, k) => ({
    type: 'tool-call.finished',
    by: 'agent',
    data: {
      iteration,
      toolCallId: call(n, k - 1),
      tool: TOOLS[dice(6, n, k - 1)],
      durationMs: 3 + dice(20_000, n, k) / 4,
      isError: dice(20, n, k, 5) === 0,
      exitCode: dice(20, n, k, 5) === 0 ? 1 : 0,
    },
  }),
  (n, iteration, k) => ({
    type: 'usage.reported',
    by: 'agent',
    data: { iteration, ...tokens(n, k), model: MODELS[n % MODELS.length] },
  }),
];

const finished = (n, iteration) => ({
  type: 'iteration.finished',
  by: 'program',
  data: {
    iteration,
    outcome: OUTCOMES[dice(OUTCOMES.length, n, iteration)],
    head: ID(n),
    commit: ID(n * 40 + iteration),
    subject: prose(n, iteration, 6),
    files: 1 + dice(9, n, iteration),
    insertions: dice(300, n, iteration, 1),
    deletions: dice(90, n, iteration, 2),
    durationMs: 1000 + dice(900_000, n, iteration, 3),
    agent: { ...agentOf(n), threadId: null },
    usage: { ...tokens(n, iteration), costUsd: null, costSource: 'unknown' },
    transcript: null,
    recovered: false,
  },
});

const tested = (n, iteration) => ({
  type: 'test-run.finished',
  by: 'program',
  data: {
    target: 'iteration',
    iteration,
    commit: ID(n * 40 + iteration),
    command: 'npm test',
    exitCode: dice(5, n, iteration, 4) === 0 ? 1 : 0,
    signal: null,
    timedOut: false,
    durationMs: 500 + dice(60_000, n, iteration, 5),
    outputTail: prose(n, iteration, 40),
    outputBytes: 400,
    leftovers: [],
  },
});

const pushed = (n) => ({
  type: 'branch.pushed',
  by: 'program',
  data: { remote: 'origin', branch: `amp/task-${n}/20261122-130000`, commit: ID(n) },
});

/** Events of one iteration, without its test run. */
const ITERATION = 24;

/** The `k`th of a session's `count` facts: its birth, then iterations with a verdict each, in the end a push. */
export const fact = (n, k, count) => {
  if (k === 0) return created(n, { prompt: prose(n, 0, 12), agent: agentOf(n) });
  if (k === 1) return added(n);
  if (k === count - 1) return pushed(n);
  const iteration = Math.floor((k - 2) / ITERATION) + 1;
  const within = (k - 2) % ITERATION;
  if (within === 0) return started(n, iteration, { prompt: prose(n, iteration, 15), agent: agentOf(n) });
  if (within === ITERATION - 1) return tested(n, iteration);
  if (within === ITERATION - 2 || k === count - 2) return finished(n, iteration);
  return TURN[(within - 1) % 4](n, iteration, k);
};
