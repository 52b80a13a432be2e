import type { Finding } from '../placeholder.ts';
import { entropy, isIdentifier } from '../plausible.ts';
import { type Allow, compileAllowlist } from './allow.ts';
import type { GitleaksConfig, RuleConfig } from './config.ts';
import { compilePattern, matchAll, type Pattern } from './pattern.ts';
import { RuleTimes } from './rule-times.ts';

/** The rules that a team keeps in `.gitleaks.toml`, ready to be applied. */
export interface TeamRules {
  /** False is proof that `find` would find nothing. */
  mayHold(text: string): boolean;
  /** @param path of the file that the text is of, relative to the repository */
  find(text: string, path?: string): Finding[];
}

interface TeamRule {
  name: string;
  config: RuleConfig;
  regex: Pattern | null;
  path: Pattern | null;
  allows: Allow[];
}

/** A text is looked through in windows, so that a rule that takes too long is noticed; they overlap by the length of a long key. */
const WINDOW = 16 * 1024;
const OVERLAP = 4 * 1024;

/** As a placeholder can hold it. */
const nameOf = (id: string): string =>
  `gitleaks-${id.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`.slice(0, 40).replace(/-+$/, '');

const compileRule = (config: RuleConfig, shared: Allow[], tell: (problem: string) => void): TeamRule | undefined => {
  const named = `rule ${JSON.stringify(config.id)}`;
  try {
    return {
      name: nameOf(config.id),
      config,
      regex: config.regex === null ? null : compilePattern(config.regex),
      path: config.path === null ? null : compilePattern(config.path),
      allows: [
        ...config.allowlists.map((list) => compileAllowlist(list, (why) => tell(`an allowlist of ${named}: ${why}`))),
        ...shared,
      ],
    };
  } catch (error) {
    tell(`${named} is not applied: ${(error as Error).message}`);
    return undefined;
  }
};

const lineAround = (text: string, start: number, end: number): string => {
  const behind = text.indexOf('\n', end);
  return text.slice(text.lastIndexOf('\n', start - 1) + 1, behind === -1 ? text.length : behind);
};

const inWindow = (rule: TeamRule, text: string, from: number, path: string | undefined): Finding[] => {
  const findings: Finding[] = [];
  const part = text.slice(from, from + WINDOW);
  for (const found of matchAll(rule.regex!, part, rule.config.secretGroup)) {
    const secret = part.slice(found.secretStart, found.secretEnd);
    if (secret.trim() === '' || isIdentifier(secret)) continue;
    if (rule.config.entropy > 0 && entropy(secret) <= rule.config.entropy) continue;
    const line = lineAround(part, found.start, found.end);
    if (rule.allows.some((allow) => allow({ secret, match: found.match, line, path }))) continue;
    findings.push({ start: from + found.secretStart, end: from + found.secretEnd, rule: rule.name });
  }
  return findings;
};

/** Windows overlap, so what stands at an edge is found in two of them, perhaps cut in one: the parts become one later. */
const inText = (rule: TeamRule, text: string, path: string | undefined, times: RuleTimes): Finding[] => {
  const findings: Finding[] = [];
  for (let from = 0; from < text.length; from += WINDOW - OVERLAP) {
    if (times.isRetired(rule.config.id)) break;
    times.during(rule.config.id, Math.min(WINDOW, text.length - from), () => {
      findings.push(...inWindow(rule, text, from, path));
    });
    if (from + WINDOW >= text.length) break;
  }
  return findings;
};

/** A rule with a path is for files; of a text that is no file it is applied all the same: that takes out more. */
const concerns = (rule: TeamRule, path: string | undefined): boolean =>
  rule.regex !== null && (rule.path === null || path === undefined || rule.path.test(path));

export interface CompileOptions {
  /** Hears once of each thing that is not applied as it is written. */
  tell(problem: string): void;
  /** Milliseconds that never go backwards. */
  elapsed(): number;
}

export const compileGitleaks = (config: GitleaksConfig, { tell, elapsed }: CompileOptions): TeamRules => {
  const times = new RuleTimes(elapsed, tell);
  const shared = config.allowlists.map((list) => ({
    list,
    allow: compileAllowlist(list, (why) => tell(`its allowlist: ${why}`)),
  }));
  const rules = config.rules
    .filter(({ id }) => !config.extend.disabledRules.includes(id))
    .flatMap((rule) => {
      if (times.isCompilingTooLong()) {
        tell(`rule ${JSON.stringify(rule.id)} is not applied: the rules before it took too long to read`);
        return [];
      }
      const own = shared.filter(({ list }) => list.targetRules.length === 0 || list.targetRules.includes(rule.id));
      return (
        times.compiling(() =>
          compileRule(
            rule,
            own.map(({ allow }) => allow),
            tell,
          ),
        ) ?? []
      );
    });
  const isWanted = ({ config: { keywords, id } }: TeamRule, low: string): boolean =>
    !times.isRetired(id) && (keywords.length === 0 || keywords.some((word) => low.includes(word)));
  return {
    mayHold: (text) => {
      const low = text.toLowerCase();
      return rules.some((rule) => rule.regex !== null && isWanted(rule, low));
    },
    find: (text, path) => {
      const low = text.toLowerCase();
      const found = rules.filter((rule) => concerns(rule, path) && isWanted(rule, low));
      return found.flatMap((rule) => inText(rule, text, path, times));
    },
  };
};
