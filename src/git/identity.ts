import { placeOf, readConfig } from './config.ts';
import type { Repository } from './repository.ts';

export interface Identity {
  name: string;
  email: string;
}

/** For people who never told git who they are. */
export const FALLBACK_IDENTITY: Identity = { name: 'amp-sessions', email: 'amp-sessions@localhost' };

export const authorVariables = ({ name, email }: Identity): Record<string, string> => ({
  GIT_AUTHOR_NAME: name,
  GIT_AUTHOR_EMAIL: email,
});

/** Author and committer. */
export const identityVariables = (identity: Identity): Record<string, string> => ({
  ...authorVariables(identity),
  GIT_COMMITTER_NAME: identity.name,
  GIT_COMMITTER_EMAIL: identity.email,
});

/**
 * Who the user is as an author, by environment and configuration; null when git was never told. Nothing is guessed
 * from the machine's name.
 */
export const userIdentity = async (repo: Repository): Promise<Identity | null> => {
  const entries = await readConfig(placeOf(repo));
  const last = (key: string): string | undefined => entries.findLast((entry) => entry.key === key)?.value || undefined;
  const name = process.env['GIT_AUTHOR_NAME'] || (last('author.name') ?? last('user.name'));
  const email = process.env['GIT_AUTHOR_EMAIL'] || (last('author.email') ?? last('user.email'));
  return name && email ? { name, email } : null;
};
