/**
 * One writer's sealed logs of one month, and the commits that their code refs kept. The month is that of a session's
 * last event. A remote for history alone gets the first kind only.
 */
export interface ArchiveRef {
  kind: 'log' | 'code';
  writer: string;
  /** Such as `2026-11`. */
  month: string;
}

export const ARCHIVE = 'refs/amp/archive/';
export const CODE_ARCHIVE = 'refs/amp/code-archive/';

export const archiveRef = ({ kind, writer, month }: ArchiveRef): string =>
  `${kind === 'log' ? ARCHIVE : CODE_ARCHIVE}${writer}/${month}`;

const NAME = /^refs\/amp\/(archive|code-archive)\/([A-Za-z0-9_-]+)\/(\d{4}-\d\d)$/;

export const parseArchiveRef = (ref: string): ArchiveRef | undefined => {
  const [, kind, writer, month] = NAME.exec(ref) ?? [];
  if (writer === undefined || month === undefined) return undefined;
  return { kind: kind === 'archive' ? 'log' : 'code', writer, month };
};
