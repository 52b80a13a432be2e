import type { AgentFailureCode } from './agent.ts';
import type { AgentResult } from './amp-stream.ts';
import { AGAIN, howItEnded, stoppedFailure, withLastWords } from './ended-failure.ts';
import type { Failure, ProcessEnd } from './play-agent.ts';

interface Row {
  /** What Amp prints, on stderr or as the error of its result. */
  says: RegExp;
  code: AgentFailureCode;
  /** One sentence; `$1` and so on are the groups of `says`. */
  message: string;
  hint: string;
}

const LOG_IN = 'Log in with `amp login`, or set AMP_API_KEY.';
const REPORT = 'This is a fault of amp-sessions or a change in Amp: please report it with `amp-sessions logs --raw`.';

/** Texts of the Amp builds of September 2026, checked against the real program; the first row that matches counts. */
const ROWS: Row[] = [
  {
    says: /No API key found|Starting login flow|Login failed|auth\/cli-login/i,
    code: 'agent.login',
    message: 'Amp is not logged in.',
    hint: LOG_IN,
  },
  {
    says: /Invalid or missing API key/i,
    code: 'agent.login',
    message: 'The Amp server does not accept the API key (HTTP 401).',
    hint: LOG_IN,
  },
  {
    says: /Access token expired/i,
    code: 'agent.login',
    message: "Amp's login has expired (HTTP 403).",
    hint: LOG_IN,
  },
  {
    says: /version of Amp is no longer supported|Run `?amp update|failed: 426/i,
    code: 'agent.outdated',
    message: 'The Amp server refuses this version of Amp as too old.',
    hint: 'Update it with `amp update`, then iterate again.',
  },
  {
    says: /failed: 402|out of credits|insufficient (?:credits|funds|balance)|payment required/i,
    code: 'agent.credits',
    message: 'Amp is out of credits.',
    hint: 'Look with `amp usage`, and add credits at https://ampcode.com/settings.',
  },
  {
    says: /failed: 429|too many requests|rate limit/i,
    code: 'agent.rejected',
    message: 'The Amp server turns requests away, because there were too many (HTTP 429).',
    hint: 'Wait a while, then iterate again.',
  },
  {
    says: /Couldn't connect to the Amp server at (\S+?)\.?(?=\s|$)/i,
    code: 'agent.offline',
    message: 'Amp cannot reach its server at $1.',
    hint: 'Check the network connection (and AMP_URL, HTTPS_PROXY), then iterate again.',
  },
  {
    says: /Cannot reach Amp servers|Are you offline\?/i,
    code: 'agent.offline',
    message: 'Amp cannot reach its server.',
    hint: 'Check the network connection (and AMP_URL, HTTPS_PROXY), then iterate again.',
  },
  {
    says: /Amp server returned an error/i,
    code: 'agent.offline',
    message: 'The Amp server has an error of its own (HTTP 5xx).',
    hint: 'Iterate again in a moment; https://ampcode.com may say more.',
  },
  {
    says: /Invalid thread URL or ID: (\S+)/i,
    code: 'agent.rejected',
    message: 'Amp knows no thread $1.',
    hint: 'Iterate in a new session: this one cannot be continued where it was.',
  },
  {
    says: /No previously used thread found/i,
    code: 'agent.rejected',
    message: 'Amp finds no thread to continue in this worktree.',
    hint: REPORT,
  },
  {
    says: /Invalid JSON in settings file,?\s*(\S*)/i,
    code: 'agent.rejected',
    message: "Amp's settings file is not valid JSON: $1",
    hint: 'Correct the file that the transcript names, then iterate again.',
  },
  {
    says: /Failed to read --mcp-config file: (.+)/i,
    code: 'agent.rejected',
    message: 'Amp cannot read its MCP configuration: $1',
    hint: 'Correct or remove it, then iterate again.',
  },
  {
    says: /unknown option '([^']*)'|Unknown command "([^"]*)"/i,
    code: 'agent.rejected',
    message: 'This version of Amp does not know $1$2.',
    hint: 'Update it with `amp update`; if it is new, please report it.',
  },
  {
    says: /--stream-json flag requires --execute/i,
    code: 'agent.rejected',
    message: 'Amp refused how it was started: --stream-json without --execute.',
    hint: REPORT,
  },
  {
    says: /Do not provide a message argument when using --stream-json-input/i,
    code: 'agent.rejected',
    message: 'Amp refused how it was started: a message beside --stream-json-input.',
    hint: REPORT,
  },
  {
    says: /User message must be provided/i,
    code: 'agent.rejected',
    message: 'Amp was given no prompt.',
    hint: 'Give one with `amp-sessions iterate --prompt …`.',
  },
];

const fill = (row: Row, match: RegExpExecArray): Failure => ({
  code: row.code,
  message: row.message.replace(/\$(\d)/g, (_, group) => match[Number(group)] ?? '').trim(),
  hint: row.hint,
});

/** What a text of Amp means, when it is one that we know. */
export const knownFailure = (text: string): Failure | undefined => {
  for (const row of ROWS) {
    const match = row.says.exec(text);
    if (match) return fill(row, match);
  }
  return undefined;
};

export const LOGIN_FAILURE: Failure = {
  code: 'agent.login',
  message: 'Amp is not logged in.',
  hint: LOG_IN,
};

/**
 * What went wrong, from all that is known after the end; null only for a success: a result that says so, no error in
 * it, and exit code 0.
 */
export const failureOf = (
  name: string,
  known: { end: ProcessEnd; result: AgentResult | null; stderr: string },
): Failure | null => {
  const { end, result, stderr } = known;
  const isSuccess = result !== null && !result.isError && end.exitCode === 0;
  if (end.stopped === 'timeout' || end.stopped === 'silent') return stoppedFailure(name, end.stopped) ?? null;
  if (isSuccess) return null;
  const text = result?.isError ? (result.text ?? '') : '';
  const recognised = knownFailure(text) ?? (result && !result.isError ? undefined : knownFailure(stderr));
  if (recognised) return recognised;
  if (end.stopped === 'user') return stoppedFailure(name, end.stopped) ?? null;
  if (result?.isError)
    return {
      code: 'agent.failed',
      message: withLastWords(`${name} gave up`, result.text ?? result.subtype),
      hint: AGAIN,
    };
  const without = result === null ? ' without a result' : '';
  return { code: 'agent.failed', message: withLastWords(`${name} ${howItEnded(end)}${without}`, stderr), hint: AGAIN };
};
