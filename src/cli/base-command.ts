import path from 'node:path';
import { Command } from '@oclif/core/command';
import type { Config } from '@oclif/core/config';
import type { ChalkInstance } from 'chalk';
import { colors } from './color.ts';
import { globalFlags } from './flags.ts';
import { type Interrupt, listenForInterrupt } from './interrupt.ts';
import { jsonText, stderr, stdout } from './print.ts';
import { createProgress, type Progress } from './progress.ts';
import { reportError } from './report-error.ts';
import { sanitizeLine } from './sanitize.ts';

/** `config:get` answers with `amp-sessions/config-get/v1`. */
export const schemaOf = (id: string | undefined): string => `amp-sessions/${(id ?? 'error').replaceAll(':', '-')}/v1`;

interface Globals {
  directory: string;
  quiet: boolean;
}

/**
 * What all commands share. A command parses, makes one call and prints: what `run()` returns is what `--json` prints,
 * as exactly one document, with its `schema` in front.
 */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = globalFlags;

  #globals: Globals = { directory: process.cwd(), quiet: false };
  #interrupt: Interrupt | undefined;
  #progress: Progress | undefined;
  #jsonOfCaller: boolean | undefined;

  /** Where the user stands, or what `-C` names. Absolute. */
  protected get directory(): string {
    return this.#globals.directory;
  }

  /** A path the user gave, as seen from where the user stands. */
  protected resolve(given: string): string {
    return path.resolve(this.directory, given);
  }

  /** `-q`: ids only. */
  protected get quiet(): boolean {
    return this.#globals.quiet;
  }

  protected get json(): boolean {
    return this.jsonEnabled();
  }

  /** chalk for what goes to stdout. */
  protected get color(): ChalkInstance {
    return colors('stdout');
  }

  /** Steps on a terminal, plain lines elsewhere, nothing with `--json` or `-q`. */
  protected get progress(): Progress {
    this.#progress ??= createProgress({ silent: this.json || this.quiet });
    return this.#progress;
  }

  /** Ctrl-C, from the moment it is first asked for. */
  protected get interrupt(): Interrupt {
    this.#interrupt ??= listenForInterrupt();
    return this.#interrupt;
  }

  /**
   * A line of the answer, for a person. Silent with `--json`, where the answer is what `run()` returns; text that costs
   * something to make comes as a function.
   */
  protected print(text: string | (() => string) = ''): void {
    if (!this.json) stdout.line(typeof text === 'string' ? text : text());
  }

  /** Text that somebody else wrote, inert and on one line. */
  protected plain(text: string): string {
    return sanitizeLine(text);
  }

  /**
   * Goes on as another command, with its output, and gives its answer. What it throws is this command's error.
   * @param id such as `config:get`
   */
  protected async hand(id: string, argv: string[]): Promise<Record<string, unknown>> {
    const Other = (await this.config.findCommand(id, { must: true }).load()) as unknown as new (
      argv: string[],
      config: Config,
    ) => BaseCommand;
    const other = new Other(this.quiet ? [...argv, '-q'] : argv, this.config);
    other.#jsonOfCaller = this.json;
    try {
      return (await other.run()) as Record<string, unknown>;
    } finally {
      other.#interrupt?.release();
    }
  }

  /** A line beside the answer, on stderr. Silent with `--json` and `-q`. */
  protected talk(text: string): void {
    if (!this.json && !this.quiet) stderr.line(text);
  }

  /** Something the user should know although all went well, on stderr. Silent with `-q` only. */
  protected caution(text: string): void {
    if (!this.quiet) stderr.line(`${colors('stderr').yellow('!')} ${text}`);
  }

  protected override parse: Command['parse'] = async (options, argv) => {
    const output = await super.parse(options, argv);
    const flags = output.flags as { directory?: string; quiet?: boolean };
    this.#globals = { directory: path.resolve(flags.directory ?? '.'), quiet: flags.quiet ?? false };
    return output as never;
  };

  override jsonEnabled(): boolean {
    if (this.#jsonOfCaller !== undefined) return this.#jsonOfCaller;
    const end = this.argv.indexOf('--');
    return (end < 0 ? this.argv : this.argv.slice(0, end)).includes('--json');
  }

  override logJson(document: unknown): void {
    stdout.line(jsonText(document));
  }

  protected override toSuccessJson(answer: unknown): unknown {
    return { schema: schemaOf(this.id), ...(answer as Record<string, unknown>) };
  }

  protected override async catch(error: unknown): Promise<void> {
    // A command that stopped at its arguments has not forgotten to parse them, which oclif would warn of.
    this.parsed = true;
    process.exitCode = reportError(error, { schema: schemaOf(this.id), json: this.json, command: this.id });
  }

  protected override async finally(_error: unknown): Promise<void> {
    this.#interrupt?.release();
  }
}
