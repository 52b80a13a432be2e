import { AppError } from '../errors.ts';
import { startChild } from '../process/child.ts';
import { type Dialogue, startDialogue } from '../process/dialogue.ts';
import { assertId } from './ids.ts';
import { type InvocationOptions, prepareGit } from './invocation.ts';
import type { Repository } from './repository.ts';

export interface CatObject {
  type: string;
  bytes: Buffer;
}

export interface CatFile {
  /** Undefined when the repository does not have it. */
  object(id: string): Promise<CatObject | undefined>;
  /** Ends the process; open questions are rejected. */
  close(): void;
}

interface Question {
  resolve(answer: CatObject | undefined): void;
  reject(error: Error): void;
}

/** Cuts the answers of `git cat-file --batch` out of whatever pieces they arrive in. */
export class BatchReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #header: { id: string; type: string; size: number } | undefined;
  readonly #onAnswer: (id: string, object: CatObject | undefined) => void;

  constructor(onAnswer: (id: string, object: CatObject | undefined) => void) {
    this.#onAnswer = onAnswer;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#header ? this.#readBody(this.#header) : this.#readHeader()) {}
  }

  #joined(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  #drop(count: number): void {
    const rest = this.#joined().subarray(count);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#bytes = rest.length;
  }

  #readHeader(): boolean {
    const bytes = this.#joined();
    const end = bytes.indexOf(0x0a);
    if (end === -1) return false;
    const [id = '', type = '', size] = bytes.toString('latin1', 0, end).split(' ');
    this.#drop(end + 1);
    if (size === undefined) this.#onAnswer(id, undefined);
    else this.#header = { id, type, size: Number(size) };
    return true;
  }

  #readBody({ id, type, size }: { id: string; type: string; size: number }): boolean {
    if (this.#bytes < size + 1) return false;
    const bytes = this.#joined().subarray(0, size);
    this.#drop(size + 1);
    this.#header = undefined;
    this.#onAnswer(id, { type, bytes });
    return true;
  }
}

const gone = (): AppError => new AppError('git.failed', 'git cat-file ended before it had answered.');

/** Where objects are looked for beside the repository's own, and how. */
type ObjectPlace = Pick<InvocationOptions, 'objectDir' | 'alternates' | 'settings'>;

/** For who reads all there is, once: packs are not kept in memory as a whole, which is as fast. */
export const READ_THROUGH: Required<Pick<InvocationOptions, 'settings'>> = {
  settings: [
    ['core.packedGitWindowSize', '8m'],
    ['core.packedGitLimit', '64m'],
  ],
};

/** One process and those who wait for it. */
interface Batch {
  dialogue: Dialogue;
  isGone: boolean;
  waiting: Question[];
}

const startBatch = async (repo: Repository, place: ObjectPlace): Promise<Batch> => {
  const invocation = await prepareGit(repo, ['cat-file', '--batch'], place);
  const waiting: Question[] = [];
  const reader = new BatchReader((_id, object) => {
    waiting.shift()?.resolve(object);
    if (waiting.length === 0) dialogue.hold(false);
  });
  const dialogue = startDialogue(invocation, {
    onOutput: (chunk) => reader.push(chunk),
    onEnd: () => {
      batch.isGone = true;
      for (const question of waiting.splice(0)) question.reject(gone());
    },
  });
  const batch: Batch = { dialogue, isGone: false, waiting };
  return batch;
};

/**
 * One long-lived `git cat-file --batch`, started at the first question and again when it died. It is fed object ids
 * only, never names.
 */
export const openCatFile = (repo: Repository, place: ObjectPlace = {}): CatFile => {
  let isClosed = false;
  let current: { starting: ReturnType<typeof startBatch>; batch?: Batch } | undefined;
  /** Chosen without waiting, so that questions asked together go to one process. */
  const running = (): ReturnType<typeof startBatch> => {
    if (current && !current.batch?.isGone) return current.starting;
    const next: typeof current = { starting: startBatch(repo, place) };
    current = next;
    next.starting.then(
      (batch) => {
        next.batch = batch;
      },
      () => {
        if (current === next) current = undefined;
      },
    );
    return next.starting;
  };
  return {
    async object(id) {
      assertId(id);
      if (isClosed) throw gone();
      const { dialogue, waiting } = await running();
      dialogue.hold(true);
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        dialogue.write(`${id}\n`);
      });
    },
    close() {
      isClosed = true;
      current?.starting.then(({ dialogue }) => dialogue.end()).catch(() => {});
    },
  };
};

/**
 * Many objects through one process: every id is handed over at once, `onBlob` hears of each in the given order.
 * @throws AppError git.failed when one is missing
 */
export const catFileStream = async (
  repo: Repository,
  ids: string[],
  onBlob: (id: string, bytes: Buffer) => void,
  place: ObjectPlace = {},
): Promise<void> => {
  if (ids.length === 0) return;
  ids.forEach(assertId);
  const invocation = await prepareGit(repo, ['cat-file', '--batch', '--buffer'], place);
  const child = await startChild({ ...invocation, stdin: `${ids.join('\n')}\n` });
  let answered = 0;
  const reader = new BatchReader((id, object) => {
    if (!object) throw new AppError('git.failed', `git cat-file: the repository has no object ${id}.`);
    answered++;
    onBlob(id, object.bytes);
  });
  const draining = (async () => {
    for await (const _ of child.stderr) {
    }
  })();
  try {
    for await (const chunk of child.stdout) reader.push(chunk);
  } catch (error) {
    child.stop('now');
    throw error;
  } finally {
    await Promise.all([draining, child.ended]);
  }
  if (answered !== ids.length) throw gone();
};
