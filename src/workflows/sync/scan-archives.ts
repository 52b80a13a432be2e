import { git, openCatFile } from '../../git/git.ts';
import type { Context } from '../context.ts';
import { type HeldRef, type Outgoing, type SecretPlace, scanFile } from './scan-logs.ts';
import { findSecrets } from './secret-finder.ts';

/** Places that are told one by one. */
const TOLD = 50;

const scanOne = async (ctx: Context, { ref, id, known }: Outgoing): Promise<HeldRef | undefined> => {
  const args = ['rev-list', '--objects', '--filter=object:type=blob', '--filter-provided-objects', '--stdin'];
  const stdin = `${id}\n${known === null ? '' : `^${known}\n`}`;
  const { stdout } = await git(ctx.repo, args, { stdin, maxBytes: 1 << 30 });
  const reader = openCatFile(ctx.repo);
  const secrets: SecretPlace[] = [];
  try {
    for (const line of stdout.toString('utf8').split('\n')) {
      const space = line.indexOf(' ');
      const path = line.slice(space + 1);
      const bytes =
        space < 0 || secrets.length >= TOLD ? undefined : (await reader.object(line.slice(0, space)))?.bytes;
      if (!bytes) continue;
      const cut = path.lastIndexOf('/');
      const file = { name: path.slice(cut + 1), bytes };
      secrets.push(
        ...(await scanFile((text) => findSecrets(ctx.redact, text), file, path.slice(0, Math.max(cut, 0)) || ref)),
      );
    }
  } finally {
    reader.close();
  }
  if (secrets.length === 0) return undefined;
  return { ref, reason: 'it holds what looks like a secret', secrets: secrets.slice(0, TOLD) };
};

/**
 * Looks through everything that would go out with archives of logs.
 * @returns the refs that must stay
 */
export const scanArchives = async (ctx: Context, outgoing: Outgoing[]): Promise<HeldRef[]> => {
  const held: HeldRef[] = [];
  for (const one of outgoing) {
    const found = await scanOne(ctx, one);
    if (found) held.push(found);
  }
  return held;
};
