import { ARCHIVE, CODE_ARCHIVE, parseArchiveRef } from '../archive/archive-refs.ts';
import { parseCodeRef, parseLaneRef } from '../layout.ts';

/** A ref that travels between clones; all but snapshots have one writer. */
export interface SyncRef {
  ref: string;
  /** The archives hold many logs, and the code of many sessions, that were packed away. */
  kind: 'log' | 'code' | 'snapshot' | 'archive' | 'code-archive';
  /** Session or batch; of an archive its month. */
  id: string;
  /** Empty for a snapshot. */
  writer: string;
}

const SNAPSHOT_REF = /^refs\/amp\/snapshots\/([A-Za-z0-9][A-Za-z0-9_-]*)$/;

/** Anybody may push names: only such as this program makes are taken, so none can be mistaken for an option or a path. */
export const parseSyncRef = (ref: string): SyncRef | undefined => {
  const lane = parseLaneRef(ref);
  if (lane) return { ref, kind: 'log', id: lane.log.slice(lane.log.indexOf('/') + 1), writer: lane.writer };
  const [, session] = SNAPSHOT_REF.exec(ref) ?? [];
  if (session !== undefined) return { ref, kind: 'snapshot', id: session, writer: '' };
  const code = parseCodeRef(ref);
  if (code) return { ref, kind: 'code', id: code.session, writer: code.writer };
  const archive = parseArchiveRef(ref);
  const kind = archive?.kind === 'code' ? 'code-archive' : 'archive';
  return archive && { ref, kind, id: archive.month, writer: archive.writer };
};

/** What goes along beside the logs. */
export interface Choice {
  /** The commits of iterations. */
  code: boolean;
  /** Uncommitted work that was kept. */
  snapshots: boolean;
}

/** Prefixes of the refs that travel; the notes come to them. */
export const syncPrefixes = ({ code, snapshots }: Choice): string[] => [
  'refs/amp/sessions/',
  'refs/amp/batches/',
  ARCHIVE,
  ...(code ? ['refs/amp/code/', CODE_ARCHIVE] : []),
  ...(snapshots ? ['refs/amp/snapshots/'] : []),
];

/** Where what was packed away is. */
export const ARCHIVE_PATTERNS = [`${ARCHIVE}*`, `${CODE_ARCHIVE}*`];

/** Where refs of one session are; and tombstones. A sync looks at all of them, whatever it carries. */
export const SESSION_PATTERNS = [
  'refs/amp/sessions/*',
  'refs/amp/code/*',
  'refs/amp/snapshots/*',
  'refs/amp/tombstones/*',
];

const SESSION_REF = /^refs\/amp\/(?:sessions|code|snapshots)\/([A-Za-z0-9][A-Za-z0-9_-]*)(?:\/[A-Za-z0-9_-]+)?$/;

/** The session that a ref is of; undefined for one of a batch, or of no session alone. */
export const sessionOf = (ref: string): string | undefined => SESSION_REF.exec(ref)?.[1];
