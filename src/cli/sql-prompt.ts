import { createInterface, type Interface } from 'node:readline';
import { colors } from './color.ts';
import { stderr, stdout } from './print.ts';
import { reportError } from './report-error.ts';
import { type AskedTable, tablesText, tableText } from './schema-text.ts';
import { completeSql, isFinished } from './sql-statement.ts';

export interface PromptWorld {
  tables: readonly AskedTable[];
  /** Answers one statement, and prints the answer. */
  run(text: string, signal: AbortSignal): Promise<unknown>;
  history: {
    /** The newest first. */
    load(): string[];
    add(text: string): Promise<void>;
  };
}

const READY = 'sql> ';
const MORE = '  -> ';
const MOST_HISTORY = 1000;

const HELP = [
  'A statement ends with ; and may go over several lines. Tab completes.',
  '  \\d          the tables',
  '  \\d <table>  its columns',
  '  \\q          ends (Ctrl-D too); Ctrl-C drops what is typed, or stops a query',
];

class Prompt {
  readonly #world: PromptWorld;
  readonly #lines: Interface & { history?: string[] };
  #typed: string[] = [];
  #running: AbortController | undefined;
  #queue: Promise<void> = Promise.resolve();
  /** Nothing more is typed. */
  #isClosed = false;
  /** Nothing more is answered. */
  #isOver = false;

  constructor(world: PromptWorld) {
    this.#world = world;
    this.#lines = createInterface({
      input: process.stdin,
      output: process.stdout,
      terminal: true,
      history: world.history.load(),
      historySize: MOST_HISTORY,
      removeHistoryDuplicates: true,
      completer: (line: string) => completeSql(world.tables, { before: this.#typed.join('\n'), line }),
    });
  }

  /** Until the person ends it. What goes wrong is told, and ends nothing. */
  async talk(): Promise<Record<string, never>> {
    stderr.line(colors('stderr').dim('\\? for help, \\q ends.'));
    const closed = new Promise<void>((resolve) => this.#lines.on('close', resolve));
    this.#lines.on('SIGINT', () => this.#interrupt());
    // One after the other: what is typed or pasted while a query runs waits for its turn.
    this.#lines.on('line', (line) => {
      this.#queue = this.#queue.then(() => this.#take(line));
    });
    this.#ask();
    await closed;
    this.#isClosed = true;
    // What was typed or pasted before the end is answered; Ctrl-C ends the program from now on.
    await this.#queue;
    stdout.line();
    return {};
  }

  #ask(): void {
    if (this.#isOver || this.#isClosed) return;
    this.#lines.setPrompt(this.#typed.length > 0 ? MORE : READY);
    this.#lines.prompt();
  }

  #interrupt(): void {
    if (this.#running) {
      this.#running.abort();
      return;
    }
    const isEmpty = this.#typed.length === 0 && this.#lines.line === '';
    this.#typed = [];
    this.#lines.write(null, { ctrl: true, name: 'e' });
    this.#lines.write(null, { ctrl: true, name: 'u' });
    stdout.line();
    if (isEmpty) stderr.line(colors('stderr').dim('\\q or Ctrl-D ends.'));
    this.#ask();
  }

  async #take(line: string): Promise<void> {
    if (this.#isOver) return;
    const word = line.trim();
    if (this.#typed.length === 0 && (word === '' || /^(\\.*|quit|exit|help)$/i.test(word))) this.#meta(word);
    else {
      this.#typed.push(line);
      const text = this.#typed.join('\n');
      if (isFinished(text)) await this.#statement(text);
    }
    this.#ask();
  }

  #meta(word: string): void {
    const [, table] = /^\\d\s+(\S+?);?$/.exec(word) ?? [];
    const look = { color: colors('stdout'), width: stdout.columns };
    const found = this.#world.tables.find(({ name }) => name === table?.toLowerCase());
    if (word === '') return;
    if (/^(\\q|quit|exit)$/i.test(word)) this.#end();
    else if (word === '\\d') stdout.line(tablesText(this.#world.tables, look));
    else if (found) stdout.line(tableText(found, look));
    else if (/^(\\\?|\\h|help)$/i.test(word)) stdout.line(HELP.join('\n'));
    else
      stdout.line(
        table === undefined ? 'There is no such command; \\? lists them.' : 'There is no such table; \\d lists them.',
      );
  }

  #end(): void {
    this.#isOver = true;
    this.#lines.close();
  }

  async #statement(text: string): Promise<void> {
    const pieces = this.#typed.length;
    this.#typed = [];
    this.#remember(text, pieces);
    this.#running = new AbortController();
    try {
      await this.#world.history.add(text);
      await this.#world.run(text, this.#running.signal);
    } catch (error) {
      reportError(error, { schema: 'amp-sessions/sql/v1', json: false, command: 'sql' });
    } finally {
      this.#running = undefined;
    }
    await Promise.all([stdout.flush(), stderr.flush()]);
  }

  /** A statement of several lines comes back as one; a comment would swallow what follows it. */
  #remember(text: string, pieces: number): void {
    const { history } = this.#lines;
    if (pieces > 1 && history && !text.includes('--')) history.splice(0, pieces, text.replace(/\s*\n\s*/g, ' '));
  }
}

/** Talks with a person at a terminal until they end it. */
export const talkSql = (world: PromptWorld): Promise<Record<string, never>> => new Prompt(world).talk();
