import { git, openCatFile } from '../../git/git.ts';
import type { Context } from '../context.ts';
import { type HeldRef, type Outgoing, scanFile } from './scan-logs.ts';
import { findSecrets } from './secret-finder.ts';

/** The same for notes: every one that the other side does not have. */
export const scanNotes = async (ctx: Context, { ref, id, known }: Outgoing): Promise<HeldRef | undefined> => {
  const args = ['rev-list', '--objects', '--filter=object:type=blob', '--filter-provided-objects', '--stdin'];
  const stdin = `${id}\n${known === null ? '' : `^${known}\n`}`;
  const { stdout } = await git(ctx.repo, args, { stdin, maxBytes: 1 << 30 });
  const reader = openCatFile(ctx.repo);
  const secrets: HeldRef['secrets'] = [];
  try {
    for (const line of stdout.toString('utf8').split('\n')) {
      const [blob = '', path = ''] = line.split(' ');
      const bytes = blob === '' ? undefined : (await reader.object(blob))?.bytes;
      if (!bytes) continue;
      const file = { name: 'events-0000000001-note.ndjson', bytes };
      const found = await scanFile(
        (text, kind) => findSecrets(ctx.redact, text, kind),
        file,
        `note on ${path.replaceAll('/', '')}`,
      );
      secrets.push(...found);
    }
  } finally {
    reader.close();
  }
  return secrets.length === 0 ? undefined : { ref, reason: 'they hold what looks like a secret', secrets };
};
