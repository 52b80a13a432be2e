import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';

export type Environment = Record<string, string | undefined>;

/** The program's own folders, absolute; each ends in the program's name and none need exist yet. */
export interface HomeDirs {
  /** `config.yaml` of the user. */
  config: string;
  /** What must be kept: `trust.json`, `redaction.key`. */
  data: string;
  /** What may be deleted at any time. */
  cache: string;
  /** What is kept between runs and matters to this machine only. */
  state: string;
}

const NAME = 'amp-sessions';

const windowsDirs = (env: Environment): HomeDirs => {
  const home = env['USERPROFILE'] || homedir();
  const roaming = env['APPDATA'] || win32.join(home, 'AppData', 'Roaming');
  const local = env['LOCALAPPDATA'] || win32.join(home, 'AppData', 'Local');
  return {
    config: win32.join(roaming, NAME),
    data: win32.join(local, NAME, 'data'),
    cache: win32.join(local, NAME, 'cache'),
    state: win32.join(local, NAME, 'state'),
  };
};

/**
 * XDG Base Directory Specification on Linux and macOS (a relative path in a variable is ignored, as it demands),
 * `%APPDATA%` and `%LOCALAPPDATA%` on Windows. A missing HOME is taken from the operating system.
 */
export const homeDirs = (env: Environment, platform: NodeJS.Platform = process.platform): HomeDirs => {
  if (platform === 'win32') return windowsDirs(env);
  const home = env['HOME'] || homedir();
  const dir = (variable: string, ...fallback: string[]): string => {
    const base = env[variable];
    return posix.join(base && posix.isAbsolute(base) ? base : posix.join(home, ...fallback), NAME);
  };
  return {
    config: dir('XDG_CONFIG_HOME', '.config'),
    data: dir('XDG_DATA_HOME', '.local', 'share'),
    cache: dir('XDG_CACHE_HOME', '.cache'),
    state: dir('XDG_STATE_HOME', '.local', 'state'),
  };
};
