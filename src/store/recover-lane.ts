import { readdirSync, rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { AppError } from '../errors.ts';
import { logId } from '../events/envelope.ts';
import { isAncestor } from '../git/commits.ts';
import { moveRef } from '../git/refs.ts';
import { readCodeRef } from './lane-refs.ts';
import type { LaneDeps } from './lane-writer.ts';
import { codeRef, eventsFile, keepReason, laneRef, quarantineDir, transcriptFile, walDir } from './layout.ts';
import type { Recovery } from './log-store.ts';
import type { LogReading } from './read-logs.ts';
import { compactTips, readTips, recordTips } from './tips.ts';
import { isMissing, readIfThere, storeError } from './wal/files.ts';
import { recoverFile } from './wal/recover-file.ts';

const namesIn = (dir: string): string[] => {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw storeError(error, dir);
  }
};

/** Temporary files of a process that died while it cut one of these files. */
const dropTemporaries = ({ repo }: LaneDeps, paths: string[]): void => {
  const ours = paths.map((path) => `${basename(path)}.`);
  for (const name of namesIn(walDir(repo)))
    if (name.endsWith('.tmp') && ours.some((stem) => name.startsWith(stem)))
      rmSync(join(walDir(repo), name), { force: true });
};

/** Sets torn bytes of our write-ahead files aside. No process may be writing to them. */
export const recoverFiles = (deps: LaneDeps): Recovery => {
  const { repo, lane, clock } = deps;
  const found: Recovery = { warnings: [], tornBytes: [] };
  const files = [
    { path: eventsFile(repo, lane), kind: 'events' as const },
    { path: transcriptFile(repo, lane), kind: 'transcript' as const },
  ];
  dropTemporaries(
    deps,
    files.map(({ path }) => path),
  );
  for (const file of files) {
    const aside = recoverFile({ ...file, quarantineDir: quarantineDir(repo), id: clock.newId() });
    if (!aside) continue;
    // It goes into an event, and events travel: no absolute paths.
    const quarantine = relative(repo.commonDir, aside.quarantine).replaceAll('\\', '/');
    found.tornBytes.push({ bytes: aside.bytes, quarantine });
    found.warnings.push(
      `${aside.bytes} bytes at the end of ${lane.log} were no whole line; ${aside.quarantine} keeps them.`,
    );
  }
  return found;
};

/** A process that died in the middle of a flush left its pack kept for ever; what it holds is flushed anew. */
export const dropKeeps = ({ repo, lane }: Pick<LaneDeps, 'repo' | 'lane'>): void => {
  const dir = join(repo.commonDir, 'objects', 'pack');
  for (const name of namesIn(dir)) {
    const path = join(dir, name);
    if (name.endsWith('.keep') && readIfThere(path)?.toString().trimEnd() === keepReason(lane))
      rmSync(path, { force: true });
  }
};

interface Left {
  ref: string;
  /** Where we left it. */
  left: string;
  /** Where it is; null when it is gone. */
  now: string | null;
}

/** Puts one ref back; undefined when it needs nothing. */
const restoreRef = async ({ repo, lane, reader }: LaneDeps, { ref, left, now }: Left): Promise<string | undefined> => {
  if ((await reader().object(left)) === undefined) {
    throw new AppError('log.damaged', `${ref} was moved or deleted, and its last commit ${left} is gone.`, {
      hint: `Take it from a clone that has it: \`amp-sessions verify ${logId(lane.log)} --repair\`; until then nothing can be added to the log here.`,
    });
  }
  if (now !== null && (await isAncestor(repo, left, now))) {
    recordTips(repo, { writer: lane.writer, changes: [{ ref, id: now }] });
    return undefined;
  }
  const moved = await moveRef(repo, ref, { to: left, from: now });
  if (!moved) throw new AppError('store.conflict', `${ref} moved while it was being put back to ${left}.`);
  return now === null
    ? `${ref} was gone and was put back to ${left}.`
    : `${ref} had been moved to ${now} and was put back to ${left}.`;
};

/**
 * Puts our refs of this log back to where we left them: nobody else may move them, and `refs/amp` has no reflog.
 * A ref that is further than we remember is fine: then a process died between the ref and the note of it. What such a
 * process left of its pack's protection goes as well: the session is ours now.
 */
export const restoreRefs = async (deps: LaneDeps, reading: LogReading): Promise<string[]> => {
  const { repo, lane, clock } = deps;
  const tips = readTips(repo, lane.writer);
  const refs = [
    { ref: laneRef(lane), now: reading.ref },
    { ref: codeRef(logId(lane.log), lane.writer), now: await readCodeRef(repo, lane.log, lane.writer) },
  ];
  const warnings: string[] = [];
  for (const { ref, now } of refs) {
    const left = tips.get(ref);
    if (left === undefined || left === now) continue;
    const warning = await restoreRef(deps, { ref, left, now });
    if (warning !== undefined) warnings.push(warning);
  }
  dropKeeps(deps);
  compactTips(repo, { writer: lane.writer, clock });
  return warnings;
};
