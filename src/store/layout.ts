import { join } from 'node:path';
import type { LogName } from '../events/envelope.ts';
import type { Repository } from '../git/repository.ts';

/**
 * Where everything of ours lies in a repository:
 *
 *     <commonDir>/amp/writer                                  this clone's writer (writer.1, … in a copied clone)
 *     <commonDir>/amp/wal/<log>.<writer>.ndjson               events that are not in git yet; `/` of the log is `.`
 *     <commonDir>/amp/wal/<log>.<writer>.transcript.ndjson    transcript lines that are not in git yet
 *     <commonDir>/amp/wal/payloads/<log>.<writer>/<sha256>    long strings cut out of those events
 *     <commonDir>/amp/quarantine/                             torn bytes, set aside
 *     <commonDir>/amp/tips/<writer>                           where our refs were left
 *     <commonDir>/amp/cache/                                  may be deleted at any time
 *     refs/amp/sessions/<session>/<writer>, refs/amp/batches/<batch>/<writer>, refs/amp/code/<session>/<writer>
 *     refs/amp/tombstones/<writer>
 *     refs/amp/archive/<writer>/<yyyy-mm>, refs/amp/code-archive/<writer>/<yyyy-mm>   what was packed away
 */
export const ampDir = (repo: Repository): string => join(repo.commonDir, 'amp');
export const walDir = (repo: Repository): string => join(ampDir(repo), 'wal');
export const quarantineDir = (repo: Repository): string => join(ampDir(repo), 'quarantine');
/** How the repository stood before an agent ran: `<session>.json`. */
export const guardDir = (repo: Repository): string => join(ampDir(repo), 'guard');
export const tipsFile = (repo: Repository, writer: string): string => join(ampDir(repo), 'tips', writer);
export const indexFile = (repo: Repository): string => join(ampDir(repo), 'cache', 'sessions.ndjson');
export const archivesFile = (repo: Repository, kind: 'log' | 'code'): string =>
  join(ampDir(repo), 'cache', `archives-${kind}.txt`);
/** Tables for questions over all sessions. */
export const analysisDir = (repo: Repository): string => join(ampDir(repo), 'cache', 'analysis');
export const indexStateFile = (repo: Repository): string => join(ampDir(repo), 'cache', 'refs.json');

/** One writer's part of one log. */
export interface Lane {
  log: LogName;
  writer: string;
}

const fileStem = ({ log, writer }: Lane): string => `${log.replace('/', '.')}.${writer}`;

export const eventsFile = (repo: Repository, lane: Lane): string => join(walDir(repo), `${fileStem(lane)}.ndjson`);
export const transcriptFile = (repo: Repository, lane: Lane): string =>
  join(walDir(repo), `${fileStem(lane)}.transcript.ndjson`);
export const payloadDir = (repo: Repository, lane: Lane): string => join(walDir(repo), 'payloads', fileStem(lane));

export const laneRef = ({ log, writer }: Lane): string => `refs/amp/${log}/${writer}`;
export const codeRef = (session: string, writer: string): string => `refs/amp/code/${session}/${writer}`;
/** Stands in the `.keep` file of a pack on its way into this lane. */
export const keepReason = ({ log, writer }: Lane): string => `amp ${log} ${writer}`;
export const NOTES_REF = 'refs/notes/amp';
/** Where refs were that `verify --repair` had to put elsewhere: `<log>/<writer>/…`, `code/<session>/<writer>/…`, `notes/…`. */
export const DAMAGED = 'refs/amp-damaged/';

/**
 * Sessions that were forgotten, and refs that were rolled up: one ref a writer, only forwards. The newest commit's tree
 * has all of the writer's tombstones, as NDJSON files.
 */
export const TOMBSTONES = 'refs/amp/tombstones/';
export const tombstoneRef = (writer: string): string => `${TOMBSTONES}${writer}`;
/** Stands in the `.keep` file of a pack on its way there. */
export const TOMBSTONES_KEEP = 'amp tombstones';

const TOMBSTONE_REF = /^refs\/amp\/tombstones\/([A-Za-z0-9_-]+)$/;

/** The writer of a tombstone ref; undefined for any other ref. */
export const parseTombstoneRef = (ref: string): string | undefined => TOMBSTONE_REF.exec(ref)?.[1];

const LOG = /^(sessions|batches)\/[A-Za-z0-9][A-Za-z0-9_-]*$/;

/** A log's name becomes a file name and a ref: anything else than our own ids is a bug of the caller. */
export const assertLog = (log: LogName): void => {
  if (!LOG.test(log)) throw new Error(`not the name of a log: ${JSON.stringify(log)}`);
};

export interface WalName extends Lane {
  kind: 'events' | 'transcript';
}

const WAL_NAME = /^(sessions|batches)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)(\.transcript)?\.ndjson$/;

/** What a file of the write-ahead folder holds; undefined for temporary files and strangers. */
export const parseWalName = (name: string): WalName | undefined => {
  const [, kind, id, writer, transcript] = WAL_NAME.exec(name) ?? [];
  if (kind === undefined || id === undefined || writer === undefined) return undefined;
  return { log: `${kind}/${id}` as LogName, writer, kind: transcript === undefined ? 'events' : 'transcript' };
};

const CODE_REF = /^refs\/amp\/code\/([A-Za-z0-9][A-Za-z0-9_-]*)\/([A-Za-z0-9_-]+)$/;

export const parseCodeRef = (ref: string): { session: string; writer: string } | undefined => {
  const [, session, writer] = CODE_REF.exec(ref) ?? [];
  return session === undefined || writer === undefined ? undefined : { session, writer };
};

const LANE_REF = /^refs\/amp\/((?:sessions|batches)\/[A-Za-z0-9][A-Za-z0-9_-]*)\/([A-Za-z0-9_-]+)$/;

export const parseLaneRef = (ref: string): Lane | undefined => {
  const [, log, writer] = LANE_REF.exec(ref) ?? [];
  return log === undefined || writer === undefined ? undefined : { log: log as LogName, writer };
};
