import type { ChalkInstance } from 'chalk';
import type { KnownEvent } from '../events/catalogue.ts';
import type { SnapshotEventType } from '../events/snapshot-events.ts';

type Texts = {
  [Type in SnapshotEventType]: (data: Extract<KnownEvent, { type: Type }>['data'], color: ChalkInstance) => string;
};

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** When a snapshot was taken, as part of a line. */
export const momentText = (reason: string): string =>
  reason === 'iteration' ? 'at the end of an iteration' : `before ${reason}`;

/** The lines of `event-text.ts` for what is uncommitted. */
export const snapshotTexts: Texts = {
  'snapshot.taken': (d, c) =>
    `snapshot ${d.number} of ${plural(d.changes, 'uncommitted path')}, ${momentText(d.reason)}${d.skipped.length > 0 ? c.yellow(`, without ${plural(d.skipped.length, 'path')}`) : ''}`,
  'snapshot-restore.started': (d) =>
    `bringing back snapshot ${d.number}${d.kept === null ? '' : `; what was there is snapshot ${d.kept}`}`,
  'snapshot.restored': (d, c) =>
    `${c.green('✓')} snapshot ${d.number} brought back: ${plural(d.files, 'file')} written, ${d.removed} removed`,
};
