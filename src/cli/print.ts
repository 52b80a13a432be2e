/**
 * Writing to stdout and stderr, the only place that does. A reader that goes away (`| head`) is not an error: the rest
 * is swallowed and `onClosed` tells whoever streams for ever.
 */
export interface Writer {
  write(text: string | Uint8Array): void;
  /** Writes the text and a newline. */
  line(text?: string): void;
  readonly isTerminal: boolean;
  /** Columns of the terminal; 80 when there is none. */
  readonly columns: number;
  readonly closed: boolean;
  onClosed(listener: () => void): void;
  /** Resolved once everything has left this process, or nobody wants it any more. */
  flush(): Promise<void>;
}

type Stream = NodeJS.WriteStream;

const isGone = (error: NodeJS.ErrnoException): boolean =>
  error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED' || error.code === 'EIO';

/** A writer over a stream of the process; the stream is touched first when something is written or asked. */
export const createWriter = (open: () => Stream): Writer => {
  let opened: Stream | undefined;
  let closed = false;
  const listeners: (() => void)[] = [];
  const close = (): void => {
    if (closed) return;
    closed = true;
    for (const listener of listeners) listener();
  };
  const stream = (): Stream => {
    if (opened) return opened;
    opened = open();
    opened.on('error', (error: NodeJS.ErrnoException) => {
      if (!isGone(error)) throw error;
      close();
    });
    opened.on('close', close);
    return opened;
  };
  const write = (text: string | Uint8Array): void => {
    const target = stream();
    if (!closed) target.write(text);
  };
  return {
    write,
    line: (text = '') => write(`${text}\n`),
    get isTerminal() {
      return stream().isTTY === true;
    },
    get columns() {
      return stream().columns || 80;
    },
    get closed() {
      return closed;
    },
    onClosed: (listener) => {
      stream();
      listeners.push(listener);
    },
    flush: () =>
      opened === undefined || closed
        ? Promise.resolve()
        : new Promise((resolve) => {
            listeners.push(resolve);
            stream().write('', () => resolve());
          }),
  };
};

export const stdout = createWriter(() => process.stdout);
export const stderr = createWriter(() => process.stderr);

/** A document as `--json` prints it: indented for a person at a terminal, on one line for a program. */
export const jsonText = (document: unknown): string =>
  JSON.stringify(document, null, stdout.isTerminal ? 2 : undefined);
