import { decodeEvent } from '../../events/codec.ts';
import { openCatFile } from '../../git/git.ts';
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

/**
 * Looks through every line that would go out with these logs: new flushes only, one after the other.
 * @returns the refs that must stay
 */
export const scanLogs = async (ctx: Context, outgoing: Outgoing[]): Promise<HeldRef[]> => {
  if (outgoing.length === 0) return [];
  const known = outgoing.flatMap((one) => one.known ?? []);
  const tips = [...outgoing.map(({ id }) => id), ...known.map((id) => `^${id}`)];
  const flushes = new Map((await readFlushes(ctx.repo, tips)).map((flush) => [flush.commit, flush]));
  const reader = openCatFile(ctx.repo);
  const find: Find = (text, kind) => findSecrets(ctx.redact, text, kind);
  const held: HeldRef[] = [];
  try {
    for (const one of outgoing) {
      const chain = flushesOf(one, flushes);
      if (!chain) {
        held.push({ ref: one.ref, reason: 'it is no chain of flushes', secrets: [] });
        continue;
      }
      const log = one.ref.slice('refs/amp/'.length);
      const secrets: SecretPlace[] = [];
      for (const { id, name } of chain.flatMap(({ files }) => files)) {
        const bytes = (await reader.object(id))?.bytes;
        if (bytes && secrets.length < TOLD) secrets.push(...(await scanFile(find, { name, bytes }, log)));
      }
      const reason = 'it holds what looks like a secret';
      if (secrets.length > 0) held.push({ ref: one.ref, reason, secrets: secrets.slice(0, TOLD) });
    }
  } finally {
    reader.close();
  }
  return held;
};
