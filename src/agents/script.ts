import { z } from 'zod';

/**
 * A script for the agent `scripted`, in YAML:
 *
 *     model: stand-in-1          # whom `usage` names; optional
 *     mode: medium               # optional
 *     after: nothing             # or repeat: what happens once every entry was played
 *     iterations:                # the first iteration of a session plays the first entry, and so on
 *       - - message: I will add a greeting.
 *         - edit: { path: src/greet.js, content: "export const greet = () => 'hi';\n" }
 *         - edit: { path: README.md, replace: TODO, with: done }      # or append: …, or delete: true
 *         - run: npm test                                             # on record as a tool call
 *         - usage: { input: 10, output: 200, cacheRead: 5000, cacheWrite: 90 }
 *         - cost: 0.02           # USD
 *         - delay: 500           # milliseconds
 *         - noise: not JSON      # a line on stdout that is no message; or { stderr: … }
 *         - fail: { message: Out of credits, code: agent.credits }    # ends the iteration, and so do:
 *         - exit: 3              # at once, without a result
 *         - hang: true           # until it is stopped; `stubborn` ignores everything but SIGKILL
 */
const text = z.string();
const tokens = z.int().min(0);

const isInsideWorktree = (path: string): boolean =>
  path !== '' &&
  !/^([\\/]|[A-Za-z]:)|\0/.test(path) &&
  path.split(/[\\/]/).every((part) => part !== '..' && part.toLowerCase() !== '.git');

/** Exactly one of these keys, said at the object itself. */
const exactlyOne =
  (keys: readonly string[]) =>
  (value: object, context: z.RefinementCtx): void => {
    const given = keys.filter((key) => key in value);
    if (given.length === 1) return;
    const found = given.length === 0 ? 'none' : given.join(' and ');
    context.addIssue({ code: 'custom', message: `must have exactly one of ${keys.join(', ')}, and has ${found}` });
  };

const edit = z
  .strictObject({
    path: text.refine(isInsideWorktree, 'must be a relative path inside the worktree, and not in .git'),
    content: text.optional(),
    replace: text.min(1).optional(),
    with: text.optional(),
    append: text.optional(),
    delete: z.literal(true).optional(),
  })
  .superRefine(exactlyOne(['content', 'replace', 'append', 'delete']))
  .refine((value) => (value.replace === undefined) === (value.with === undefined), {
    message: 'needs `replace` and `with` together',
  });

const usage = z.strictObject({
  input: tokens.default(0),
  output: tokens.default(0),
  cacheRead: tokens.default(0),
  cacheWrite: tokens.default(0),
  model: text.optional(),
});

const FAILURE_CODES = [
  'agent.missing',
  'agent.stub',
  'agent.login',
  'agent.offline',
  'agent.credits',
  'agent.outdated',
  'agent.rejected',
  'agent.timeout',
  'agent.silent',
  'agent.failed',
] as const;

const shape = {
  message: text,
  edit,
  run: text.min(1),
  usage,
  cost: z.number().min(0),
  delay: z.number().min(0),
  fail: z.strictObject({ message: text, code: z.enum(FAILURE_CODES).default('agent.failed') }),
  exit: z.int().min(0).max(255),
  hang: z.union([z.literal(true), z.literal('stubborn')]),
  noise: z.union([text, z.strictObject({ stderr: text })]),
};

const step = z
  .strictObject(shape)
  .partial()
  .superRefine(exactlyOne(Object.keys(shape)));

export const scriptSchema = z.strictObject({
  model: text.optional(),
  mode: text.optional(),
  after: z.enum(['nothing', 'repeat']).default('nothing'),
  iterations: z.array(z.array(step)).min(1),
});

export type Script = z.output<typeof scriptSchema>;
export type Step = z.output<typeof step>;
