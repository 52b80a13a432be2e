import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../errors.ts';
import { run } from '../process/run.ts';
import { type ConfigEntry, readPlainConfig } from './config-file.ts';
import { findGit, gitEnvironment } from './environment.ts';
import { readTextIfAny } from './files.ts';
import { FIXED_SETTINGS, neutralise, type Overrides, type ScopedEntry } from './neutral.ts';
import { splitNul } from './paths.ts';
import type { Repository, Worktree } from './repository.ts';
import { settingsAsEnvironment } from './settings.ts';

/** Where git looks for the settings of one checkout. */
export interface ConfigPlace {
  commonDir: string;
  gitDir: string;
  /** Folders whose content the repository decides. */
  roots: string[];
}

/** The configuration of a checkout; without one, of the checkout that the user stands in. */
export const placeOf = (repo: Repository, worktree: Worktree | null = repo.here): ConfigPlace => ({
  commonDir: repo.commonDir,
  gitDir: worktree?.gitDir ?? repo.commonDir,
  roots: [repo.root, repo.commonDir, ...(worktree ? [worktree.path] : [])],
});

/** Keys of a repository's own configuration that start nothing, `section.name`; `*` is any name. */
const HARMLESS = new Set(
  `core.repositoryformatversion core.filemode core.bare core.logallrefupdates core.ignorecase core.precomposeunicode
  core.symlinks core.worktree core.autocrlf core.eol core.safecrlf core.sparsecheckout core.sparsecheckoutcone
  core.quotepath core.longpaths core.protectntfs core.protecthfs core.compression core.bigfilethreshold core.abbrev
  core.sharedrepository core.hidedotfiles core.fscache core.untrackedcache core.preloadindex core.commitgraph
  core.whitespace core.excludesfile core.attributesfile core.hookspath core.fsmonitor core.pager core.editor
  remote.url remote.pushurl remote.fetch remote.push remote.tagopt remote.prune remote.promisor
  remote.partialclonefilter remote.mirror remote.skipdefaultupdate remote.pushdefault remote.gh-resolved
  branch.* extensions.* user.name user.email user.signingkey user.useconfigonly author.* committer.* pull.* init.*
  rebase.* rerere.* push.default push.autosetupremote push.followtags fetch.prune fetch.prunetags fetch.parallel
  index.* feature.* pack.* status.* color.* log.date log.decorate commit.gpgsign tag.gpgsign gpg.format
  merge.ff merge.conflictstyle merge.renames merge.log diff.renames diff.algorithm diff.colormoved diff.noprefix
  diff.mnemonicprefix submodule.url submodule.active submodule.branch submodule.recurse lfs.repositoryformatversion
  lfs.url lfs.locksverify lfs.access gc.auto gc.autodetach gc.pruneexpire maintenance.auto maintenance.strategy
  advice.*`.split(/\s+/),
);

const isHarmless = (entry: ConfigEntry): boolean =>
  HARMLESS.has(`${entry.section}.${entry.name}`) || HARMLESS.has(`${entry.section}.*`);

const NOTHING: Overrides = { settings: [], env: {} };

const stamp = (path: string): string => {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stat ? `${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}` : '';
};

/** Changes whenever the user's own configuration file is another. */
const userStamp = (): string => {
  const home = process.env['HOME'] ?? homedir();
  const named = process.env['GIT_CONFIG_GLOBAL'];
  const files = named
    ? [named]
    : [join(home, '.gitconfig'), join(process.env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'git/config')];
  return files.map(stamp).join(' ');
};

const repositoryTexts = (place: ConfigPlace): string[] =>
  [join(place.commonDir, 'config'), join(place.gitDir, 'config.worktree')].map((path) => readTextIfAny(path) ?? '');

interface Known {
  texts: string[];
  user: string;
  entries: ScopedEntry[];
}

const known = new Map<string, Known>();

const parseEntries = (bytes: Buffer): ScopedEntry[] => {
  const pieces = splitNul(bytes);
  const entries: ScopedEntry[] = [];
  for (let at = 0; at + 1 < pieces.length; at += 2) {
    const [key, ...value] = pieces[at + 1]!.toString('utf8').split('\n');
    const first = key!.indexOf('.');
    const last = key!.lastIndexOf('.');
    entries.push({
      scope: pieces[at]!.toString('utf8'),
      section: key!.slice(0, first),
      subsection: first === last ? undefined : key!.slice(first + 1, last),
      name: key!.slice(last + 1),
      key: key!,
      value: value.join('\n'),
    });
  }
  return entries;
};

/**
 * Every setting in effect, with where it comes from, as git itself reads it. Asked once a process, and again when a
 * file changed; every time when the repository's configuration includes other files, as those cannot be watched.
 * @throws AppError git.failed when the configuration cannot be read
 */
export const readConfig = async (place: ConfigPlace): Promise<ScopedEntry[]> => {
  const texts = repositoryTexts(place);
  const user = userStamp();
  const last = known.get(place.gitDir);
  if (last && last.user === user && last.texts.every((text, at) => text === texts[at])) return last.entries;
  const env = { ...gitEnvironment({ roots: place.roots }), ...settingsAsEnvironment(FIXED_SETTINGS) };
  const answer = await run({
    command: findGit(env['PATH']!),
    args: ['config', '--list', '-z', '--show-scope', '--includes'],
    cwd: place.gitDir,
    env: {
      ...env,
      GIT_DIR: place.gitDir,
      ...(place.gitDir !== place.commonDir && { GIT_COMMON_DIR: place.commonDir }),
    },
    timeoutMs: 60_000,
  });
  if (answer.exitCode !== 0) {
    throw new AppError(
      'git.failed',
      `git cannot read the configuration in ${place.commonDir}: ${answer.stderr}`.trim(),
      {
        hint: 'Run `git config --list` there and mend the line that it names.',
      },
    );
  }
  const entries = parseEntries(answer.stdout).filter((entry) => entry.scope !== 'command');
  if (texts.some((text) => /include/i.test(text))) known.delete(place.gitDir);
  else known.set(place.gitDir, { texts, user, entries });
  return entries;
};

/** The texts that were found harmless, so that they are not read word by word at every start of git. */
const harmless = new Set<string>();

const isPlain = (text: string): boolean => {
  if (text === '' || harmless.has(text)) return true;
  if (readPlainConfig(text)?.every(isHarmless) !== true) return false;
  if (harmless.size > 100) harmless.clear();
  harmless.add(text);
  return true;
};

const neutralised = new WeakMap<ScopedEntry[], Overrides>();

const neutraliseOnce = (entries: ScopedEntry[]): Overrides => {
  const overrides = neutralised.get(entries) ?? neutralise(entries);
  neutralised.set(entries, overrides);
  return overrides;
};

/** What the repository's own configuration makes necessary; starts git only when a setting is not plainly harmless. */
export const overridesFor = async (place: ConfigPlace): Promise<Overrides> =>
  repositoryTexts(place).every(isPlain) ? NOTHING : neutraliseOnce(await readConfig(place));
