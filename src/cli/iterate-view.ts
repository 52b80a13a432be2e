import type { ChalkInstance } from 'chalk';
import type { EventData, LogEvent } from '../events/catalogue.ts';
import { shownText } from '../events/long-text.ts';
import { eventText } from './event-text.ts';
import { tokensText } from './format.ts';
import { textOf } from './logs-view.ts';
import { stderr, stdout } from './print.ts';
import type { Progress } from './progress.ts';
import { sanitizeLine, sanitizeText } from './sanitize.ts';
import { Steps } from './steps.ts';

/** `steps`: progress on stderr; `stream`: what the agent says and does; `stream-json`: every event as in the log. */
export type IterateMode = 'steps' | 'stream' | 'stream-json';

type Step =
  | { step: 'prepare' | 'commit' }
  | { step: 'base-tests' | 'tests'; command: string }
  | { step: 'agent'; iteration: number; agent: string };

export interface IterateView {
  onStep(step: Step): void;
  onEvent(event: LogEvent): void;
  onLine?(line: { line?: string; bytes?: string }): void;
  onTestOutput?(text: string): void;
  /** Somebody pressed Ctrl-C, or ran `stop`. */
  onStopping(how: 'gently' | 'now'): void;
  /** Ends the last step, as failed when there is an error. */
  finish(error?: unknown): Promise<void>;
}

const titleOf = (step: Step): string => {
  switch (step.step) {
    case 'prepare':
      return 'worktree';
    case 'base-tests':
      return `tests on the base: ${sanitizeLine(step.command)}`;
    case 'agent':
      return `iteration ${step.iteration}: ${sanitizeLine(step.agent)}`;
    case 'commit':
      return 'commit';
    case 'tests':
      return `tests: ${sanitizeLine(step.command)}`;
  }
};

const STOPPING = {
  gently: 'Stopping: the agent is asked to end. Ctrl-C again ends it at once.',
  now: 'Ending it at once.',
};

/** Agents that speak no protocol: what they print is what they say. */
const SPEAKS_IN_LINES = new Set(['command']);

const NOT_LIVE = new Set(['usage.reported', 'iteration.started', 'thread.started']);

/** Shows an iteration while it runs. */
export const iterateView = async (
  mode: IterateMode,
  progress: Progress,
  color: ChalkInstance,
): Promise<IterateView> => {
  if (mode === 'stream-json') return jsonView();
  if (mode === 'stream') return streamView(color);
  return stepsView(progress);
};

const stepsView = (progress: Progress): IterateView => {
  const steps = new Steps(progress);
  let tokens = 0;
  let doing = '';
  let agent = '';
  const show = (): void => steps.detail([tokens > 0 ? tokensText(tokens) : '', doing].filter(Boolean).join(', '));
  return {
    onStep: (step) => {
      if (step.step === 'agent') agent = step.agent;
      steps.begin(titleOf(step));
    },
    onLine: (line) => {
      if (!SPEAKS_IN_LINES.has(agent) || !stderr.isTerminal) return;
      doing = sanitizeLine(textOf(line)).slice(0, 60);
      show();
    },
    onEvent: ({ type, data }) => {
      if (type === 'usage.reported') {
        const { tokensInput, tokensOutput, tokensCacheWrite } = data as EventData<'usage.reported'>;
        tokens += tokensInput + tokensOutput + tokensCacheWrite;
        // In a pipe a line is for good: the next one that says something carries the tokens.
        if (!stderr.isTerminal) return;
      } else if (type === 'tool-call.started') {
        const { tool, summary } = data as EventData<'tool-call.started'>;
        doing = sanitizeLine(`${tool} ${summary}`).slice(0, 60);
      } else if (type === 'agent-message.received') {
        doing = sanitizeLine(shownText((data as EventData<'agent-message.received'>).text)).slice(0, 60);
      } else if (type === 'test-run.finished') {
        const { exitCode, timedOut } = data as EventData<'test-run.finished'>;
        if (exitCode !== 0 || timedOut) steps.fail(timedOut ? 'time limit' : `exit ${exitCode ?? 'by signal'}`);
        return;
      } else if (type === 'agent.finished') {
        const { failure } = data as EventData<'agent.finished'>;
        if (failure) steps.fail(sanitizeLine(failure.message));
        return;
      } else return;
      show();
    },
    onStopping: (how) => progress.note(STOPPING[how]),
    finish: (error) => steps.finish(error),
  };
};

const streamView = (color: ChalkInstance): IterateView => {
  let agent = '';
  return {
    onStep: (step) => {
      if (step.step === 'agent') agent = step.agent;
      stdout.line(color.bold(`── ${titleOf(step)}`));
    },
    onEvent: (event) => {
      if (NOT_LIVE.has(event.type)) return;
      if (event.type !== 'agent-message.received') return stdout.line(eventText(event, color));
      // Of a program without a protocol its lines were shown; the message is the last of them.
      if (!SPEAKS_IN_LINES.has(agent))
        stdout.line(sanitizeText(shownText((event.data as EventData<'agent-message.received'>).text)));
    },
    onLine: (line) => {
      if (SPEAKS_IN_LINES.has(agent)) stdout.line(sanitizeText(textOf(line)));
    },
    onTestOutput: (text) => stdout.write(color.dim(sanitizeText(text))),
    onStopping: (how) => stdout.line(color.yellow(STOPPING[how])),
    finish: async () => {},
  };
};

/** One event a line, through the package that others read such streams with. */
const jsonView = async (): Promise<IterateView> => {
  const { default: ndjson } = await import('ndjson');
  const lines = ndjson.stringify();
  lines.on('data', (line: string) => stdout.write(line));
  return {
    onStep: () => {},
    onEvent: (event) => lines.write(event),
    onStopping: () => {},
    finish: async () => {
      lines.end();
    },
  };
};
