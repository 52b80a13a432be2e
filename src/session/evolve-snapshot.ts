import type { EventType, KnownEvent } from '../events/catalogue.ts';
import type { SnapshotEventType } from '../events/snapshot-events.ts';
import type { Change } from './change.ts';
import type { Session } from './state.ts';

type On<Type extends EventType> = (session: Session, event: Extract<KnownEvent, { type: Type }>) => Change;

/** What each event about uncommitted work means. */
export const snapshotHandlers: { [Type in SnapshotEventType]: On<Type> } = {
  'snapshot.taken': (_, { data, at, writer }) => ({
    snapshot: { number: data.number, commit: data.commit, state: data.state, at, writer },
  }),
  'snapshot-restore.started': (_, { data }) => ({ openRestore: { number: data.number, commit: data.commit } }),
  'snapshot.restored': () => ({ openRestore: null }),
};
