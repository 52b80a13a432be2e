import { createHash } from 'node:crypto';
import { AppError } from '../errors.ts';
import type { LogName } from '../events/envelope.ts';
import type { Repository } from '../git/repository.ts';
import { listBlobs, payloadName } from './blobs.ts';
import { readLaneTips } from './lane-refs.ts';
import { payloadDir } from './layout.ts';
import type { ObjectReader } from './notes/plan-notes.ts';
import { payloadsIn } from './payloads.ts';
import type { LogReading } from './read-logs.ts';
import { readPayloadPart } from './wal/payload-files.ts';
import { listWal } from './wal/wal-files.ts';

export interface PayloadQuestion {
  log: LogName;
  sha256: string;
  reader: ObjectReader;
  read(): Promise<LogReading>;
}

const fromFiles = (repo: Repository, log: LogName, sha256: string): Buffer | undefined => {
  for (const file of listWal(repo)) {
    if (file.log !== log || file.kind !== 'events') continue;
    const bytes = readPayloadPart(payloadDir(repo, file), sha256);
    if (bytes) return bytes;
  }
  return undefined;
};

const missing = (log: LogName, sha256: string): AppError =>
  new AppError('log.damaged', `Payload ${sha256} of ${log} is missing.`, {
    hint: `Take it from a clone that has it: \`amp-sessions verify --repair\`, or with \`--from <clone>\`.`,
  });

/**
 * The bytes of a long string, put together from its parts and checked against its SHA-256.
 * Files come before git: a flush goes the other way.
 * @throws AppError `log.damaged`
 */
export const readPayload = async (
  repo: Repository,
  { log, sha256, reader, read }: PayloadQuestion,
): Promise<Buffer> => {
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw missing(log, sha256);
  const { events } = await read();
  const found = events.flatMap((event) => payloadsIn(event.data)).find((payload) => payload.sha256 === sha256);
  if (!found) throw missing(log, sha256);
  const files = found.parts.map((part) => fromFiles(repo, log, part));
  let inGit = new Map<string, string>();
  if (files.some((bytes) => bytes === undefined)) {
    const tips = (await readLaneTips(repo, [log])).get(log);
    inGit = new Map((await listBlobs(repo, tips?.values() ?? [])).map(({ id, name }) => [name, id]));
  }
  const parts: Buffer[] = [];
  for (const [at, part] of found.parts.entries()) {
    const id = inGit.get(payloadName(part));
    const bytes = files[at] ?? (id === undefined ? undefined : (await reader.object(id))?.bytes);
    if (!bytes) throw missing(log, part);
    parts.push(bytes);
  }
  const bytes = Buffer.concat(parts);
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) throw missing(log, sha256);
  return bytes;
};
