/** Judges whether a value that stands where secrets stand is one, or a name, a type, a placeholder. */

const HASH = /^(?:[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|T-[0-9a-f-]{36})$/i;
const INTEGRITY = /^(?:sha(?:1|256|384|512)[-:]|h1:)/;

/** Object ids, UUIDs, thread ids and sums: never a secret by shape. */
export const isIdentifier = (value: string): boolean => HASH.test(value) || INTEGRITY.test(value);

const PLACEHOLDER =
  /^[<$%{[(*]|\$\{|\{\{|^(?:x+|\.+|-+|_+|0+|your[-_ ].*|(?:my|some)[-_ ]?(?:password|secret|token|key|api[-_]?key)\d{0,3}|test[-_]?(?:password|token|secret|key)|change[-_]?me|dummy.*|fake.*|example.*|placeholder.*|redacted.*|password\d?|passwd|secret|token|api[-_]?key|string|number|boolean|null|none|undefined|true|false|required|optional|process\.env.*|os\.environ.*|import\.meta.*)$|\.\.\.|…|example/i;
const CODE =
  /[(){}[\]<>|]|=>|::|^[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)+$|^(?:this|self|config|options|env|args|props|req|ctx)\b/;
const NAME = /^[A-Za-z]+(?:[-_/.:][A-Za-z]+)*[-_.:]?\d{0,3}$/;

const isPlaceholder = (value: string): boolean => PLACEHOLDER.test(value);

const digits = (value: string): number => value.replace(/\D/g, '').length;

/** Bits a character: 0 for one letter again and again, about 4 for random hex. */
export const entropy = (value: string): number => {
  const counts = new Map<string, number>();
  for (const char of value) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits;
};

export type KeyKind = 'password' | 'secret' | 'token';

const isPassword = (value: string, quoted: boolean): boolean => {
  if (/\s/.test(value) || value.length < 6) return false;
  const mixed = /\d/.test(value) && /[A-Za-z]/.test(value);
  if (!quoted) return mixed && !/[,;:]$/.test(value);
  return (
    mixed || /[^A-Za-z0-9_.-]/.test(value) || (/[a-z][A-Z]/.test(value) && value.length >= 8) || value.length >= 12
  );
};

const isRandom = (value: string, length: number): boolean =>
  value.length >= length &&
  /^[\w./+=~:%-]+$/.test(value) &&
  !NAME.test(value) &&
  !/^(?:[~.]{0,2}\/|https?:)/.test(value) &&
  digits(value) >= 2 &&
  /[A-Za-z]/.test(value) &&
  entropy(value.slice(0, 256)) >= 2.8;

/** @param quoted whether it stood in quotes, as text does and names in code do not */
export const isSecretValue = (kind: KeyKind, value: string, quoted: boolean): boolean => {
  if (isPlaceholder(value) || (!quoted && CODE.test(value))) return false;
  if (kind === 'password') return isPassword(value, quoted);
  return !isIdentifier(value) && isRandom(value, kind === 'secret' ? 8 : 16);
};

/** A run of letters and digits long enough that no one has thought it up. */
export const hasRandomRun = (value: string): boolean =>
  (value.match(/[A-Za-z0-9]{12,}/g) ?? []).some((run) => digits(run) >= 2 && /[A-Za-z]/.test(run));

export const isPasswordInUrl = (value: string): boolean => !isPlaceholder(value) && !/^\$/.test(value);

const WORDS = 'pass(?:word|wd|phrase|code)?|pwd|secret(?:[_-]?(?:access[_-]?)?key)?|token|credentials?';
const KEYS = '(?:api|access|auth|private|signing|encryption|master|account|storage)[_-]?key';

/** Source of a pattern for the end of a name that says "what follows is secret". */
export const SECRET_NAME = `(?:${WORDS}|${KEYS})`;

const ENDS_SECRET = new RegExp(`${SECRET_NAME}$`, 'i');

export const kindOfKey = (key: string): KeyKind | undefined => {
  const name = ENDS_SECRET.exec(key)?.[0].toLowerCase();
  if (name === undefined) return undefined;
  if (/^(?:pass|pwd)/.test(name)) return 'password';
  return name === 'secret' ? 'secret' : 'token';
};
