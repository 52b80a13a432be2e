import { basename } from 'node:path';
import { moveRef, readRef } from '../git/refs.ts';
import type { LaneDeps } from './lane-writer.ts';
import { eventsFile, laneRef, payloadDir, transcriptFile } from './layout.ts';
import type { Head, Recovery } from './log-store.ts';
import { wayBack } from './own-refs.ts';
import type { LogReading } from './read-logs.ts';
import { recoverFiles, restoreRefs } from './recover-lane.ts';
import { readIfThere } from './wal/files.ts';
import { FileMoved, type Stamp, stampOf, WriteAheadFile } from './wal/write-ahead-file.ts';

interface Known {
  head: Head;
  /** The last commit of the lane; null when there is none. */
  tip: string | null;
  /** What our ref names: the tip, or null where that was packed away and nothing came after it. */
  ref: string | null;
  flushedSeq: number;
  events: WriteAheadFile;
}

/**
 * What this process knows of its end of a log, and the two write-ahead files. Not safe against calls at the same
 * time: the lane's owner queues them.
 */
export class LaneState {
  readonly #deps: LaneDeps;
  readonly #eventsPath: string;
  readonly #transcriptPath: string;
  readonly payloadDir: string;
  #known: Known | undefined;
  #transcript: WriteAheadFile | undefined;
  #recovered = false;
  #findings: Recovery = { warnings: [], tornBytes: [] };
  readonly #mended = new Set<string>();
  #version = 0;

  constructor(deps: LaneDeps) {
    this.#deps = deps;
    this.#eventsPath = eventsFile(deps.repo, deps.lane);
    this.#transcriptPath = transcriptFile(deps.repo, deps.lane);
    this.payloadDir = payloadDir(deps.repo, deps.lane);
  }

  get version(): number {
    return this.#version;
  }

  get head(): Head {
    return this.#loaded.head;
  }

  get tip(): string | null {
    return this.#loaded.tip;
  }

  get ref(): string | null {
    return this.#loaded.ref;
  }

  get flushedSeq(): number {
    return this.#loaded.flushedSeq;
  }

  get eventBytes(): number {
    return this.#known?.events.size ?? 0;
  }

  get transcriptSize(): number {
    return this.#transcript?.size ?? 0;
  }

