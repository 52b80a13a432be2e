import { inShell } from '../errors.ts';
import type { EventData } from '../events/catalogue.ts';
import type { Session } from '../session/state.ts';
import type { Context } from './context.ts';

type Change = EventData<'repository-change.found'>;

const shortName = (ref: string): string => ref.replace(/^refs\/(heads|tags)\//, '');

/** How a person puts a branch of theirs back, which is theirs to do. */
export const wayBack = (
  ctx: Context,
  { ref, from, to, head }: { ref: string; from: string; to: string | null; head?: string },
): string => {
  const name = shortName(ref);
  if (to === null) return `git branch ${inShell(name)} ${from.slice(0, 12)}`;
  if (head === `ref: ${ref}`) return `git -C ${inShell(ctx.repo.root)} reset --keep ${from.slice(0, 12)}`;
  return `git branch -f ${inShell(name)} ${from.slice(0, 12)}`;
};

const branchTexts = (ctx: Context, { items = [], checkout }: Change, head: string): string[] =>
  items
    .filter(({ kind }) => kind === 'branch')
    .map(({ item, from, to }) => {
      const way = wayBack(ctx, { ref: item, from: from!, to, head: checkout?.head?.to ?? head });
      return `While the agent ran, ${shortName(item)} ${to === null ? 'was deleted' : 'lost commits'}. If that was not you: ${way}`;
    });

/** What a person should hear at once of what changed beside the worktree; the record has all of it. */
export const changeWarnings = (ctx: Context, session: Session, change: Change, head = ''): string[] => {
  const { items = [] } = change;
  const look = items.filter(({ kind, blocks }) => blocks && kind !== 'branch').map(({ item }) => item);
  const restored = items.filter((one) => one.restored).map(({ item }) => item);
  return [
    ...(look.length > 0
      ? [
          `While the agent ran, ${look.join(', ')} changed: look before you run git there, with \`amp-sessions config trust --session ${session.id} --dry-run\`.`,
        ]
      : []),
    ...(restored.length > 0 ? [`Changed while the agent ran, and put back: ${restored.join(', ')}.`] : []),
    ...branchTexts(ctx, change, head),
  ];
};
