import type { Allowlist } from './config.ts';
import { compilePattern, type Pattern } from './pattern.ts';

/** What is known of a finding. */
export interface Candidate {
  secret: string;
  match: string;
  line: string;
  /** Undefined where the text is no file: then a list of paths spares nothing. */
  path: string | undefined;
}

export type Allow = (found: Candidate) => boolean;

/** Expressions that cannot be read spare nothing, and are told. */
const compileAll = (sources: string[], tell: (problem: string) => void): Pattern[] =>
  sources.flatMap((source) => {
    try {
      return [compilePattern(source)];
    } catch (error) {
      tell((error as Error).message);
      return [];
    }
  });

/** @param tell hears why a part of the list cannot be used */
export const compileAllowlist = (list: Allowlist, tell: (problem: string) => void): Allow => {
  const regexes = compileAll(list.regexes, tell);
  const paths = compileAll(list.paths, tell);
  const checks: Allow[] = [];
  if (list.regexes.length > 0) checks.push((found) => regexes.some((regex) => regex.test(found[list.regexTarget])));
  if (list.stopwords.length > 0)
    checks.push(({ secret }) => {
      const low = secret.toLowerCase();
      return list.stopwords.some((word) => low.includes(word));
    });
  if (list.paths.length > 0)
    checks.push(({ path }) => path !== undefined && paths.some((pattern) => pattern.test(path)));
  if (checks.length === 0) return () => false;
  return (found) => (list.all ? checks.every((check) => check(found)) : checks.some((check) => check(found)));
};
