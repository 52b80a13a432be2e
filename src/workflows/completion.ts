import { locateRepository } from '../git/locate.ts';
import { listRefs } from '../git/refs.ts';
import { readArchives } from '../store/archive/archives.ts';
import { readIndex } from '../store/session-index.ts';
import type { SessionSummary } from './summaries.ts';

/** A value the shell may offer, and what it is. */
export interface Offer {
  value: string;
  description?: string;
}

const SESSIONS = 'refs/amp/sessions/';

/**
 * Sessions by id and by name, from the refs and the index alone: nothing is replayed, because a person waits at the
 * Tab key. What the index does not know yet is offered by its id.
 */
export const offerSessions = async (dir: string): Promise<Offer[]> => {
  const repo = await locateRepository(dir);
  const refs = await listRefs(repo, SESSIONS);
  const known = new Map(readIndex(repo).map(({ session, summary }) => [session, summary as SessionSummary]));
  const packed = (await readArchives(repo, 'log')).all(SESSIONS);
  const ids = new Set([...refs, ...packed].map(({ ref }) => ref.slice(SESSIONS.length).split('/')[0]!));
  for (const id of known.keys()) ids.add(id);
  const offers: Offer[] = [];
  for (const id of ids) {
    const summary = known.get(id);
    if (summary?.removed) continue;
    offers.push({ value: id, description: summary && `${summary.name}, ${summary.state}` });
    if (summary) offers.push({ value: summary.name, description: `${id}, ${summary.state}` });
  }
  return offers;
};

/** Branches and tags. */
export const offerCommits = async (dir: string): Promise<Offer[]> => {
  const repo = await locateRepository(dir);
  const [branches, tags] = await Promise.all([listRefs(repo, 'refs/heads/'), listRefs(repo, 'refs/tags/')]);
  return [...branches, ...tags].map(({ ref }) => ({ value: ref.replace(/^refs\/(heads|tags)\//, '') }));
};
