import { SECRET_NAME } from './plausible.ts';

/**
 * Tells cheaply whether a text could hold anything that a rule finds, ours or secretlint's: false is proof, true is not.
 * Works on text as it is and on JSON as it is written: an escaped line break counts as space, quotes may be escaped.
 * Each pattern begins with a rare character and looks back from it, which is several times faster than looking for
 * the words themselves.
 */
const GAP = '(?:\\s|\\\\[fnrt])*';
const QUOTES = '["\'`\\\\]*';

/** Followed by `_`, `-` or `.` and at least sixteen characters. */
const PREFIXES = [
  'npm|gh[pousr]|github_pat|glpat|gsk|hf|ntn|glc|glsa|ops|vc[piark]|shp(?:pa|ca|at|ss)|dckr_pat|figd|lin_api|hv[sbr]',
  'sg(?:amp|p|d)|[sr]k_(?:live|test)|whsec|sk|sk-ant-api0\\d|pypi|GOCSPX|ya29',
].join('|');

const QUERY = '[?&](?:sig|signature|key|x-amz-signature|x-goog-signature|x-amz-security-token)';

const GATES: readonly RegExp[] = [
  new RegExp(`[_.-](?<=(?:${PREFIXES})[_.-])[A-Za-z0-9_+/=-]{16}`),
  /[-.](?<=(?:xox[a-z]|xapp)[-.])[A-Za-z0-9.-]{3}|\.(?<=SG\.)\w/,
  new RegExp(
    `[:=](?<=[deslnty]${QUOTES}${GAP}[:=])(?<=(?:authorization|${SECRET_NAME})${QUOTES}${GAP}[:=])` +
      `[>=]?${GAP}\\S{5}`,
    'i',
  ),
  /(?:bearer|basic)(?:[ \t]|\\t){1,4}[A-Za-z0-9._~+/-]{8}/i,
  /:\/\/[^\s/]{3,1100}@|x-oauth-basic@/,
  /-----BEGIN|eyJ[A-Za-z0-9_-]{8}|dapi[A-Fa-f0-9]{32}|A(?:KIA|SIA|BIA|CCA)[A-Z2-7]{16}|AIza[A-Za-z0-9_-]{35}|T3BlbkFJ|AGE-SECRET-KEY-/,
  new RegExp(`=(?<=(?:_auth|authToken|_password)(?:[ \\t]|\\\\t)*=|${QUERY}=)`, 'i'),
  /\.com\/(?<=(?:hooks\.slack|discord(?:app)?)\.com\/)/i,
];

export const mayHoldSecret = (text: string): boolean => GATES.some((gate) => gate.test(text));

const HIDDEN = /\\u(?:00(?:0[bB]|[2-7aA])|1680|20[0-5]|3000|[fF][eE]{2}[fF])|\\\//;

/**
 * JSON may write `/` as `\/`, and any ASCII character or odd space as `\u` and its number: such text is judged by what
 * it stands for.
 */
export const hidesCharacters = (text: string): boolean => HIDDEN.test(text);
