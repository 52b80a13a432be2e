/** What an agent does, as drafts of events: the same for the same numbers, about 390 bytes each once they are lines. */
import { added, created, ID, started } from './beginning.mjs';

const WORDS =
  'the session reads its log and finds the function that handles a request then changes one line and runs the tests again because the first answer was wrong'.split(
    ' ',
  );

const prose = (n, count) =>
  Array.from({ length: count }, (_, i) => WORDS[(n * 7 + i * (1 + (n % 5))) % WORDS.length]).join(' ');

const usage = { tokensInput: 120, tokensOutput: 80, tokensCacheRead: 14000, tokensCacheWrite: 300 };

const agent = { name: 'amp', mode: null };

const TURN = [
  (iteration, k) => ({ type: 'agent-message.received', by: 'agent', data: { iteration, text: prose(k, 32) } }),
  (iteration, k) => ({
    type: 'tool-call.started',
    by: 'agent',
    data: { iteration, toolCallId: `toolu_01${ID(k).slice(0, 22)}`, tool: 'shell_command', summary: prose(k + 1, 8) },
  }),
  (iteration, k) => ({
    type: 'tool-call.finished',
    by: 'agent',
    data: {
      iteration,
      toolCallId: `toolu_01${ID(k - 1).slice(0, 22)}`,
      tool: 'shell_command',
      durationMs: 12 + (k % 900),
      isError: false,
      exitCode: 0,
    },
  }),
  (iteration) => ({ type: 'usage.reported', by: 'agent', data: { iteration, ...usage, model: null } }),
];

const finished = (n, iteration) => ({
  type: 'iteration.finished',
  by: 'program',
  data: {
    iteration,
    outcome: 'completed',
    head: ID(n),
    commit: ID(n + iteration),
    subject: prose(n, 6),
    files: 3,
    insertions: 40,
    deletions: 12,
    durationMs: 81234,
    agent: { name: 'amp', mode: null, threadId: null },
    usage: { ...usage, costUsd: null, costSource: 'unknown' },
    transcript: null,
    recovered: false,
  },
});

/** One fact in the middle of an iteration. */
export const turn = (iteration, k) => TURN[k % TURN.length](iteration, k);

/** Iterations of so many events each at most; a session of a few events has one. */
const ITERATION = 1000;

/** The `k`th of a session's `count` facts: its birth, then iterations with an end each. */
export const fact = (n, k, count) => {
  if (k === 0) return created(n, { prompt: prose(n, 12), agent });
  if (k === 1) return added(n);
  const iteration = Math.floor((k - 2) / ITERATION) + 1;
  const within = (k - 2) % ITERATION;
  if (within === 0) return started(n, iteration, { prompt: prose(n + iteration, 15), agent });
  if (within === ITERATION - 1 || k === count - 1) return finished(n, iteration);
  return turn(iteration, k);
};

/** A line that an agent prints, as the transcript gets it. */
export const streamLine = (k) =>
  JSON.stringify({
    type: k % 2 ? 'assistant' : 'user',
    message: {
      type: 'message',
      role: 'assistant',
      content: [
        {
          type: 'tool_use',
          id: `toolu_01${ID(k).slice(0, 22)}`,
          name: 'edit_file',
          input: { path: `/home/user/project/src/part-${k % 90}.ts`, text: prose(k, 60) },
        },
      ],
      usage: {
        input_tokens: k % 900,
        cache_creation_input_tokens: 100,
        cache_read_input_tokens: 14000,
        output_tokens: 87,
      },
    },
    session_id: `T-${ID(k).slice(0, 8)}-0000-4000-8000-${ID(k).slice(0, 12)}`,
  });

/** A line of somebody's program. */
export const codeLine = (k) =>
  `  const ${WORDS[k % WORDS.length]}${k} = await read${k % 40}(options.${WORDS[(k * 3) % WORDS.length]}, { limit: ${k} }); // ${prose(k, 5)}`;
