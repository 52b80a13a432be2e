import { spawn, spawnSync } from 'node:child_process';
import { PROGRAM } from './cli.ts';

/** `script` of util-linux gives a program a terminal of its own; Debian has it in an essential package. */
export const hasTerminal =
  process.platform === 'linux' && spawnSync('script', ['-qec', 'true', '/dev/null'], { input: '' }).status === 0;

const CSI = /^\x1b\[([0-9;?]*)([a-zA-Z])/;

/** What a person sees at the end, and has scrolled away: the lines, of which a program rewrites the last ones. */
export const screenOf = (written: string): string[] => {
  const lines = [''];
  let [row, column] = [0, 0];
  const put = (char: string): void => {
    const line = lines[row]!.padEnd(column);
    lines[row] = line.slice(0, column) + char + line.slice(column + 1);
    column += 1;
  };
  for (let at = 0; at < written.length; ) {
    const sequence = CSI.exec(written.slice(at, at + 20));
    if (sequence) {
      const [all, count, what] = sequence;
      if (what === 'A') row = Math.max(0, row - Number(count || 1));
      else if (what === 'J' && (count === '0' || count === '')) {
        lines.length = row + 1;
        lines[row] = lines[row]!.slice(0, column);
      } else if (what === 'K') lines[row] = lines[row]!.slice(0, column);
      at += all!.length;
      continue;
    }
    const char = written[at]!;
    if (char === '\n') {
      row += 1;
      if (row === lines.length) lines.push('');
    } else if (char === '\r') column = 0;
    else put(char);
    at += 1;
  }
  return lines.map((line) => line.trimEnd());
};

/** Keys as a terminal sends them. */
export const CTRL_C = '\x03';

const WAIT_MS = 30_000;

/** The built program at a terminal of its own. What it is given must end by itself. */
export const atTerminal = (
  dir: string,
  args: string[],
  { env = {}, columns = 100, rows = 30 }: { env?: NodeJS.ProcessEnv; columns?: number; rows?: number } = {},
) => {
  const quoted = [process.execPath, PROGRAM, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const command = `stty cols ${columns} rows ${rows}; exec ${quoted}`;
  const { CI: _, NO_COLOR: __, FORCE_COLOR: ___, ...own } = process.env;
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd: dir,
    env: { ...own, TERM: 'xterm-256color', SHELL: '/bin/sh', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let written = '';
  const said = (): string => written.replace(/\x1b\[[0-9;]*m/g, '');
  const listeners = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written += text;
    for (const listener of [...listeners]) listener();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return {
    type: (keys: string): void => void child.stdin.write(keys),
    screen: (): string[] => screenOf(written),
    /** Waits until something was written, whatever its colours. @throws Error with all of it, when the program ended before, or never came to it */
    until: (pattern: RegExp): Promise<void> =>
      new Promise((resolve, reject) => {
        const done = (work: () => void): void => {
          clearTimeout(timer);
          listeners.delete(look);
          work();
        };
        const look = (): void => {
          if (pattern.test(said())) done(resolve);
        };
        const missing = (): void =>
          done(() => reject(new Error(`never said ${pattern}:\n${screenOf(written).join('\n')}`)));
        const timer = setTimeout(missing, WAIT_MS);
        listeners.add(look);
        look();
        void ended.then(() => (pattern.test(said()) ? undefined : missing()));
      }),
    ended,
    /** For a test that fails half-way. */
    kill: (): void => void child.kill('SIGKILL'),
  };
};
