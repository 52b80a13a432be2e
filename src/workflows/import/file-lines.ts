import { closeSync, openSync, readSync } from 'node:fs';
import { AppError } from '../../errors.ts';
import { isMissing, storeError } from '../../store/wal/files.ts';

/** A line of a file, without its newline. */
export interface FileLine {
  bytes: Buffer;
  /** From 1. */
  number: number;
  /** Offset of its first byte. */
  start: number;
  /** Offset behind it and its newline. */
  end: number;
}

const CHUNK = 1 << 20;
/** No line of ours comes near. */
const MAX_LINE = 64 << 20;

/** A file that is read more than once, and is the same each time. */
export class LineFile {
  /** What to call it. */
  readonly name: string;
  readonly #fd: number;

  constructor(path: string, name = path) {
    this.name = name;
    try {
      this.#fd = openSync(path, 'r');
    } catch (error) {
      if (!isMissing(error)) throw storeError(error, path);
      throw new AppError('file.missing', `There is no file ${path}.`, {
        hint: 'Look at its name; - reads stdin.',
      });
    }
  }

  /** The lines between two offsets, each of which begins a line. Numbers count from `number`. */
  *lines({ from = 0, to = Number.POSITIVE_INFINITY, number = 1 } = {}): Generator<FileLine, void, undefined> {
    let pending: Buffer[] = [];
    let size = 0;
    let start = from;
    let line = number;
    for (let at = from; at < to; ) {
      const chunk = this.bytes(at, Math.min(CHUNK, to - at));
      if (chunk.length === 0) break;
      let begin = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, begin)) {
        const bytes = Buffer.concat([...pending, chunk.subarray(begin, end)]);
        pending = [];
        size = 0;
        begin = end + 1;
        if (bytes.length > 0) yield { bytes, number: line, start, end: at + begin };
        start = at + begin;
        line += 1;
      }
      pending.push(chunk.subarray(begin));
      size += chunk.length - begin;
      if (size > MAX_LINE) throw this.wrong(line, 'the line is longer than 64 MiB');
      at += chunk.length;
    }
    if (size > 0) yield { bytes: Buffer.concat(pending), number: line, start, end: start + size };
  }

  /** At most so many bytes from an offset. */
  bytes(from: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    try {
      let done = 0;
      for (let read = -1; read !== 0 && done < length; done += read)
        read = readSync(this.#fd, bytes, done, length - done, from + done);
      return bytes.subarray(0, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw storeError(error, this.name);
      throw new AppError('usage.invalid', `${this.name} is a folder.`, { hint: 'Name a file in it.' });
    }
  }

  wrong(number: number, detail: string): AppError {
    return new AppError('import.invalid', `${this.name}:${number}: ${detail}. Nothing was imported.`, {
      hint: 'Export it again, with --format ndjson and without --table, where the sessions are.',
      details: { line: number },
    });
  }

  close(): void {
    closeSync(this.#fd);
  }
}
