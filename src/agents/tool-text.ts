import { asArray, asObject, asString, type Json, parseJson } from './json.ts';

const SUMMARY_CHARACTERS = 120;
/** Of a call that are looked at; what is a secret in it must still be whole when it is looked for. */
const SEEN_CHARACTERS = 8_000;
/** Which field of a tool's input says best what it is about; the first that is there. */
const TELLING = ['command', 'cmd', 'path', 'file_path', 'pattern', 'query', 'url', 'description', 'prompt'];

const oneLine = (text: string): string => text.slice(0, SEEN_CHARACTERS).replace(/\s+/g, ' ').trim();

/** Such a line as it goes on record. */
export const shortSummary = (flat: string): string => {
  const characters = [...flat.slice(0, (SUMMARY_CHARACTERS + 1) * 2)];
  return characters.length > SUMMARY_CHARACTERS ? `${characters.slice(0, SUMMARY_CHARACTERS - 1).join('')}…` : flat;
};

/** The files that a patch in the form of `apply_patch` names. */
const patchedFiles = (patch: string): string =>
  [...patch.matchAll(/^\*\*\* (?:Add|Update|Delete) File: (.+)$/gm)].map((match) => match[1]).join(', ');

/** What a tool was called with, as one line, not shortened yet. */
export const toolSummary = (input: Json | undefined): string => {
  const patch = asString(input?.['patchText']) ?? asString(input?.['input']);
  if (patch !== undefined && patchedFiles(patch) !== '') return oneLine(patchedFiles(patch));
  for (const field of TELLING) {
    const text = asString(input?.[field]);
    if (text !== undefined && text.trim() !== '') return oneLine(text);
  }
  return '';
};

/** A tool's answer as text; some versions send a list of text blocks. */
const resultText = (content: unknown): string =>
  asString(content) ??
  asArray(content)
    .flatMap((block) => asString(asObject(block)?.['text']) ?? [])
    .join('');

/** Exit code of a shell command, which Amp serialises into the answer: `{"output":…,"exitCode":1}`. */
export const shellExitCode = (tool: string | null, content: unknown): number | null => {
  if (tool !== null && !/shell|bash/i.test(tool)) return null;
  const text = resultText(content);
  if (!text.startsWith('{') || !text.includes('"exitCode"')) return null;
  const code = asObject(parseJson(text))?.['exitCode'];
  return Number.isSafeInteger(code) ? (code as number) : null;
};

/** The beginning of a text, to the end of a word where there is one: half a secret is not known as one any more. */
export const cutAtWord = (text: string, most: number): string => {
  if (text.length <= most) return text;
  const cut = text.slice(0, most).replace(/[\uD800-\uDBFF]$/, '');
  const end = cut.search(/\s\S*$/);
  return end > 0 ? cut.slice(0, end) : cut;
};
