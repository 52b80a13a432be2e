import type { CatFile } from '../../git/git.ts';
import { isId } from '../../git/ids.ts';
import { decodeCommit } from '../../store/objects/encode.ts';
import type { Look } from './grafts.ts';

/** Seconds since 1970. */
const committedAt = (commit: Buffer): number =>
  Number(/^committer .*> (\d+) [+-]\d+$/m.exec(commit.toString('utf8', 0, commit.indexOf('\n\n')))?.[1] ?? 0);

/** Looks at commits, at each once. */
export const lookThrough = (reader: CatFile): Look => {
  const asked = new Map<string, ReturnType<Look>>();
  const read: Look = async (id) => {
    const object = isId(id) ? await reader.object(id) : undefined;
    if (object?.type !== 'commit') return undefined;
    return { parents: decodeCommit(object.bytes).parents, committedAt: committedAt(object.bytes) };
  };
  return (id) => {
    const answer = asked.get(id) ?? read(id);
    asked.set(id, answer);
    return answer;
  };
};
