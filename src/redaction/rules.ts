import type { Finding } from './placeholder.ts';
import { hasRandomRun, isPasswordInUrl, isSecretValue, kindOfKey, SECRET_NAME } from './plausible.ts';
import { findPrivateKeys } from './private-keys.ts';

/** Our own short list, beside secretlint's: shapes it misses, and names that say what stands beside them. */
export interface Rule {
  name: string;
  find(text: string): Finding[];
  /** For tests: what `find` looks for, without judging what it finds. */
  pattern?: RegExp;
}

type Groups = Record<string, string | undefined>;

/** The group `secret`, or the whole match where there is none. Patterns take linear time: no ambiguous repetition. */
const shape = (
  name: string,
  pattern: RegExp,
  accept: (secret: string, groups: Groups) => boolean = () => true,
): Rule => ({
  name,
  pattern,
  find: (text) => {
    const findings: Finding[] = [];
    for (const match of text.matchAll(pattern)) {
      const [start, end] = match.indices!.groups?.['secret'] ?? match.indices![0]!;
      if (accept(text.slice(start, end), match.groups ?? {})) findings.push({ start, end, rule: name });
    }
    return findings;
  },
});

const isBasicCredential = (secret: string): boolean =>
  /^[\x20-\x7e]+:[\x20-\x7e]+$/.test(Buffer.from(secret, 'base64').toString('latin1'));

const keyed = (name: string, quote: string, value: string): Rule =>
  shape(
    name,
    new RegExp(
      `(?<key>${SECRET_NAME})["'\`\\\\]{0,8}[ \\t]{0,8}(?::=|=>|[:=])[ \\t]{0,8}\\\\{0,8}${quote}(?<secret>${value})`,
      'gid',
    ),
    (secret, { key }) => isSecretValue(kindOfKey(key!)!, secret, quote !== ''),
  );

export const RULES: readonly Rule[] = [
  shape('amp-token', /(?<![A-Za-z0-9])sg(?:amp|p|d)_[A-Za-z0-9_-]{16,}/dg),
  shape('login-url', /authToken=(?<secret>[^\s&"'`<>#\\$]{8,})/dg),
  shape('npmrc', /_(?:authToken|auth|password)[ \t]{0,4}=[ \t]{0,4}"?(?<secret>[^\s"'$\\{}]{8,})/dg),
  { name: 'private-key', find: findPrivateKeys },
  shape('jwt', /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){0,3}/dg),
  shape('bearer', /bearer[ \t]{1,4}(?<secret>[A-Za-z0-9._~+/-]{16,}={0,2})/dgi, (secret) =>
    /\d|[a-z][A-Z]/.test(secret),
  ),
  shape('basic-auth', /basic[ \t]{1,4}(?<secret>[A-Za-z0-9+/]{8,}={0,2})/dgi, isBasicCredential),
  shape(
    'authorization',
    /authorization["'`\\]{0,8}[ \t]{0,4}[:=][ \t]{0,4}\\{0,8}["'`]?(?:token[ \t]{1,4})?(?<secret>[A-Za-z0-9._~+/-]{20,}={0,2})/dgi,
    (secret) => /\d/.test(secret),
  ),
  shape(
    'url-password',
    /:\/\/[^\s:@/"'`<>\\]{0,256}:(?<secret>[^\s/"'`<>\\]{3,256})@(?!sha256:)/dg,
    (secret) => secret !== 'x-oauth-basic' && isPasswordInUrl(secret),
  ),
  shape('url-token', /:\/\/(?<secret>[A-Za-z0-9_-]{20,256})(?::x-oauth-basic)?@/dg, hasRandomRun),
  shape(
    'url-signature',
    /[?&](?:sig|signature|key|x-amz-signature|x-goog-signature|x-amz-security-token)=(?<secret>[A-Za-z0-9%+/_=-]{20,})/dgi,
    (secret) => hasRandomRun(secret.replaceAll(/%[0-9A-F]{2}/gi, '')),
  ),
  shape(
    'aws-key-id',
    /(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Z0-9])/dg,
    (id) => !id.endsWith('EXAMPLE'),
  ),
  shape('google', /(?<![A-Za-z0-9])(?:AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{20,}|ya29\.[A-Za-z0-9_-]{20,})/dg),
  shape('stripe', /(?<![A-Za-z0-9])(?:[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/]{24,}={0,2})/dg),
  shape('slack', /(?<![A-Za-z0-9])(?:xox[a-z](?:\.xox[a-z])?|xapp)-[A-Za-z0-9-]{10,}/dg, (token) => /\d/.test(token)),
  shape('slack-webhook', /hooks\.slack\.com\/(?:services|workflows|triggers)\/(?<secret>[A-Za-z0-9_/-]{16,})/dgi),
  shape(
    'discord-webhook',
    /discord(?:app)?\.com\/api\/(?:v\d{1,3}\/)?webhooks\/(?<secret>\d{5,25}\/[A-Za-z0-9_-]{20,})/dgi,
  ),
  shape('github', /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9_]{36,}|github_pat_[A-Za-z0-9_]{22,})/dg),
  shape('npm', /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36,}/dg),
  shape('model-key', /(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{20,}/dg, hasRandomRun),
  shape('pypi', /(?<![A-Za-z0-9])pypi-AgE[A-Za-z0-9_-]{50,}/dg),
  shape('age', /AGE-SECRET-KEY-1[A-Z0-9]{58}/dg),
  keyed('keyed', '"', '[^"\\\\\\s]{6,4096}'),
  keyed('keyed', "'", "[^'\\\\\\s]{6,4096}"),
  keyed('keyed', '`', '[^`\\\\\\s]{6,4096}'),
  keyed('keyed', '', '[^\\s"\'`\\\\,;&]{6,4096}'),
];

export const findByRules = (text: string): Finding[] => RULES.flatMap((rule) => rule.find(text));
