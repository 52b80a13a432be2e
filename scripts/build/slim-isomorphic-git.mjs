/**
 * isomorphic-git as this program uses it: its ES modules, of which only what writes and packs objects is kept, over
 * node's own zlib and SHA-1. The streams of browsers load a quarter of node (fetch and all): 25 ms at the first flush.
 * What finds nothing to patch fails the build.
 */
const INDEX = 'isomorphic-git/index.js';

const STUBS = {
  'sha.js/sha1.js': `
import { createHash } from 'node:crypto';
export default function Hash() { return createHash('sha1'); }`,
  pako: `
import { deflateSync, inflateSync } from 'node:zlib';
export default { deflate: deflateSync, inflate: inflateSync };`,
};

const OFF = ['supportsSubtleSHA1', 'supportsCompressionStream'];

const isIndex = (id) => id?.replaceAll('\\', '/').endsWith(INDEX) === true;

export const slimIsomorphicGit = () => ({
  name: 'slim-isomorphic-git',
  async resolveId(id, importer) {
    if (id === 'isomorphic-git') {
      const found = await this.resolve(id, importer, { skipSelf: true });
      return found && { ...found, id: found.id.replace(/index\.cjs$/, 'index.js'), moduleSideEffects: false };
    }
    return isIndex(importer) && STUBS[id] ? { id: `\0isomorphic-git:${id}`, moduleSideEffects: false } : null;
  },
  load: (id) => (id.startsWith('\0isomorphic-git:') ? { code: STUBS[id.slice(16)], moduleType: 'js' } : null),
  transform(code, id) {
    if (!isIndex(id)) return null;
    let text = code;
    for (const name of OFF) {
      const declared = `let ${name} = null;`;
      if (!text.includes(declared))
        throw new Error(`isomorphic-git has changed: no ${declared} Look at scripts/build/slim-isomorphic-git.mjs.`);
      text = text.replace(declared, `let ${name} = false;`);
    }
    return { code: text };
  },
});
