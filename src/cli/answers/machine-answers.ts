import { z } from 'zod';
import { checks, count, open, repositoryChange } from './shapes.ts';

const setting = {
  key: z.string(),
  value: z.unknown().describe('null when it has no value'),
  source: z.enum(['flag', 'environment', 'repository', 'user', 'default']),
  file: z.string().optional(),
  line: z.int().min(1).optional(),
  variable: z.string().optional(),
  trusted: z.boolean().describe('false: names a program in a file of the repository that is not trusted'),
};

const problems = z.array(
  open({
    kind: z.string(),
    log: z.string(),
    writer: z.string().nullable(),
    seq: z.int().nullable().describe('number of the event'),
    where: z.string().describe('object id, or path below the common git directory'),
    byte: count.nullable().describe('offset of the line in there'),
    detail: z.string(),
    isDamage: z.boolean(),
  }),
);

const repaired = open({
  what: z.enum(['lines', 'ref', 'file', 'long texts', 'code', 'archive', 'notes', 'cache']),
  log: z.string(),
  writer: z.string().nullable(),
  from: z.int().nullable().describe('first event that came back'),
  to: z.int().nullable(),
  objects: count.describe('git objects that were taken over, or notes that were written'),
  source: z.string(),
  kept: z.array(z.string()).describe('refs and files that keep what was damaged'),
});

/** What the commands about the machine and its settings print with `--json`, by command id. */
export const machineAnswers = {
  doctor: checks,
  'verify-amp': checks,
  'test-git': checks,
  verify: open({
    ok: z.boolean(),
    events: count,
    logs: z.array(
      open({
        log: z.string(),
        session: z.string(),
        writers: z.array(z.string()),
        events: count,
        notInGit: count.describe('of these, those whose end nothing proves yet'),
        problems,
      }),
    ),
    problems: problems.describe('of the notes'),
    signatures: z.array(
      open({
        session: z.string(),
        writer: z.string(),
        commit: z.string(),
        seq: z.int().describe('number of the event that closes the session'),
        event: z.string(),
        status: z.enum(['good', 'unknown', 'bad', 'unsigned']).describe('unknown: by a key nothing here vouches for'),
        signer: z.string().nullable(),
        key: z.string().nullable(),
      }),
    ),
    dryRun: z.boolean().optional().describe('with --repair'),
    repaired: z.array(repaired).optional().describe('with --repair'),
    unrepaired: z
      .array(open({ log: z.string(), seq: z.int().nullable(), detail: z.string() }))
      .optional()
      .describe('with --repair'),
  }),
  'config:get': open(setting),
  'config:list': open({ items: z.array(open(setting)) }),
  'config:set': open({ key: z.string(), value: z.unknown(), file: z.string() }),
  'config:trust': open({
    sha256: z.string().optional().describe('over what is trusted; absent with --dry-run'),
    file: z.string().optional().describe("the repository's settings"),
    settings: z.array(open({ key: z.string(), value: z.unknown() })).optional(),
    hooks: z.array(z.string()).optional().describe('with --hooks'),
    session: z.string().optional().describe('with --session'),
    commands: z.array(open({ what: z.string(), line: z.string() })).optional(),
    changes: z
      .array(repositoryChange.extend({ before: z.string().nullable(), after: z.string().nullable() }))
      .optional()
      .describe('what changed beside the worktree while the agent ran, with secrets taken out'),
    dryRun: z.boolean().optional(),
  }),
};
