/** The ways in which a value turns up in text: each is looked for literally. */

const jsonEscaped = (text: string): string => JSON.stringify(text).slice(1, -1);

/** As producers write JSON that must be plain ASCII. */
const asciiEscaped = (text: string): string =>
  jsonEscaped(text).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

const lowerEscapes = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());

const urlEncoded = (text: string): string[] => {
  try {
    const usual = encodeURIComponent(text);
    const strict = usual.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
    const forms = [usual, strict, strict.replaceAll('%20', '+'), encodeURI(text)];
    return [...forms, ...forms.map(lowerEscapes)];
  } catch {
    return [];
  }
};

/**
 * Base64 of the value alone, and of the value standing somewhere inside a longer text (`user:password`): only the
 * characters that its bytes decide alone, at each of the three ways they can fall.
 */
const base64 = (text: string): string[] => {
  const bytes = Buffer.from(text);
  const inside = [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    return whole.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
  const forms = [bytes.toString('base64'), ...inside];
  return [...forms, ...forms.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];
};

const MIN_LENGTH = 8;

/** JSON in JSON in JSON: a tool's result inside an agent's line inside a log. */
const NESTING = 4;

const nested = (text: string): string[] => {
  const forms = [text];
  while (forms.length < NESTING) forms.push(jsonEscaped(forms.at(-1)!));
  return forms;
};

/** Raw, JSON-escaped (also more than once), URL-encoded and base64 spellings of a value, each once. */
export const spellings = (value: string): string[] => {
  const all = [...nested(value), ...nested(asciiEscaped(value)), ...urlEncoded(value), ...base64(value)];
  return [...new Set(all)].filter((form) => form.length >= MIN_LENGTH);
};
