/** Which files run on somebody's machine, or steer what does, without being called by the program under test. */

interface Kind {
  why: string;
  /** Names of files, wherever they lie; a star stands for any letters but a slash. */
  names?: string[];
  /** Folders, wherever they lie: everything below them counts. */
  folders?: string[];
}

const KINDS: Kind[] = [
  {
    why: 'git hook',
    names: ['lefthook.*', '.lefthook.*', 'lefthook-local.*', '.pre-commit-config.*', '.pre-commit-hooks.*'],
    folders: ['.husky', '.githooks', '.git-hooks', '.hooks', '.lefthook'],
  },
  {
    why: 'git hook',
    names: ['.huskyrc*', '.lintstagedrc*', 'lint-staged.config.*', '.overcommit.yml', '.simple-git-hooks.*'],
  },
  {
    why: 'continuous integration',
    names: ['.gitlab-ci.yml', '.travis.yml', 'jenkinsfile*', 'azure-pipelines*', 'bitbucket-pipelines.yml'],
    folders: ['.github/workflows', '.github/actions', '.gitlab', '.circleci', '.buildkite', '.teamcity', '.woodpecker'],
  },
  {
    why: 'continuous integration',
    names: ['appveyor.yml', '.appveyor.yml', '.drone.yml', '.cirrus.yml', '.woodpecker.*', 'action.yml', 'action.yaml'],
    folders: ['.forgejo', '.gitea'],
  },
  {
    why: 'settings of a package manager',
    names: ['.npmrc', '.yarnrc', '.yarnrc.yml', '.pnpmfile.*', 'bunfig.toml', 'pip.conf', '.pypirc'],
    folders: ['.yarn', '.cargo', '.bundle', '.mvn', 'gradle/wrapper'],
  },
  { why: 'runs when it is installed or built', names: ['setup.py', 'build.rs', 'binding.gyp', 'conftest.py'] },
  {
    why: 'build steps',
    names: ['makefile', 'gnumakefile', '*.mk', 'justfile', '.justfile', 'taskfile.*', 'rakefile'],
  },
  {
    why: 'container',
    names: ['dockerfile*', '*.dockerfile', 'containerfile*', 'docker-compose*', 'compose.yml', 'compose.yaml'],
    folders: ['.devcontainer'],
  },
  {
    why: 'runs when the folder is opened or entered',
    names: ['.envrc', '.env', '.mise.toml', 'mise.toml', '.tool-versions', '.exrc', '.nvimrc', '.dir-locals.el'],
    folders: ['.vscode', '.idea'],
  },
  {
    why: 'settings or instructions of an agent',
    names: ['agents.md', 'agent.md', 'claude.md', 'claude.local.md', 'gemini.md', '.mcp.json', '.cursorrules', '.amp*'],
    folders: ['.amp*', '.claude', '.cursor', '.codex', '.opencode', '.gemini', '.windsurf'],
  },
  {
    why: 'settings or instructions of an agent',
    names: ['opencode.json', 'opencode.jsonc', '.aider*', '.windsurfrules', 'copilot-instructions.md'],
  },
  { why: 'says how git treats files', names: ['.gitattributes', '.gitmodules', '.gitconfig', '.worktreeinclude'] },
];

const OURS = { why: 'settings of amp-sessions', names: ['.amp-sessions.yaml', '.amp-sessions.yml'] };

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Case counts for nothing: on many disks it makes no difference. */
const patternOf = ({ names = [], folders = [] }: Kind): RegExp => {
  const glob = (text: string): string => text.split('*').map(literal).join('[^/]*');
  const files = names.map((name) => `${glob(name)}$`);
  const below = folders.map((folder) => `${glob(folder)}/`);
  return new RegExp(`(?:^|/)(?:${[...files, ...below].join('|')})`, 'is');
};

const PATTERNS = [OURS, ...KINDS].map((kind) => ({ why: kind.why, pattern: patternOf(kind) }));

/** Why a file of that name may run something; undefined for any other. `package.json` is asked about its content. */
export const whyItRuns = (path: string): string | undefined => PATTERNS.find(({ pattern }) => pattern.test(path))?.why;

export const isPackageFile = (path: string): boolean => /(?:^|\/)package\.json$/i.test(path);

/** Members of `package.json` under which commands stand. */
const MEMBERS = ['scripts', 'bin', 'gypfile', 'husky', 'lint-staged', 'simple-git-hooks', 'pre-commit', 'pre-push'];

const parse = (text: string | undefined): Record<string, unknown> | undefined => {
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

const membersOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

/**
 * Which commands of a `package.json` are new or other ones, such as `scripts.postinstall`; a command that went does
 * not run.
 * @param before undefined: there was no such file
 */
export const changedCommands = (before: string | undefined, after: string): string[] => {
  const [old, now] = [parse(before) ?? {}, parse(after)];
  if (!now) return ['not readable as JSON'];
  return MEMBERS.flatMap((member) => {
    if (JSON.stringify(old[member]) === JSON.stringify(now[member]) || now[member] === undefined) return [];
    const [was, is] = [membersOf(old[member]), membersOf(now[member])];
    const names = Object.keys(is).filter((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name]));
    const isPlain = Object.keys(is).length === 0;
    return isPlain ? [member] : names.map((name) => `${member}.${name}`);
  });
};
