import { type ConfigEntry, readPlainConfig } from './config-file.ts';

/** What git and editors note of a branch while somebody works: `git push -u`, `git switch -c`, an editor's merge base. */
const NOTES = new Set(
  'merge rebase description vscode-merge-base gh-merge-base github-pr-owner-number github-pr-base-branch'.split(' '),
);

const remotesOf = (entries: ConfigEntry[]): Set<string> =>
  new Set(entries.flatMap(({ section, subsection }) => (section === 'remote' && subsection ? [subsection] : [])));

const keyOf = ({ section, subsection, name, value }: ConfigEntry): string =>
  JSON.stringify([section, subsection, name, value]);

/**
 * Whether two versions of a configuration file differ in nothing but what is noted of branches. Their remote may only
 * be one that both versions have: anything else would send a push elsewhere. What is not plainly so is not quiet.
 */
export const isQuietChange = (before: string | undefined, after: string | undefined): boolean => {
  const [old, now] = [before, after].map((text) => (text === undefined ? undefined : readPlainConfig(text)));
  if (!old || !now) return false;
  const [oldKeys, nowKeys] = [new Set(old.map(keyOf)), new Set(now.map(keyOf))];
  const oldRemotes = remotesOf(old);
  const remotes = new Set([...remotesOf(now)].filter((name) => oldRemotes.has(name)));
  const isQuiet = ({ section, subsection, name, value }: ConfigEntry): boolean =>
    section === 'branch' &&
    subsection !== null &&
    (NOTES.has(name) || (/^(push)?remote$/.test(name) && (value === '.' || remotes.has(value))));
  const changed = [...old.filter((entry) => !nowKeys.has(keyOf(entry))), ...now.filter((e) => !oldKeys.has(keyOf(e)))];
  const rest = (entries: ConfigEntry[]): string =>
    entries
      .filter((entry) => !isQuiet(entry))
      .map(keyOf)
      .join('\n');
  // The order of the rest counts: of several values the last one holds.
  return changed.every(isQuiet) && rest(old) === rest(now);
};
