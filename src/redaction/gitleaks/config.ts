import { parse } from 'smol-toml';

/** What a rule's findings are spared by. Empty lists spare nothing. */
export interface Allowlist {
  /** All of what is named has to fit, not one of it. */
  all: boolean;
  regexes: string[];
  regexTarget: 'secret' | 'match' | 'line';
  stopwords: string[];
  paths: string[];
  /** Of a global list: the rules it is for; empty: all. */
  targetRules: string[];
}

/** A rule as the file has it. Source: gitleaks, README "Configuration". */
export interface RuleConfig {
  id: string;
  regex: string | null;
  path: string | null;
  secretGroup: number;
  entropy: number;
  keywords: string[];
  allowlists: Allowlist[];
}

export interface GitleaksConfig {
  rules: RuleConfig[];
  allowlists: Allowlist[];
  extend: { useDefault: boolean; path: string | null; url: string | null; disabledRules: string[] };
  /** What was not understood, each a sentence without its end that names the rule. */
  problems: string[];
}

const MAX_BYTES = 1 << 20;
const MAX_RULES = 1_000;

type Table = Record<string, unknown>;

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const tables = (value: unknown): Table[] =>
  Array.isArray(value) ? value.filter(isTable) : isTable(value) ? [value] : [];
const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
const number = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);

const allowlist = (table: Table): Allowlist => ({
  all: /^(?:and|&&)$/i.test(text(table['condition']) ?? ''),
  regexes: texts(table['regexes']),
  regexTarget: (['match', 'line'] as const).find((target) => target === table['regexTarget']) ?? 'secret',
  stopwords: texts(table['stopwords']).map((word) => word.toLowerCase()),
  paths: texts(table['paths']),
  targetRules: texts(table['targetRules']),
});

/** `[allowlist]` is the older way to write one. */
const allowlistsOf = (table: Table): Allowlist[] =>
  [...tables(table['allowlist']), ...tables(table['allowlists'])].map(allowlist);

const ruleOf = (table: Table, at: number): RuleConfig => ({
  id: text(table['id']) ?? `number ${at + 1}`,
  regex: text(table['regex']),
  path: text(table['path']),
  secretGroup: number(table['secretGroup']),
  entropy: number(table['entropy']),
  keywords: texts(table['keywords']).map((word) => word.toLowerCase()),
  allowlists: allowlistsOf(table),
});

/** A rule that names others it has to stand beside is applied without them: that takes out more, never less. */
const isComplete = ({ regex, path }: RuleConfig): boolean => regex !== null || path !== null;

/** @throws Error when the text is no TOML, or too much of it */
export const parseGitleaks = (toml: string): GitleaksConfig => {
  if (toml.length > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES >> 20} MiB`);
  const top = parse(toml, { maxDepth: 64 }) as Table;
  const extend = isTable(top['extend']) ? top['extend'] : {};
  const all = tables(top['rules']).map(ruleOf);
  const problems: string[] = [];
  if (all.length > MAX_RULES) problems.push(`of its ${all.length} rules only the first ${MAX_RULES} are read`);
  const rules = all.slice(0, MAX_RULES).filter((rule) => {
    if (!isComplete(rule)) problems.push(`rule ${JSON.stringify(rule.id)} has neither regex nor path`);
    return isComplete(rule);
  });
  return {
    rules,
    allowlists: allowlistsOf(top),
    extend: {
      useDefault: extend['useDefault'] === true,
      path: text(extend['path']),
      url: text(extend['url']),
      disabledRules: texts(extend['disabledRules']),
    },
    problems,
  };
};
