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

const WORDS = new Set(
  'true false enabled disabled required optional production development staging localhost password passphrase default undefined'.split(
    ' ',
  ),
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

/** Values of variables whose name says that they are secret. */
export const environmentSecrets = (env: Environment): string[] => {
  const found = new Set<string>();
  for (const [name, raw] of Object.entries(env)) {
    const value = raw?.trim() ?? '';
    if (value.length < MIN_LENGTH || value.length > MAX_LENGTH || !looksSecret(name) || isPlain(name, value)) continue;
    found.add(value);
    const lines = value.split(/\r?\n/).map((line) => line.trim());
    if (lines.length > 1)
      for (const line of lines) if (line.length >= MIN_LINE && !line.startsWith('-----')) found.add(line);
  }
  return [...found];
};
