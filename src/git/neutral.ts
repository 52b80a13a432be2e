import { AppError } from '../errors.ts';

/** A setting as `git config --list --show-scope` has it. */
export interface ScopedEntry {
  scope: string;
  section: string;
  /** As written; undefined when the key has none. */
  subsection: string | undefined;
  name: string;
  key: string;
  value: string;
}

export interface Overrides {
  /** In order; later ones win, and a list goes on. */
  settings: [key: string, value: string][];
  env: Record<string, string>;
}

/** Settings that no repository decides, whatever it says: they start programs or change what we parse. */
export const FIXED_SETTINGS: [string, string][] = [
  ['core.fsmonitor', 'false'],
  ['core.pager', 'cat'],
  ['core.editor', ':'],
  ['core.askPass', ''],
  ['core.safecrlf', 'false'],
  ['sequence.editor', ':'],
  ['commit.gpgSign', 'false'],
  ['tag.gpgSign', 'false'],
  ['push.gpgSign', 'false'],
  ['log.showSignature', 'false'],
  ['log.mailmap', 'false'],
  ['i18n.commitEncoding', 'UTF-8'],
  ['i18n.logOutputEncoding', 'UTF-8'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['submodule.recurse', 'false'],
  ['fetch.recurseSubmodules', 'false'],
  ['push.recurseSubmodules', 'no'],
  ['user.useConfigOnly', 'true'],
  ['color.ui', 'false'],
  ['advice.addEmbeddedRepo', 'false'],
  ['advice.graftFileDeprecated', 'false'],
  ['protocol.allow', 'never'],
  ['protocol.https.allow', 'always'],
  ['protocol.http.allow', 'always'],
  ['protocol.ssh.allow', 'always'],
  ['protocol.file.allow', 'always'],
  ['protocol.ext.allow', 'never'],
];

interface Rule {
  section: RegExp;
  subsection?: RegExp;
  name: RegExp;
  neutral: string;
}

const rule = (section: string, name: string, neutral: string, subsection?: RegExp): Rule => ({
  section: new RegExp(`^(?:${section})$`),
  name: new RegExp(`^(?:${name})$`),
  neutral,
  ...(subsection && { subsection }),
});

/** Instead of a driver of the repository's: a merge of text as without one; where that fails, a conflict. */
const TEXT_MERGE = 'git merge-file -q --marker-size=%L -L ours -L base -L theirs %A %O %B || exit 1';

/** What names a program, and what it means when only the repository named one. */
const RULES: Rule[] = [
  rule('filter', 'clean|smudge|process', ''),
  rule('filter', 'required', 'false'),
  rule('diff', 'external|command|textconv', ''),
  rule('diff', 'cachetextconv', 'false'),
  rule('merge', 'driver', TEXT_MERGE),
  rule('gpg', 'program', 'gpgsm', /^x509$/),
  rule('gpg', 'program', 'ssh-keygen', /^ssh$/),
  rule('gpg', 'program', 'gpg'),
  rule('gpg', 'defaultkeycommand', ''),
  rule('core', 'sshcommand', 'ssh'),
  rule('core', 'alternaterefscommand', 'true'),
  rule('interactive', 'difffilter', 'cat'),
  rule('pager', '.*', 'false'),
  rule('remote', 'uploadpack', 'git-upload-pack'),
  rule('remote', 'receivepack', 'git-receive-pack'),
  rule('remote', 'vcs', ''),
  rule('uploadpack', 'packobjectshook', ''),
  rule('gc', 'recentobjectshook', ''),
  rule('trailer', 'command|cmd', 'true'),
  rule('submodule', 'update', 'none'),
  rule('protocol', 'allow', 'never', /^(?!(?:https|http|ssh|file)$)/),
  rule('lfs', 'standalonetransferagent', ''),
  rule('lfs', 'path|args', '', /^customtransfer\./i),
  rule('lfs', 'clean|smudge', '', /^extension\./i),
  rule('http', 'savecookies', 'false'),
  rule('hook', 'command', 'true'),
  rule('hook', 'enabled', 'false'),
];

export const isOfRepository = (entry: { scope: string }): boolean =>
  entry.scope === 'local' || entry.scope === 'worktree';

const ruleFor = (entry: ScopedEntry): Rule | undefined =>
  RULES.find(
    (candidate) =>
      candidate.section.test(entry.section) &&
      candidate.name.test(entry.name) &&
      (candidate.subsection?.test(entry.subsection ?? '') ?? true),
  );

/** Helpers are a list: an empty one forgets those before it, then the user's own follow again. */
const credentialSettings = (entries: ScopedEntry[]): [string, string][] => {
  const helpers = entries.filter((entry) => entry.section === 'credential' && entry.name === 'helper');
  if (!helpers.some(isOfRepository)) return [];
  const own = helpers
    .filter((entry) => !isOfRepository(entry))
    .map((entry): [string, string] => [entry.key, entry.value]);
  return [['credential.helper', ''], ...own];
};

/** Hooks by configuration (git 2.54): those that the repository names are switched off. */
const hookSettings = (entries: ScopedEntry[]): [string, string][] =>
  entries
    .filter((entry) => entry.section === 'hook' && entry.subsection !== undefined && isOfRepository(entry))
    .map((entry) => [`hook.${entry.subsection}.enabled`, 'false']);

/** A driver whose name is not UTF-8 cannot be named in an environment variable, hence not be switched off. */
const unnameable = (entry: ScopedEntry): AppError =>
  new AppError(
    'repository.unsafe',
    `The repository's configuration has a ${entry.section} section whose name is no text.`,
    {
      hint: 'Remove that section from .git/config.',
    },
  );

/** Two names of one setting; git takes whichever comes last. */
const ALIASES: Record<string, string> = { 'gpg.openpgp.program': 'gpg.program' };

const meaning = (key: string): string => ALIASES[key] ?? key;

/** What the user or the system says for a key. */
const ownValue = (entries: ScopedEntry[], key: string): string | undefined =>
  entries.findLast((other) => meaning(other.key) === meaning(key) && !isOfRepository(other))?.value;

/** With a `process` git ignores `clean` and `smudge`, even with an empty one: the user's filter would be off. */
const assertFilterStays = (entries: ScopedEntry[], entry: ScopedEntry): void => {
  if (entry.section !== 'filter' || entry.name !== 'process' || ownValue(entries, entry.key) !== undefined) return;
  const prefix = entry.key.slice(0, -'process'.length);
  if (ownValue(entries, `${prefix}clean`) === undefined && ownValue(entries, `${prefix}smudge`) === undefined) return;
  throw new AppError(
    'repository.unsafe',
    `The repository's configuration takes over your filter ${entry.subsection}.`,
    {
      hint: `Remove ${entry.key} from .git/config.`,
    },
  );
};

/**
 * What must be said on top so that nothing the repository's own configuration names is started. Where the user or the
 * system names a program under the same key, that one counts (Git LFS, gpg), else a neutral one.
 */
export const neutralise = (entries: ScopedEntry[]): Overrides => {
  const settings = new Map<string, string>();
  const env: Record<string, string> = {};
  for (const entry of entries) {
    const found = isOfRepository(entry) ? ruleFor(entry) : undefined;
    if (!found) continue;
    if (entry.key.includes('\ufffd')) throw unnameable(entry);
    assertFilterStays(entries, entry);
    settings.set(entry.key, ownValue(entries, entry.key) ?? found.neutral);
    // Of several values git takes the first, which is the repository's: an object must not be fetched that way at all.
    if (entry.section === 'remote') env['GIT_NO_LAZY_FETCH'] = '1';
  }
  return { settings: [...settings, ...credentialSettings(entries), ...hookSettings(entries)], env };
};
