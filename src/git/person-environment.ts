import { gitEnvironment } from './environment.ts';

/** What git alone is told; a program that talks to the person wants to know nothing of it. */
const OF_GIT = [
  'GIT_TERMINAL_PROMPT',
  'GIT_OPTIONAL_LOCKS',
  'GIT_LITERAL_PATHSPECS',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_GRAFT_FILE',
];

/**
 * The environment of a pager or a diff tool: the user's own, language and all, without what speaks to git and without
 * folders of the repository on PATH.
 */
export const personEnvironment = (roots: string[]): Record<string, string> => {
  const env = gitEnvironment({ roots, pager: true });
  for (const name of [...OF_GIT, 'LC_ALL']) delete env[name];
  for (const name of ['LC_ALL', 'LANGUAGE']) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
};
