import { memoryFs } from './memory-fs.ts';
import type { ObjectSink } from './new-objects.ts';

const GITDIR = '/.git';

/** SHA-1 objects, built and packed in memory. isomorphic-git never sees the user's repository. */
export const memoryObjects = async (): Promise<ObjectSink> => {
  const { writeObject, packObjects } = await import('isomorphic-git');
  const fs = memoryFs();
  const ids = new Set<string>();
  return {
    async write(type, content) {
      const id = await writeObject({ fs, gitdir: GITDIR, type, object: content, format: 'content' });
      ids.add(id);
      return id;
    },
    async pack() {
      const { packfile } = await packObjects({ fs, gitdir: GITDIR, oids: [...ids] });
      if (packfile === undefined) throw new Error('isomorphic-git returned no pack');
      return Buffer.from(packfile.buffer, packfile.byteOffset, packfile.byteLength);
    },
    dispose() {},
  };
};
