import { shownText } from '../../events/long-text.ts';
import type { CommitInfo, Identity } from '../../git/commits.ts';
import type { Session } from '../../session/state.ts';
import { firstLine, shorten } from '../commit-message.ts';

/** Iterations by number, as people write them: `1-4, 6`. */
const ranges = (numbers: number[]): string => {
  const parts: [number, number][] = [];
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    const last = parts.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else parts.push([number, number]);
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
};

/** The numbers in a trailer's value: one, or ranges as above, in one value or several. */
export const iterationNumbers = (value: string): number[] =>
  value.split(/[,\n]/).flatMap((part) => {
    const [from = Number.NaN, to = from] = part.trim().split('-').map(Number);
    if (!Number.isInteger(from) || !Number.isInteger(to) || to - from > 10_000) return [];
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
  });

const ownTrailers = new Set(['Amp-Session', 'Amp-Iteration']);

/** Trailers of the commits that go (co-authors, thread ids, sign-offs) are the new one's too. */
const keptTrailers = (commits: CommitInfo[]): string[] =>
  commits.flatMap(({ trailers }) =>
    Object.entries(trailers)
      .filter(([key]) => !ownTrailers.has(key))
      .flatMap(([key, value]) => value.split('\n').map((line) => `${key}: ${line}`)),
  );

const coAuthors = (people: CommitInfo[], user: Identity | null): string[] =>
  people
    .filter(({ author }) => author.email !== user?.email)
    .map(({ author }) => `Co-authored-by: ${author.name} <${author.email}>`);

const defaultText = (session: Session, agents: CommitInfo[], people: CommitInfo[]): string => {
  const prompt = session.prompt === null ? '' : firstLine(shownText(session.prompt));
  const subject = shorten(prompt || session.name);
  const list = [...agents, ...people].map((commit) => `- ${commit.subject.replace(/^amp: /, '')}`);
  return list.length > 1 ? `${subject}\n\n${list.join('\n')}` : subject;
};

/**
 * The message of a squashed commit: what was given, or prompt and iterations; then the trailers by which the commit is
 * found again, and the people who had a part in it.
 */
export const squashMessage = (
  session: Session,
  work: { agents: CommitInfo[]; people: CommitInfo[]; given?: string; user: Identity | null },
): string => {
  const { agents, people, user } = work;
  const text = work.given?.trim() || defaultText(session, agents, people);
  const numbers = agents.flatMap(({ trailers }) => iterationNumbers(trailers['Amp-Iteration'] ?? ''));
  const trailers = [
    ...keptTrailers([...agents, ...people]),
    ...coAuthors(people, user),
    `Amp-Session: ${session.id}`,
    `Amp-Iteration: ${ranges(numbers)}`,
  ];
  const present = new Set(text.split('\n'));
  return `${text}\n\n${[...new Set(trailers)].filter((line) => !present.has(line)).join('\n')}\n`;
};
