import { type LogName, logId } from '../events/envelope.ts';
import { readSignatures } from '../git/sign-commit.ts';
import type { Problem } from '../store/verify/problem.ts';
import type { LaneVerdict } from '../store/verify/verify-log.ts';
import type { Context } from './context.ts';

/** Who signed the record that closes a session. */
export interface ClosingSignature {
  session: string;
  writer: string;
  /** The flush that was signed, and the event in it that closes the session. */
  commit: string;
  seq: number;
  event: string;
  /** `unknown`: by a key that nothing here vouches for, or that cannot be checked here. */
  status: 'good' | 'unknown' | 'bad' | 'unsigned';
  signer: string | null;
  key: string | null;
}

export interface Closings {
  log: LogName;
  lanes: LaneVerdict[];
}

/** Looks at the signatures of all closing flushes with one process of git; a bad one is damage. */
export const checkSignatures = async (
  ctx: Context,
  logs: Closings[],
): Promise<{ signatures: ClosingSignature[]; problems: Map<LogName, Problem[]> }> => {
  const closings = logs.flatMap(({ log, lanes }) =>
    lanes.flatMap(({ writer, closing }) => closing.map((one) => ({ ...one, log, writer }))),
  );
  const ids = [...new Set(closings.map(({ commit }) => commit))];
  const found = new Map((await readSignatures(ctx.repo, ids)).map((one) => [one.commit, one]));
  const signatures: ClosingSignature[] = [];
  const problems = new Map<LogName, Problem[]>();
  for (const { log, writer, commit, seq, type } of closings) {
    const { status, signer, key } = found.get(commit)!;
    signatures.push({ session: logId(log), writer, commit, seq, event: type, status, signer, key });
    if (status !== 'bad') continue;
    const detail = `the signature of ${commit.slice(0, 12)}, which closes the session, is bad`;
    const problem = { kind: 'signature' as const, log, writer, seq, where: commit, byte: null, detail, isDamage: true };
    problems.set(log, [...(problems.get(log) ?? []), problem]);
  }
  return { signatures, problems };
};
