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

/** `machine x login y password z`, in one line or in many. */
const parseNetrc = (text: string): Entries =>
  [...text.matchAll(/\b(password|account)\s+("(?:[^"\\]|\\.)*"|\S+)/g)].map(([, name, value]) => [
    name!,
    value!.replace(/^"(.*)"$/s, '$1').replaceAll('\\"', '"'),
  ]);

/** `name = value` under `[sections]`; `//host/:_authToken=value` of npm is the same. */
const parseIni = (text: string): Entries =>
  text.split(/\r?\n/).flatMap((line): Entries => {
    const [, name, value] = /^[ \t]*([^#;=[\]\s][^=]*?)[ \t]*=[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    return name === undefined ? [] : [[name.replace(/^.*:/, ''), value!.replace(/^(["'])(.*)\1$/, '$2')]];
  });

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
  [/^\.?npmrc$|\.npmrc$|\.(?:ini|cfg|conf|properties|toml)$|^credentials$|^config$|^\.pypirc$|^\.s3cfg$/, parseIni],
];

/**
 * Names and values of a file that holds secrets: JSON, YAML, netrc, npmrc and INI by its name, else `.env`.
 * @throws Error when it cannot be read as what its name says
 */
export const parseSecretFile = async (path: string, text: string): Promise<Entries> => {
  const name = basename(path).toLowerCase();
  const [, parse] = FORMATS.find(([pattern]) => pattern.test(name)) ?? [/^/, parseDotenv];
  return parse(text);
};

/** `.env` and `.env.<anything>`, but not what is made to be looked at. */
export const isDotenv = (name: string): boolean =>
  /^\.env(?:\..+)?$/.test(name) && !/\.(?:example|sample|template|dist|defaults|schema|md)$/i.test(name);