  /** Takes over a reading, unless it knows less than we do: numbers are never given out twice. */
  adopt(reading: LogReading, stamp: Stamp): void {
    if (this.#known && reading.head.seq >= this.#known.head.seq) this.#use(reading, stamp);
  }

  /** Lamport: what we write next comes after all we have seen. */
  sawClock(clock: number): void {
    if (this.#known && clock > this.#known.head.clock) this.#known.head = { ...this.#known.head, clock };
  }

  /** Finds the end of the log. The first time, what a dead process left is put in order before. */
  async load({ again = false } = {}): Promise<void> {
    if (again) this.forget();
    if (this.#known) return this.#mend();
    if (!this.#recovered) this.#noteFindings(recoverFiles(this.#deps));
    let { reading, stamp } = await this.#reading();
    if (!this.#recovered) {
      const restored = await restoreRefs(this.#deps, reading);
      this.#noteFindings({ warnings: restored, tornBytes: [] });
      if (restored.length > 0) ({ reading, stamp } = await this.#reading());
    }
    this.#recovered = true;
    this.#use(reading, stamp);
  }

  /**
   * Our ref is not where we knew it: reads again where it is and what git holds. The head stays, it is ahead. Only
   * another process of ours takes it forward; by any other hand it is put back.
   */
  async refresh(): Promise<void> {
    const { tip: known, flushedSeq: seq } = this.#loaded;
    const { tip, ref, flushedSeq } = await this.#deps.read();
    const isPacked = ref === null && tip !== null && flushedSeq >= seq;
    if (known !== null && !isPacked && !(await this.#isForward(tip, known)))
      if (await moveRef(this.#deps.repo, laneRef(this.#deps.lane), { to: known, from: ref }))
        return void this.#mended.add(laneRef(this.#deps.lane));
    Object.assign(this.#loaded, { tip, ref, flushedSeq });
    this.#version += 1;
  }

  /** Everything known is thrown away; `load` finds it again, and repairs again what it finds. */
  forget(): void {
    this.close();
    this.#known = undefined;
    this.#transcript = undefined;
    this.#recovered = false;
  }

  /** Events that were acknowledged and are not in git yet survive whoever deletes or edits their file meanwhile. */
  async #mend(): Promise<void> {
    const { events, tip } = this.#loaded;
    const isMoved = events.isMoved || this.#transcript?.isMoved === true;
    if (!isMoved) return;
    const now = (await readRef(this.#deps.repo, laneRef(this.#deps.lane))) ?? null;
    // Another process of ours has brought the lines into git, or is about to cut them.
    if (now !== tip && now !== null && (tip === null || (await this.#isForward(now, tip)))) return;
    for (const file of [events, this.#transcript])
      if (file?.isMoved && file.mend(this.#deps.clock.newId())) this.#mended.add(`amp/wal/${basename(file.path)}`);
  }

  /** Whether a ref that was at `tip` was only taken further, by us. */
  async #isForward(now: string | null, tip: string): Promise<boolean> {
    if (now === null) return false;
    const way = await wayBack(this.#deps.reader(), now, tip);
    return way.leads && way.isOurs;
  }

  /** What another hand had changed and was put right since the last call: files below the git directory, and refs. */
  takeMended(): string[] {
    const mended = [...this.#mended];
    this.#mended.clear();
    return mended;
  }

  takeFindings(): Recovery {
    const findings = this.#findings;
    this.#findings = { warnings: [], tornBytes: [] };
    return findings;
  }

  async appendEvents(bytes: Buffer, head: Head): Promise<void> {
    await this.#loaded.events.append(bytes, true);
    this.#loaded.head = head;
    this.#version += 1;
  }

  /** Transcript lines do not depend on each other: when the file moved, the new one will do. */
  async appendTranscript(bytes: Buffer): Promise<void> {
    try {
      await this.#transcriptFile().append(bytes, false);
    } catch (error) {
      if (!(error instanceof FileMoved)) throw error;
      this.#transcript = undefined;
      await this.#transcriptFile().append(bytes, false);
    }
  }

  transcriptBytes(): Buffer {
    return readIfThere(this.#transcriptPath) ?? Buffer.alloc(0);
  }

  /** The first lines that a flush takes, at most so many bytes of each kind. */
  firstLines(limit: number): { events: Buffer; transcript: Buffer } {
    return { events: this.#loaded.events.head(limit), transcript: this.#transcriptFile().head(limit) };
  }

  flushed({ tip, seq }: { tip: string; seq: number }): void {
    Object.assign(this.#loaded, { tip, ref: tip });
    this.#loaded.flushedSeq = Math.max(this.#loaded.flushedSeq, seq);
    this.#version += 1;
  }

  /** Takes lines that are in git out of the write-ahead files. */
  cut(lengths: { events: number; transcript: number }): void {
    const id = this.#deps.clock.newId();
    this.#loaded.events.cut(lengths.events, id);
    this.#transcriptFile().cut(lengths.transcript, id);
    this.#version += 1;
  }

  close(): void {
    this.#known?.events.close();
    this.#transcript?.close();
  }

  get #loaded(): Known {
    if (!this.#known) throw new Error(`${laneRef(this.#deps.lane)} was not loaded`);
    return this.#known;
  }

  #transcriptFile(): WriteAheadFile {
    this.#transcript ??= new WriteAheadFile(this.#transcriptPath, stampOf(this.#transcriptPath));
    return this.#transcript;
  }

  /** The store reads nothing twice: what a workflow has just read comes back at once. */
  async #reading(): Promise<{ reading: LogReading; stamp: Stamp }> {
    const stamp = stampOf(this.#eventsPath);
    return { reading: await this.#deps.read(), stamp };
  }

  #use({ head, tip, ref, flushedSeq }: LogReading, stamp: Stamp): void {
    this.#known?.events.close();
    this.#known = { head, tip, ref, flushedSeq, events: new WriteAheadFile(this.#eventsPath, stamp) };
  }

  #noteFindings({ warnings, tornBytes }: Recovery): void {
    this.#findings.warnings.push(...warnings);
    this.#findings.tornBytes.push(...tornBytes);
  }
}
