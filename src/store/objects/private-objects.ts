import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { packQuarantine } from '../../git/packs.ts';
import type { Repository } from '../../git/repository.ts';
import type { ObjectSink } from './new-objects.ts';

/**
 * Objects as loose files in a private folder outside the repository, packed by git itself (`pack-objects`).
 * Nothing in that folder has to last: only the pack does.
 */
export const privateObjects = (repo: Repository): ObjectSink => {
  const dir = mkdtempSync(join(tmpdir(), 'amp-objects-'));
  return {
    async write(type, content) {
      const object = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content]);
      const id = createHash(repo.objectFormat).update(object).digest('hex');
      const fanOut = join(dir, id.slice(0, 2));
      mkdirSync(fanOut, { recursive: true });
      writeFileSync(join(fanOut, id.slice(2)), deflateSync(object, { level: 1 }));
      return id;
    },
    pack: () => packQuarantine(repo, dir),
    dispose: () => rmSync(dir, { recursive: true, force: true }),
  };
};
