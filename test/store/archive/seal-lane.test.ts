import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Draft } from '../../../src/events/catalogue.ts';
import { encodeEvent, lineHash } from '../../../src/events/codec.ts';
import { sessionLog } from '../../../src/events/envelope.ts';
import type { Packed } from '../../../src/store/archive/contents.ts';
import { NotSound, type Sealing, sealLane } from '../../../src/store/archive/seal-lane.ts';
import { decodeCommit, decodeTree } from '../../../src/store/objects/encode.ts';
import { NewObjects } from '../../../src/store/objects/new-objects.ts';
import type { Flush } from '../../../src/store/verify/lane-history.ts';
import { created, draft, eventsOf } from '../../support/events.ts';

const ID = 's000000001';
const LOG = sessionLog(ID);
const MB = 1024 * 1024;

/** Keeps what is written, so that it can be looked at. */
const objectsOf = () => {
  const written = new Map<string, { type: string; content: Buffer }>();
  const objects = new NewObjects({
    async write(type, content) {
      const id = createHash('sha1').update(`${type} ${content.length}\0`).update(content).digest('hex');
      written.set(id, { type, content });
      return id;
    },
    pack: async () => Buffer.alloc(0),
    dispose() {},
  });
  const filesOf = (commit: string) =>
    decodeTree(written.get(decodeCommit(written.get(commit)!.content).tree)!.content, 'sha1');
  const messageOf = (commit: string) => written.get(commit)!.content.toString().split('\n\n').slice(1).join('\n\n');
  const parentsOf = (commit: string) => decodeCommit(written.get(commit)!.content).parents;
  const bytesOf = (id: string) => written.get(id)!.content;
  return { objects, filesOf, messageOf, parentsOf, bytesOf, written };
};

const events = (count: number, size = 10) => {
  const drafts: Draft[] = [draft('session.created', created())];
  for (let n = 1; n < count; n++)
    drafts.push(draft('session.renamed', { name: `${n} ${'ä'.repeat(size)}`, previous: 'x' }));
  return eventsOf(drafts);
};

interface Wish {
  lines: string[];
  transcript?: Buffer;
  base?: Packed;
  writer: string;
  perFlush?: number;
  longText?: string;
}

/** Flushes as `readFlushes` gives them, over blobs that only we have. */
const sealingOf = ({ lines, transcript, base, writer, perFlush = 3, longText }: Wish): Sealing => {
  const blobs = new Map<string, Buffer>();
  const flushes: Flush[] = [];
  for (let at = 0; at < lines.length; at += perFlush) {
    const files: Flush['files'] = [];
    const add = (name: string, bytes: Buffer): void => {
      const id = createHash('sha1').update(name).update(bytes).digest('hex');
      blobs.set(id, bytes);
      files.push({ id, name });
    };
    const seq = String(at + 1).padStart(10, '0');
    add(
      `events-${seq}-${ID}.ndjson`,
      Buffer.from(
        lines
          .slice(at, at + perFlush)
          .map((line) => `${line}\n`)
          .join(''),
      ),
    );
    if (at === 0 && transcript) add(`transcript-${seq}-${ID}.ndjson`, transcript);
    if (at === 0 && longText) files.push({ id: longText, name: `payload-${'e'.repeat(64)}` });
    flushes.push({ commit: 'f'.repeat(40), parents: [], log: LOG, writer, lastSeq: null, head: null, files });
  }
  return {
    lane: { log: LOG, writer },
    tip: '7'.repeat(40),
    flushes,
    base,
    state: { name: 'x' },
    blob: (id) => blobs.get(id)!,
  };
};

