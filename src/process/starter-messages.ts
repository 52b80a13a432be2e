/** One program that `starter-main.ts` is to start: what `startInGroup` takes, without what contains. */
export interface StartWish {
  command: string;
  args: string[];
  cwd: string;
  /** The whole environment. */
  env: Record<string, string>;
  stdin?: Buffer | string;
}

/** From us to the starter; `id` names the program in all that is said about it. */
export type ToStarter = { id: number; start: StartWish } | { id: number; signal: NodeJS.Signals };

/** From the starter to us. For each program: `pid` or `error`; then bytes, null at the end of a stream, and `end`. */
export type FromStarter =
  | { id: number; pid: number }
  | { id: number; error: { message: string; code: string | undefined } }
  | { id: number; stream: 'stdout' | 'stderr'; bytes: Uint8Array | null }
  | { id: number; end: { exitCode: number | null; signal: string | null } };
