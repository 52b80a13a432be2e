import type { ChalkInstance } from 'chalk';
import { Listr, type ListrTask } from 'listr2';
import { formatDuration } from './format.ts';
import type { Writer } from './print.ts';
import type { Progress } from './progress.ts';
import { sanitizeLine } from './sanitize.ts';
import { truncate } from './width.ts';

interface Setting {
  writer: Writer;
  color: ChalkInstance;
  elapsed: () => number;
}

const FRAMES = [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'];
const FRAME_MS = 100;
const ERASE_LINE = '\r\x1b[2K';

/** The live line of the step that runs: `⠹ title  12.3s  detail`. */
class LiveLine {
  readonly #setting: Setting;
  readonly #started: number;
  #title: string;
  #frame = 0;
  #timer: NodeJS.Timeout | undefined;
  detail = '';

  constructor(setting: Setting, title: string) {
    this.#setting = setting;
    this.#title = sanitizeLine(title);
    this.#started = setting.elapsed();
  }

  start(): void {
    this.draw();
    this.#timer = setInterval(() => {
      this.#frame = (this.#frame + 1) % FRAMES.length;
      this.draw();
    }, FRAME_MS);
    this.#timer.unref();
  }

  draw(): void {
    const { writer, color } = this.#setting;
    const time = formatDuration(this.#setting.elapsed() - this.#started);
    const room = Math.max(10, writer.columns - 1);
    const head = truncate(`${FRAMES[this.#frame]} ${this.#title}  ${time}`, room);
    const detail = this.detail === '' ? '' : truncate(`  ${this.detail}`, room - head.length);
    writer.write(`${ERASE_LINE}${color.cyan(head)}${color.dim(detail)}`);
  }

  /** Writes a line that stays above the live one. */
  above(text: string): void {
    this.#setting.writer.write(`${ERASE_LINE}${text}\n`);
    this.draw();
  }

  finish(ok: boolean): void {
    clearInterval(this.#timer);
    const { writer, color, elapsed } = this.#setting;
    const mark = ok ? color.green('✓') : color.red('✗');
    const time = color.dim(formatDuration(elapsed() - this.#started));
    writer.write(`${ERASE_LINE}${mark} ${this.#title}  ${time}\n`);
  }
}

/** Hands listr2's tasks to the live line; listr2's own renderers write to stdout, which is for answers. */
const rendererFor = (line: LiveLine) =>
  class LineRenderer {
    static readonly nonTTY = true;
    static readonly rendererOptions = {};
    static readonly rendererTaskOptions = {};
    render(): void {
      line.start();
    }
    end(error?: Error): void {
      line.finish(error === undefined);
    }
  };

/** Steps on a terminal, by listr2, one live line at a time. */
export const createTerminalProgress = (setting: Setting): Progress => {
  let line: LiveLine | undefined;
  const show = (text: string): void => {
    if (!line) return;
    line.detail = sanitizeLine(text);
    line.draw();
  };

  const outermost = async <T>(title: string, run: () => Promise<T>): Promise<T> => {
    const mine = new LiveLine(setting, title);
    line = mine;
    let result: T | undefined;
    const task: ListrTask = {
      title,
      task: async () => {
        result = await run();
      },
    };
    const options = {
      renderer: rendererFor(mine) as never,
      fallbackRendererCondition: false,
      registerSignalListeners: false,
    };
    try {
      await new Listr([task], options).run();
    } finally {
      line = undefined;
    }
    return result as T;
  };

  return {
    step: async (title, run) => {
      if (!line) return outermost(title, run);
      const before = line.detail;
      show(title);
      try {
        return await run();
      } finally {
        show(before);
      }
    },
    detail: show,
    note: (text) => (line ? line.above(text) : setting.writer.line(text)),
  };
};
