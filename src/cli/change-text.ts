import type { KnownEvent } from '../events/catalogue.ts';

type Change = Extract<KnownEvent, { type: 'repository-change.found' }>['data'];

const short = (id: string | null): string => (id === null ? 'none' : id.slice(0, 8));

const HOW = { made: 'new', forward: 'moved on', rewritten: 'rewritten', deleted: 'deleted' };

const refText = ({ ref, from, to, how }: Change['refs'][number]): string =>
  `${ref.replace(/^refs\/heads\//, '')}${how ? ` ${HOW[how]} (${short(from)} → ${short(to)})` : ''}`;

/** Refs that one line names. */
const TOLD = 4;

/** What one run changed beside its worktree, in one line; not inert yet. */
export const changeText = ({ config, hooks, attributes, refs, items, checkout }: Change): string => {
  const known = items
    ?.filter(({ kind }) => kind !== 'branch')
    .map(({ item, restored }) => (restored ? `${item} (put back)` : item));
  const old = [...(config ? ['git configuration'] : []), ...hooks.map((hook) => `hook ${hook}`)];
  const shown = refs.filter(({ ref }) => !items?.some(({ item, kind }) => item === ref && kind !== 'branch'));
  const parts = [
    ...(known ?? [...old, ...(attributes ? ['info/attributes'] : [])]),
    ...shown.slice(0, TOLD).map(refText),
    ...(shown.length > TOLD ? [`${shown.length - TOLD} more refs`] : []),
    ...(checkout?.head ? [`the main checkout's HEAD (${checkout.head.from} → ${checkout.head.to})`] : []),
    ...(checkout?.index && !checkout.head ? ["the main checkout's index"] : []),
  ];
  return parts.join(', ');
};
