import { string as stringArg } from '@oclif/core/args';
import { boolean, custom, integer, option, string } from '@oclif/core/flags';
import { systemClock } from '../clock.ts';
import { AppError } from '../errors.ts';
import { parseDuration, parseMoment } from './duration.ts';

/** The flags that several commands share: the same name, letter and meaning everywhere. */

const GLOBAL = 'GLOBAL';

/** Every command takes these, `--json` besides. */
export const globalFlags = {
  directory: string({
    char: 'C',
    summary: 'Work as if started in this directory.',
    helpValue: '<dir>',
    helpGroup: GLOBAL,
  }),
  quiet: boolean({ char: 'q', summary: 'Print ids only, no progress.', helpGroup: GLOBAL }),
  // oclif's own says no more than "as json".
  json: boolean({ summary: 'Print the answer as exactly one JSON document.', helpGroup: GLOBAL }),
  'no-color': boolean({ summary: 'No colours (NO_COLOR works too).', helpGroup: GLOBAL }),
};

/** A duration such as `20m`, in milliseconds. */
export const duration = custom<number>({
  helpValue: '<duration>',
  parse: async (input) => parseDuration(input),
});

/** A moment such as `2d` (ago) or `2026-11-22`, as ISO-8601 UTC. */
export const moment = custom<string>({
  helpValue: '<when>',
  parse: async (input) => parseMoment(input, systemClock.now()),
});

/** An iteration: its number, or `3@k7x2` where clones that went on apart gave the same one. */
export const iteration = custom<string>({
  helpValue: '<n>',
  parse: async (input) => {
    if (/^\d{1,9}(@[A-Za-z0-9_-]+)?$/.test(input)) return input;
    throw new AppError('usage.invalid', `“${input}” names no iteration.`, {
      hint: 'An iteration is a number from 1, such as 3; or 3@k7x2, as `status` shows it.',
    });
  },
});

/** Where a prompt comes from; one of them. */
export const promptFlags = {
  prompt: string({
    char: 'p',
    summary: 'What the agent is to do.',
    helpValue: '<text>',
    exclusive: ['prompt-file', 'prompt-editor'],
  }),
  'prompt-file': string({
    char: 'P',
    summary: 'File with the prompt; - is stdin.',
    helpValue: '<file>',
    exclusive: ['prompt-editor'],
  }),
  'prompt-editor': boolean({ char: 'e', summary: 'Write the prompt in your editor.' }),
};

export const agentFlags = {
  agent: string({
    char: 'a',
    summary: 'Coding agent: amp, command:<line> (any program) or scripted:<file.yaml>.',
    helpValue: '<name>',
  }),
  model: string({ char: 'm', summary: 'Model of the agent (Amp: its mode).', helpValue: '<name>' }),
};

export const base = string({ summary: 'Branch, tag or commit to start from.', helpValue: '<ref>' });

export const jobs = integer({ char: 'j', summary: 'How many at once.', helpValue: '<n>', min: 1 });

export const timeout = duration({ summary: 'Time limit, such as 20m or 1h30m.' });

export const yes = boolean({ char: 'y', summary: 'Do not ask.', default: false });

export const dryRun = boolean({ char: 'n', summary: 'Say what would be done, do nothing.', default: false });

/** What a squash does with the user's own commits. */
export const manual = option({
  summary: 'Your own commits: keep them apart, or include them.',
  options: ['keep', 'include'] as const,
});

export const rangeFlags = {
  since: moment({ summary: 'Not before: 2d (ago), yesterday, 2026-11-22, or a time.' }),
  until: moment({ summary: 'Not after: 2d (ago), yesterday, 2026-11-22, or a time.' }),
};

/** Whose history is asked. */
export const askedFlags = {
  all: boolean({ summary: 'Every repository you have sessions in.' }),
  repo: string({
    summary: 'The repository in this folder, instead of the one you stand in; may repeat.',
    helpValue: '<folder>',
    multiple: true,
    multipleNonGreedy: true,
  }),
};

/** The session a command is about. */
export const sessionArg = stringArg({
  description: 'Id, unique prefix of it, name or branch; without it the session whose worktree this is.',
  required: false,
  ignoreStdin: true,
});
