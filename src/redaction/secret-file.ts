import { basename } from 'node:path';
import { type Entries, parseDotenv } from './dotenv.ts';

/** How deep and how many: a store is a file that a person keeps, and what is larger is none. */
const MAX_DEPTH = 32;
const MAX_ENTRIES = 10_000;

const collect = (value: unknown, name: string, found: Entries, depth = 0): Entries => {
  if (depth > MAX_DEPTH || found.length >= MAX_ENTRIES) return found;
  if (typeof value === 'string' || typeof value === 'number') found.push([name, String(value)]);
  else if (typeof value === 'object' && value !== null)
    for (const [key, child] of Object.entries(value))
      collect(child, Array.isArray(value) ? name : key, found, depth + 1);
  return found;
};

const NETRC_PAIR = /^(?:machine|login|password|account)$/;

/** `machine x login y password z`, in one line or in many. In pairs: a login may be called `account`. */
const parseNetrc = (text: string): Entries => {
  const words = text.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  const found: Entries = [];
  for (let at = 0; at + 1 < words.length; at++) {
    const name = words[at]!;
    if (!NETRC_PAIR.test(name)) continue;
    const value = words[++at]!;
    const inner = /^"(.*)"$/s.exec(value)?.[1]?.replace(/\\(.)/gs, '$1');
    if (name === 'password' || name === 'account') found.push([name, inner ?? value]);
  }
  return found;
};

/** Not every reader knows comments behind a value: without quotes it counts with what looks like one, and without it. */
const iniValues = (value: string): string[] => {
  const inner = /^(["'])(.*?)\1[ \t]*(?:[#;].*)?$/.exec(value)?.[2];
  return inner === undefined ? [...new Set([value, value.replace(/[ \t][#;].*$/, '').trim()])] : [inner];
};

/** `name = value` or `name: value` under `[sections]`; `//host/:_authToken=value` of npm is the same. */
const parseIni = (text: string): Entries =>
  text.split(/\r?\n|\r/).flatMap((line): Entries => {
    const at = line.search(/=|:(?=[ \t])/);
    const name = line.slice(0, Math.max(at, 0)).trim();
    if (name === '' || /^[#;[]/.test(name)) return [];
    return iniValues(line.slice(at + 1).trim()).map((value) => [name.replace(/^.*:/, ''), value]);
  });

const parseToml = async (text: string): Promise<Entries> => {
  const { parse } = await import('smol-toml');
  return collect(parse(text, { maxDepth: 64 }), '', []);
};

const parseYaml = async (text: string): Promise<Entries> => {
  const { parseAllDocuments } = await import('yaml');
  const documents = parseAllDocuments(text, { logLevel: 'silent', uniqueKeys: false, schema: 'failsafe' });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => collect(document.toJS({ maxAliasCount: 100 }), '', []));
};

type Parse = (text: string) => Entries | Promise<Entries>;

const FORMATS: readonly [RegExp, Parse][] = [
  [/\.json[5c]?$|^\.docker\/config$/, (text) => collect(JSON.parse(text), '', [])],
  [/\.ya?ml$/, parseYaml],
  [/^[._]?netrc$|\.netrc$|^\.authinfo$/, parseNetrc],
  [/\.toml$/, parseToml],
  [/^\.?npmrc$|\.npmrc$|\.(?:ini|cfg|conf|properties)$|^credentials$|^config$|^\.pypirc$|^\.s3cfg$/, parseIni],
];

/**
 * Names and values of a file that holds secrets: JSON, YAML, TOML, netrc, npmrc and INI by its name, else `.env`.
 * @throws Error when it cannot be read as what its name says
 */
export const parseSecretFile = async (path: string, text: string): Promise<Entries> => {
  const name = basename(path).toLowerCase();
  const [, parse] = FORMATS.find(([pattern]) => pattern.test(name)) ?? [/^/, parseDotenv];
  return parse(text.replace(/^\ufeff/, ''));
};

/** `.env` and `.env.<anything>`, but not what is made to be looked at. */
export const isDotenv = (name: string): boolean =>
  /^\.env(?:\..+)?$/.test(name) && !/\.(?:example|sample|template|dist|defaults|schema|md)$/i.test(name);
