import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

type Usage = Record<string, unknown> | null;

/** One thing the stand-in does in a run. */
export type FakeAction =
  | { say: string; usage?: Usage; stop?: string | null }
  | { tool: { name: string; input?: object; result?: string; isError?: boolean; ms?: number }; usage?: Usage }
  /** A real command, in a session of its own. */
  | { shell: string; usage?: Usage }
  | { edit: { path: string; content?: string; append?: string; remove?: true }; usage?: Usage }
  | { commit: string }
  /** Bytes as they are. */
  | { raw: string }
  | { base64: string }
  | { drip: string }
  | { cut: { text: string; at: number; ms?: number } }
  | { repeat: { text: string; times: number } }
  | { stderr: { text: string; times?: number } }
  | { sleep: number }
  | { hang: true }
  | { result: object }
  | { error: string; more?: object }
  | { orphan: { command: string; holdsStdout?: boolean; scrubbed?: boolean } }
  | { closeOutput: true }
  | { exit: number }
  | { kill: NodeJS.Signals };

export interface FakeRun {
  /** Milliseconds before anything; default 20. */
  silenceMs?: number;
  /** Failing starts: plain text, the server's answer, a refusal, or nothing at all. */
  stdout?: string;
  stderr?: string;
  offline?: true;
  status?: number;
  refuse?: string;
  hangAtStart?: true;
  /** Does not read its stdin. */
  isDeaf?: true;
  mode?: string;
  threadId?: string;
  init?: false;
  echo?: false;
  actions?: FakeAction[];
  /** With --stream-json-input: the actions of each message. */
  turns?: FakeAction[][];
  /** Changes to the last line, or none of it. */
  result?: object | false;
  afterwards?: FakeAction[];
  exit?: number;
  /** What SIGINT and SIGTERM do during the run; default `cancel`. */
  signals?: 'cancel' | 'finish' | 'ignore' | 'die';
  cancelExit?: number;
}

export interface FakeAnswer {
  stdout?: string;
  stderr?: string;
  exit?: number;
  ms?: number;
}

export interface FakeScenario {
  version?: string;
  /** Starts the login flow whatever key there is. */
  forcesLogin?: true;
  /** The first run plays the first, and so on; the last one repeats. */
  runs: FakeRun[];
  /** Answers of `amp threads <verb> <id>`, in the same way. */
  threads?: Record<string, FakeAnswer[]>;
}

export interface FakeCall {
  kind: string;
  args: string[];
  input?: string;
  env?: Record<string, string>;
  cwd?: string;
}

export interface FakeAmp {
  /** Folder for PATH. */
  bin: string;
  /** The program itself. */
  program: string;
  /** What it was called with, in order. */
  calls(): FakeCall[];
}

/**
 * Puts a program named `amp` into a folder, to be found on PATH like the real one. Without a scenario it only refuses,
 * and asks the server at AMP_URL. POSIX.
 */
export const makeFakeAmp = (dir: string, scenario?: FakeScenario): FakeAmp => {
  const bin = path.join(dir, 'bin');
  mkdirSync(bin, { recursive: true });
  const program = path.join(bin, 'amp');
  const source = path.join(import.meta.dirname, 'amp.mjs');
  if (scenario) writeFileSync(path.join(dir, 'scenario.json'), JSON.stringify(scenario));
  const folder = scenario ? `process.env.FAKE_AMP_DIR = ${JSON.stringify(dir)};\n` : '';
  writeFileSync(program, `#!${process.execPath}\n${folder}import(${JSON.stringify(source)});\n`);
  chmodSync(program, 0o755);
  const log = path.join(dir, 'calls.ndjson');
  return {
    bin,
    program,
    calls: () =>
      existsSync(log)
        ? readFileSync(log, 'utf8')
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as FakeCall)
        : [],
  };
};
