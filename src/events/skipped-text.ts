import type { EventData } from './catalogue.ts';

type Skipped = EventData<'snapshot.taken'>['skipped'];

const WHY: Record<Skipped[number]['why'], string> = {
  large: 'too large',
  special: 'no file',
  unreadable: 'cannot be read',
  nested: 'a repository of its own',
  many: 'one too many',
};

/** The first few of the paths that git could not take in, with the reason. */
export const skippedText = (skipped: Skipped): string => {
  const named = skipped.slice(0, 3).map(({ path, why }) => `${path} (${WHY[why]})`);
  return skipped.length > 3 ? `${named.join(', ')}, … ${skipped.length} in all` : named.join(', ');
};
