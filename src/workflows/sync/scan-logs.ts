import { decodeEvent } from '../../events/codec.ts';
import { openCatFile } from '../../git/git.ts';
import { readAhead } from '../../git/read-ahead.ts';
import { parseSegmentName } from '../../store/blobs.ts';
import { dataTexts } from '../../store/drafts.ts';
import { eachLine } from '../../store/lines.ts';
import { decodeLines } from '../../store/transcript-lines.ts';
import { type Flush, readFlushes } from '../../store/verify/lane-history.ts';
import type { Context } from '../context.ts';
import { findSecrets } from './secret-finder.ts';

/** Where something that looks like a secret stands; never what it is. */
export interface SecretPlace {
  /** Log, note or commit. */
  where: string;
  /** Number of the event; null where it is no event. */
  seq: number | null;
  /** Name of the rule that found it. */
  kind: string;
}

/** A ref that would go out, from what the other side has of it. */
export interface Outgoing {
  ref: string;
  id: string;
  /** Null: the other side has nothing of it. */
  known: string | null;
}

export interface HeldRef {
  ref: string;
  reason: string;
  secrets: SecretPlace[];
}

/** Places of one ref that are told one by one. */
const TOLD = 50;

type Find = (text: string, kind?: 'name') => Promise<string[]>;

const linesOf = (bytes: Buffer): string[] => {
  const lines: string[] = [];
  const end = eachLine(bytes, (line) => lines.push(line ?? ''));
  return [...lines, bytes.toString('utf8', end)];
};

const scanEvents = async (find: Find, bytes: Buffer, log: string): Promise<SecretPlace[]> => {
  const places: SecretPlace[] = [];
  for (const line of linesOf(bytes)) {
    const event = decodeEvent(line);
    for (const { text, kind: as } of event ? dataTexts(event.data, event.type) : [{ text: line, kind: undefined }])
      for (const kind of await find(text, as)) places.push({ where: log, seq: event?.seq ?? null, kind });
  }
  return places;
};

const scanTranscript = async (find: Find, bytes: Buffer, log: string): Promise<SecretPlace[]> => {
  const places: SecretPlace[] = [];
  for (const { iteration, n, line, bytes: raw } of decodeLines(bytes)) {
    const text = line ?? Buffer.from(raw ?? '', 'base64').toString('latin1');
    const where = `${log}, transcript of iteration ${iteration}, line ${n}`;
    for (const kind of await find(text)) places.push({ where, seq: null, kind });
  }
  return places;
};

/** The secrets of one file of a flush. */
export const scanFile = async (find: Find, file: { name: string; bytes: Buffer }, log: string) => {
  const kind = parseSegmentName(file.name)?.kind;
  if (kind === 'events') return scanEvents(find, file.bytes, log);
  if (kind === 'transcript') return scanTranscript(find, file.bytes, log);
  const kinds = await find(file.bytes.toString('utf8'));
  return kinds.map((found): SecretPlace => ({ where: `${log}, ${file.name.slice(0, 24)}`, seq: null, kind: found }));
};

/** The new flushes behind a ref, newest first; undefined when they are no chain. */
const flushesOf = ({ id }: Outgoing, flushes: Map<string, Flush>): Flush[] | undefined => {
  const chain: Flush[] = [];
  for (let at: string | undefined = id; at !== undefined; ) {
    const flush = flushes.get(at);
    if (!flush) break;
    if (flush.parents.length > 1) return undefined;
    chain.push(flush);
    at = flush.parents[0];
  }
  return chain;
};

interface OutgoingFile {
  ref: string;
  id: string;
  name: string;
}

/** Every new file behind some refs, and the refs that are no chain of flushes. */
const newFiles = async (ctx: Context, outgoing: Outgoing[]): Promise<{ files: OutgoingFile[]; held: HeldRef[] }> => {
  const known = outgoing.flatMap((one) => one.known ?? []);
  const tips = [...outgoing.map(({ id }) => id), ...known.map((id) => `^${id}`)];
  const flushes = new Map((await readFlushes(ctx.repo, tips)).map((flush) => [flush.commit, flush]));
  const files: OutgoingFile[] = [];
  const held: HeldRef[] = [];
  for (const one of outgoing) {
    const chain = flushesOf(one, flushes);
    if (!chain) held.push({ ref: one.ref, reason: 'it is no chain of flushes', secrets: [] });
    else for (const flush of chain) files.push(...flush.files.map(({ id, name }) => ({ ref: one.ref, id, name })));
  }
  return { files, held };
};

/**
 * Looks through every line that would go out with these logs: new flushes only, one after the other.
 * @returns the refs that must stay
 */
export const scanLogs = async (ctx: Context, outgoing: Outgoing[]): Promise<HeldRef[]> => {
  if (outgoing.length === 0) return [];
  const { files, held } = await newFiles(ctx, outgoing);
  const ids = files.map(({ id }) => id);
  const reader = openCatFile(ctx.repo);
  const find: Find = (text, kind) => findSecrets(ctx.redact, text, kind);
  const found = new Map<string, SecretPlace[]>();
  try {
    let at = 0;
    for await (const object of readAhead(reader, ids)) {
      const { ref, name } = files[at++]!;
      const secrets = found.get(ref) ?? [];
      if (!object || secrets.length >= TOLD) continue;
      const places = await scanFile(find, { name, bytes: object.bytes }, ref.slice('refs/amp/'.length));
      if (places.length > 0) found.set(ref, [...secrets, ...places]);
    }
  } finally {
    reader.close();
  }
  for (const [ref, secrets] of found)
    held.push({ ref, reason: 'it holds what looks like a secret', secrets: secrets.slice(0, TOLD) });
  return held;
};