describe('a sealed log', () => {
  it('is one commit with the same lines, long texts as the objects they are, and says where it ends', async () => {
    const all = events(10);
    const lines = all.map(encodeEvent);
    const { writer } = all[0]!;
    const world = objectsOf();
    const longText = '9'.repeat(40);
    const sealing = sealingOf({ lines, writer, transcript: Buffer.from('{"n":1}\n'), longText });
    const { packed, files } = await sealLane(sealing, world.objects);
    expect(packed).toEqual({
      ref: `refs/amp/${LOG}/${writer}`,
      commit: expect.any(String),
      tip: '7'.repeat(40),
      lastSeq: 10,
      head: lineHash(lines.at(-1)!),
      at: all.at(-1)!.at,
    });
    expect(world.parentsOf(packed.commit)).toEqual([]);
    expect(world.filesOf(packed.commit)).toEqual(files.sort((a, b) => (a.name < b.name ? -1 : 1)));
    const [eventsFile, payload, transcript] = files;
    expect(world.bytesOf(eventsFile!.id).toString()).toBe(lines.map((line) => `${line}\n`).join(''));
    expect(payload).toMatchObject({ id: longText });
    expect(world.bytesOf(transcript!.id).toString()).toBe('{"n":1}\n');
    const message = world.messageOf(packed.commit);
    for (const line of ['Amp-First-Seq: 1', 'Amp-Last-Seq: 10', `Amp-Head: ${packed.head}`, 'Amp-State: {"name":"x"}'])
      expect(message.split('\n')).toContain(line);
    expect((await sealLane(sealing, objectsOf().objects)).packed).toEqual(packed);
  });

  it('lies in pieces of at most four megabytes, each a flush that follows the one before', async () => {
    const all = events(90, 30_000);
    const lines = all.map(encodeEvent);
    const { writer } = all[0]!;
    const transcript = Buffer.from(`${JSON.stringify({ line: 'y'.repeat(999_000) })}\n`.repeat(11));
    const world = objectsOf();
    const { packed, files } = await sealLane(sealingOf({ lines, writer, transcript }), world.objects);
    const chain: string[] = [];
    for (let at: string | undefined = packed.commit; at !== undefined; at = world.parentsOf(at)[0]) chain.unshift(at);
    expect(chain).toHaveLength(3);
    const sizes = files.map(({ id }) => world.bytesOf(id).length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(4 * MB);
    const joined = (kind: string): string =>
      chain
        .flatMap((commit) => world.filesOf(commit).filter(({ name }) => name.startsWith(kind)))
        .map(({ id }) => world.bytesOf(id).toString())
        .join('');
    expect(joined('events-')).toBe(lines.map((line) => `${line}\n`).join(''));
    expect(joined('transcript-')).toBe(transcript.toString());
    expect(new Set(files.map(({ name }) => name)).size).toBe(files.length);
    expect(chain.map((commit) => world.messageOf(commit).includes('Amp-State')).filter(Boolean)).toHaveLength(1);
  });

  it('goes on from where it was sealed before', async () => {
    const all = events(12);
    const { writer } = all[0]!;
    const lines = all.map(encodeEvent);
    const first = (await sealLane(sealingOf({ lines: lines.slice(0, 6), writer }), objectsOf().objects)).packed;
    const world = objectsOf();
    const { packed } = await sealLane(sealingOf({ lines: lines.slice(6), writer, base: first }), world.objects);
    expect(world.parentsOf(packed.commit)).toEqual([first.commit]);
    expect(packed).toMatchObject({ lastSeq: 12, head: lineHash(lines.at(-1)!) });
  });

  const all = events(6);
  const { writer } = all[0]!;
  const lines = all.map(encodeEvent);
  const base = { lastSeq: 3, head: '0'.repeat(64), commit: '1'.repeat(40), at: '' } as Packed;
  it.each([
    ['a line that is missing', lines.filter((_, at) => at !== 3), writer, undefined, 'event 5 does not follow'],
    [
      'a line that was changed',
      lines.map((line, at) => (at === 2 ? line.replace('ä', 'ö') : line)),
      writer,
      undefined,
      'event 4',
    ],
    ['a line that is none', [...lines.slice(0, 2), 'x', ...lines.slice(2)], writer, undefined, 'none of its events'],
    ['another writer', lines, 'somebody', undefined, 'none of its events'],
    ['another end than the one before', lines.slice(3), writer, base, 'event 4 does not follow'],
    ['nothing at all', [], writer, undefined, 'it has no events'],
  ])('is not made of %s', async (_, some, by, before, why) => {
    const sealing = sealingOf({ lines: some, writer: by, ...(before && { base: before }) });
    const error = await sealLane(sealing, objectsOf().objects).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NotSound);
    expect((error as Error).message).toContain(why);
  });
});
