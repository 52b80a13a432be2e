import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

const TYPES = { commit: 1, tree: 2, blob: 3 };

/** Type and length of a packed object. Source: gitformat-pack(5). */
const entryHeader = (type, length) => {
  const bytes = [];
  let byte = (TYPES[type] << 4) | (length & 15);
  for (let rest = Math.floor(length / 16); ; rest = Math.floor(rest / 128)) {
    bytes.push(rest > 0 ? byte | 128 : byte);
    if (rest === 0) return Buffer.from(bytes);
    byte = rest & 127;
  }
};

/** A sink as the store's own, fast enough for a million events: objects of a SHA-1 repository as one pack. */
export const packSink = () => {
  const entries = new Map();
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    async write(type, content) {
      const id = createHash('sha1').update(`${type} ${content.length}\0`).update(content).digest('hex');
      if (!entries.has(id)) {
        const packed = deflateSync(content);
        entries.set(id, [entryHeader(type, content.length), packed]);
        bytes += packed.length;
      }
      return id;
    },
    async pack() {
      const header = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1');
      header.writeUInt32BE(entries.size, 8);
      const body = Buffer.concat([header, ...[...entries.values()].flat()]);
      return Buffer.concat([body, createHash('sha1').update(body).digest()]);
    },
    dispose() {},
  };
};
