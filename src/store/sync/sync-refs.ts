import { parseLaneRef } from '../layout.ts';

/** A ref with one writer that travels between clones. */
export interface SyncRef {
  ref: string;
  kind: 'log' | 'code';
  /** Session or batch. */
  id: string;
  writer: string;
}

const CODE_REF = /^refs\/amp\/code\/([A-Za-z0-9][A-Za-z0-9_-]*)\/([A-Za-z0-9_-]+)$/;

/** Anybody may push names: only such as this program makes are taken, so none can be mistaken for an option or a path. */
export const parseSyncRef = (ref: string): SyncRef | undefined => {
  const lane = parseLaneRef(ref);
  if (lane) return { ref, kind: 'log', id: lane.log.slice(lane.log.indexOf('/') + 1), writer: lane.writer };
  const [, id, writer] = CODE_REF.exec(ref) ?? [];
  return id === undefined || writer === undefined ? undefined : { ref, kind: 'code', id, writer };
};

/** As `git ls-remote` takes them. */
export const SYNC_PATTERNS = ['refs/amp/sessions/*', 'refs/amp/batches/*', 'refs/amp/code/*', 'refs/notes/amp'];

/** The same, as prefixes of what is here. */
export const SYNC_PREFIXES = ['refs/amp/sessions/', 'refs/amp/batches/', 'refs/amp/code/'];
