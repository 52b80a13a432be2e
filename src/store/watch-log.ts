import { statSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import type { LogEvent } from '../events/catalogue.ts';
import { decodeEvent } from '../events/codec.ts';
import type { LogName } from '../events/envelope.ts';
import { compareEvents } from '../events/order.ts';
import type { Repository } from '../git/repository.ts';
import { readLaneTips } from './lane-refs.ts';
import { walDir } from './layout.ts';
import { eachLine } from './lines.ts';
import type { LogNews } from './log-store.ts';
import type { LogReading } from './read-logs.ts';
import { decodeLines, readTranscriptParts, type TranscriptPart } from './transcript-lines.ts';
import { readIfThere } from './wal/files.ts';
import { listWal, type WalFile } from './wal/wal-files.ts';
import { type Stamp, sameStamp, stampOf } from './wal/write-ahead-file.ts';

export interface WatchOptions {
  log: LogName;
  clock: Clock;
  read(): Promise<LogReading>;
}

/** Refs may also move by a fetch, which no write-ahead file tells. */
const LOOK_AT_REFS_MS = 2000;

/** Changes whenever a file comes, goes or is replaced: each flush does that. */
const folderStamp = (dir: string): string => {
  try {
    return String(statSync(dir, { bigint: true }).mtimeNs);
  } catch {
    return '';
  }
};

/** One watcher of a log, made for another process than the one that writes. */
class Watch {
  readonly #repo: Repository;
  readonly #options: WatchOptions;
  readonly #seenEvents = new Set<string>();
  readonly #seenLines = new Set<string>();
  readonly #stamps = new Map<string, Stamp>();
  #folder = '';
  #tips: string | undefined;
  #lookedAt = 0;

  constructor(repo: Repository, options: WatchOptions) {
    this.#repo = repo;
    this.#options = options;
  }

  async look(): Promise<LogNews> {
    const news: LogNews = { events: [], lines: [] };
    const folder = folderStamp(walDir(this.#repo));
    const files = listWal(this.#repo).filter((file) => file.log === this.#options.log);
    for (const file of files) this.#lookAtFile(file, news);
    if (this.#tips === undefined || folder !== this.#folder || this.#isTimeForRefs()) await this.#lookAtRefs(news);
    this.#folder = folder;
    news.events.sort(compareEvents);
    return news;
  }

  #isTimeForRefs(): boolean {
    return this.#options.clock.elapsed() - this.#lookedAt >= LOOK_AT_REFS_MS;
  }

  #lookAtFile(file: WalFile, news: LogNews): void {
    const stamp = stampOf(file.path);
    if (sameStamp(stamp, this.#stamps.get(file.path) ?? null)) return;
    this.#stamps.set(file.path, stamp);
    const bytes = readIfThere(file.path) ?? Buffer.alloc(0);
    if (file.kind === 'transcript') this.#addLines({ writer: file.writer, lines: decodeLines(bytes) }, news);
    else
      eachLine(bytes, (line) => {
        const event = line === undefined ? undefined : decodeEvent(line);
        if (event) this.#addEvents([event], news);
      });
  }

  /** What a flush took out of the files since the last look is in git by now. */
  async #lookAtRefs(news: LogNews): Promise<void> {
    this.#lookedAt = this.#options.clock.elapsed();
    const { log } = this.#options;
    const tips = JSON.stringify([...((await readLaneTips(this.#repo, [log])).get(log) ?? [])]);
    if (tips === this.#tips) return;
    this.#addEvents((await this.#options.read()).events, news);
    for await (const part of readTranscriptParts(this.#repo, log)) this.#addLines(part, news);
    this.#tips = tips;
  }

  #addEvents(events: LogEvent[], news: LogNews): void {
    for (const event of events) {
      const key = `${event.writer} ${event.seq}`;
      if (event.log !== this.#options.log || this.#seenEvents.has(key)) continue;
      this.#seenEvents.add(key);
      news.events.push(event);
    }
  }

  /** Two clones may both have run an iteration of the same number. */
  #addLines({ writer, lines }: TranscriptPart, news: LogNews): void {
    for (const line of lines) {
      const key = `${writer} ${line.iteration} ${line.n}`;
      if (this.#seenLines.has(key)) continue;
      this.#seenLines.add(key);
      news.lines.push(line);
    }
  }
}

export const watchLog = (repo: Repository, options: WatchOptions): { look(): Promise<LogNews> } =>
  new Watch(repo, options);
