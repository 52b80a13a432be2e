import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { AppError } from '../errors.ts';
import type { Environment } from './agent-env.ts';
import { LOGIN_FAILURE } from './amp-failures.ts';
import { asObject, parseJson } from './json.ts';

const DEFAULT_URL = 'https://ampcode.com/';

/** Where `amp login` keeps its keys, as `{"apiKey@https://ampcode.com/": "sgamp_…"}`. */
const secretFiles = (env: Environment): string[] => {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? homedir();
  const data = env['XDG_DATA_HOME'] || path.join(home, '.local', 'share');
  const roaming = env['APPDATA'];
  return [data, ...(roaming ? [roaming] : [])].map((dir) => path.join(dir, 'amp', 'secrets.json'));
};

const withoutSlash = (url: string): string => url.replace(/\/+$/, '');

const hasKeyFor = (url: string, file: string): boolean => {
  try {
    const secrets = asObject(parseJson(readFileSync(file, 'utf8'))) ?? {};
    return Object.entries(secrets).some(
      ([name, key]) =>
        name.startsWith('apiKey@') &&
        withoutSlash(name.slice(7)) === withoutSlash(url) &&
        typeof key === 'string' &&
        key !== '',
    );
  } catch {
    return false;
  }
};

/** Whether Amp has a key for its server, from the environment or from an earlier `amp login`. */
export const hasAmpLogin = (env: Environment): boolean =>
  !!env['AMP_API_KEY']?.trim() || secretFiles(env).some((file) => hasKeyFor(env['AMP_URL'] || DEFAULT_URL, file));

/**
 * Without a key Amp does not fail: it starts a login for a person and waits 301 seconds.
 * @throws AppError `agent.login`
 */
export const requireAmpLogin = (env: Environment): void => {
  if (hasAmpLogin(env)) return;
  const { code, message, hint } = LOGIN_FAILURE;
  throw new AppError(code, message, { hint });
};
