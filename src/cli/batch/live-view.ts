import type { ChalkInstance } from 'chalk';
import { Listr } from 'listr2';
import { formatDuration } from '../format.ts';
import type { Writer } from '../print.ts';
import { sanitizeLine } from '../sanitize.ts';
import { textWidth, truncate } from '../width.ts';
import type { BatchView } from './batch-view.ts';
import { type BatchHeader, headerText } from './header-text.ts';

export interface LiveSetting {
  writer: Writer;
  color: ChalkInstance;
  /** Milliseconds that only grow. */
  elapsed: () => number;
  /** Wall time in milliseconds. */
  wall: () => number;
  /** Rows of the terminal. */
  rows: () => number;
  slots: number;
}

/** Often enough to look alive; more costs CPU over hours. */
const FRAME_MS = 250;
const FRAMES = [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'];
const UP_AND_ERASE = (lines: number): string => (lines === 0 ? '\r\x1b[0J' : `\r\x1b[${lines}A\x1b[0J`);

interface Slot {
  title: string;
  since: number;
}

/** The lines at the foot of the terminal: the header, and a line for each worker that has something to do. */
class Foot {
  readonly #setting: LiveSetting;
  readonly slots: (Slot | undefined)[];
  header: BatchHeader | undefined;
  #drawn = 0;
  #shown = '';
  #frame = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(setting: LiveSetting) {
    this.#setting = setting;
    this.slots = Array.from({ length: setting.slots });
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#frame = (this.#frame + 1) % FRAMES.length;
      this.draw();
    }, FRAME_MS);
    this.#timer.unref();
    this.draw();
  }

  #lines(): string[] {
    const { color, elapsed, rows, wall, writer } = this.#setting;
    const room = Math.max(10, writer.columns - 1);
    const busy = this.slots.flatMap((slot, at) => (slot === undefined ? [] : [{ ...slot, at }]));
    const most = Math.max(1, rows() - 3);
    const shown = busy.length > most ? busy.slice(0, most - 1) : busy;
    const lines = shown.map(({ title, since }) => {
      const time = formatDuration(elapsed() - since);
      return `${color.cyan(FRAMES[this.#frame]!)} ${truncate(title, room - time.length - 4)}  ${color.dim(time)}`;
    });
    const more = busy.length - shown.length;
    if (more > 0) lines.push(color.dim(`  … and ${more} more at work`));
    if (this.header) lines.unshift(shortened(headerText(this.header, color, wall()), room));
    return lines;
  }

  draw(): void {
    const lines = this.#lines();
    const text = lines.map((line) => `${line}\n`).join('');
    if (text === this.#shown) return;
    this.#setting.writer.write(UP_AND_ERASE(this.#drawn) + text);
    this.#drawn = lines.length;
    this.#shown = text;
  }

  /** Writes a line that stays, above. */
  above(text: string): void {
    this.#setting.writer.write(`${UP_AND_ERASE(this.#drawn)}${text}\n`);
    this.#drawn = 0;
    this.#shown = '';
    this.draw();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#setting.writer.write(UP_AND_ERASE(this.#drawn));
    this.#drawn = 0;
  }
}

/** Coloured text in so many columns: without its colours where it would have to be cut. */
const shortened = (text: string, room: number): string => {
  const plain = text.replace(/\x1b\[[0-9;]*m/g, '');
  return textWidth(plain) <= room ? text : truncate(plain, room);
};

/** Hands listr2's tasks to the foot; its own renderers write to stdout, which is for answers. */
const rendererFor = (foot: Foot) =>
  class FootRenderer {
    static readonly nonTTY = true;
    static readonly rendererOptions = {};
    static readonly rendererTaskOptions = {};
    render(): void {
      foot.start();
    }
    end(): void {
      foot.end();
    }
  };

/**
 * Workers as so many tasks of listr2 whose titles change: one task an item would cost most of a core with 300 of them.
 */
export const createLiveView = (setting: LiveSetting): BatchView => {
  const foot = new Foot(setting);
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const options = {
    concurrent: true,
    renderer: rendererFor(foot) as never,
    fallbackRendererCondition: false,
    registerSignalListeners: false,
  } as const;
  const tasks = Array.from({ length: setting.slots }, (_, at) => ({ title: `worker ${at + 1}`, task: () => finished }));
  const running = new Listr(tasks, options).run();
  return {
    header: (header) => {
      foot.header = header;
    },
    slot: (at, text) => {
      const title = text === null ? null : sanitizeLine(text);
      const before = foot.slots[at];
      // What a worker goes on with keeps its time: the words before the first colon name the item.
      const same = before !== undefined && title !== null && itemOf(before.title) === itemOf(title);
      foot.slots[at] = title === null ? undefined : { title, since: same ? before.since : setting.elapsed() };
    },
    line: (text) => foot.above(text),
    end: async () => {
      finish();
      await running;
    },
  };
};

const itemOf = (title: string): string => title.split(':', 1)[0]!;
