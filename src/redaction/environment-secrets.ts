import { hasRandomRun } from './plausible.ts';

export type Environment = Record<string, string | undefined>;

const MIN_LENGTH = 8;
const MAX_LENGTH = 1 << 16;
/** Lines of a longer value (a key in PEM) are looked for one by one: agents print line by line. */
const MIN_LINE = 20;

/** Whole words of a name; `APIKEY` and `PGPASSWORD` count by their end. */
const SECRET_WORD =
  /^(?:[A-Z0-9]*(?:API|ACCESS|AUTH|SECRET|PRIVATE|SIGNING|ENCRYPTION|MASTER|LICENSE)?KEYS?|[A-Z0-9]*(?:TOKENS?|SECRETS?|PASSWORDS?|PASSWD|PASSPHRASE|PASSCODE|CREDENTIALS?|CREDS|PWD)|(?:[A-Z]{0,5})PASS|O?AUTH[0-9]?|PAT|JWT|BEARER|COOKIE|DSN)$/;
const NOT_SECRET_WORD = /^(?:MONKEY|TURKEY|DONKEY|HOTKEYS?|KEYS|BYPASS|COMPASS|TOKENS)$/;
const NOT_SECRET_NAME = /^(?:AMP_SESSIONS_.*|PWD|OLDPWD)$/;
/** Words after which a value is a secret even if it is all digits, or looks like a word. */
const PASSWORD_WORD = /(?:PASS|PASSWORD|PASSWD|PASSPHRASE|PASSCODE|PWD)$/;
const STRONG_WORD = /(?:PASS|PASSWORD|PASSWD|PASSPHRASE|PASSCODE|PWD|SECRET|TOKEN)$/;

const ROOTS =
  'Applications|Library|Users|Volumes|app|bin|data|dev|etc|home|lib|mnt|media|nix|opt|private|proc|root|run|snap|srv|sys|tmp|usr|var|workspace|workspaces';
const PATH = new RegExp(`^(?:(?:~|\\.{1,2})[\\\\/]|[A-Za-z]:[\\\\/]|/(?:${ROOTS})(?:/|$)|/[^/+=]*/[^/+=]*/[^+=]*$)`);

/** Values that stand in examples and on every machine; looked for everywhere, they would only do harm. */
const WORDS = new Set(
  [
    'true false enabled disabled required optional production development staging localhost password passphrase',
    'default undefined postgres postgresql administrator changeme change-me username rabbitmq minioadmin mariadb',
    'localhost:3000 127.0.0.1 example.com sessions database',
  ]
    .join(' ')
    .split(' '),
);
const WORD_LIST = /^[A-Za-z]+(?:[-_. ,:][A-Za-z]+)*(?:[-_.]?\d{1,3})?$/;

const words = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase()
    .split(/[^A-Z0-9]+/)
    .filter(Boolean);

/** Our own variables tell an agent its session and worktree, which logs must be able to say. */
const looksSecret = (name: string): boolean =>
  !NOT_SECRET_NAME.test(name) && words(name).some((word) => SECRET_WORD.test(word) && !NOT_SECRET_WORD.test(word));

/** An address without a password or a long random part in it. */
const isPlainUrl = (value: string): boolean =>
  /^[a-z][a-z0-9+.-]*:\/\//i.test(value) &&
  !/[^\s/]@|[?#]|[A-Za-z0-9_-]{16}/.test(value.slice(value.indexOf('://') + 3));

const isPlain = (name: string, value: string): boolean => {
  if (WORDS.has(value.toLowerCase()) || PATH.test(value) || isPlainUrl(value)) return true;
  const names = words(name);
  if (/^[\d.,:]+$/.test(value)) return !names.some((word) => PASSWORD_WORD.test(word));
  return WORD_LIST.test(value) && !names.some((word) => STRONG_WORD.test(word));
};

/** Where a value stands: a file that was made for secrets says more than a variable among many. */
export type SecretPlaceKind = 'env' | 'dotenv' | 'store';

/** Settings that a `.env` file holds beside its secrets: addresses, times, versions, flags, people. */
const SETTING =
  /^(?:[\w.+-]+@[\w.-]+|[\w-]+(?:\.[\w-]+)*:\d{1,5}|v?\d+(?:\.\d+)+[\w.-]*|\d{4}-\d\d-\d\d.*|-.*|[\w*-]+(?:\.[\w-]+)+)$/;

/** The password of an address is a secret on its own: it turns up in other addresses, and alone. */
const IN_URL = /^[a-z][a-z0-9+.-]*:\/\/[^\s:@/]*:([^\s@/]{8,})@/i;

const isSecret = (name: string, value: string, from: SecretPlaceKind): boolean => {
  if (looksSecret(name)) return !isPlain(name, value);
  if (from === 'env' || NOT_SECRET_NAME.test(name)) return false;
  if (IN_URL.test(value)) return true;
  if (from === 'store') return !SETTING.test(value) && !isPlain('', value);
  return !SETTING.test(value) && !isPlainUrl(value) && !PATH.test(value) && hasRandomRun(value);
};

const passwordOf = (value: string): string | undefined => {
  const found = IN_URL.exec(value)?.[1];
  if (found === undefined || WORDS.has(found.toLowerCase())) return undefined;
  try {
    return decodeURIComponent(found);
  } catch {
    return found;
  }
};

/**
 * Values that are secret by their name or, in files made for secrets, by what they look like: at least 8 characters,
 * and neither a common word, a path, a number, a plain address nor a setting.
 */
export const secretsAmong = (entries: Iterable<readonly [string, string | undefined]>, from: SecretPlaceKind) => {
  const found = new Set<string>();
  for (const [name, raw] of entries) {
    const value = raw?.trim() ?? '';
    if (value.length < MIN_LENGTH || value.length > MAX_LENGTH || !isSecret(name, value, from)) continue;
    found.add(value);
    const password = passwordOf(value);
    if (password !== undefined && password.length >= MIN_LENGTH) found.add(password);
    const lines = value.split(/\r?\n/).map((line) => line.trim());
    if (lines.length > 1)
      for (const line of lines) if (line.length >= MIN_LINE && !line.startsWith('-----')) found.add(line);
  }
  return [...found];
};

/** Values of variables whose name says that they are secret. */
export const environmentSecrets = (env: Environment): string[] => secretsAmong(Object.entries(env), 'env');
