import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ConfigFlags, loadConfig } from '../../src/config/load.ts';
import { homeDirs } from '../../src/config/paths.ts';
import type { AppError } from '../../src/errors.ts';
import { tempDir } from '../support/repo.ts';

/** A user and a repository folder of their own. */
export const scene = () => {
  const home = homeDirs({ HOME: tempDir() }, 'linux');
  const root = tempDir();
  const repository = (text: string | Buffer): void => writeFileSync(join(root, '.amp-sessions.yaml'), text);
  const user = (text: string | Buffer): void => {
    mkdirSync(home.config, { recursive: true });
    writeFileSync(join(home.config, 'config.yaml'), text);
  };
  const load = (more: { env?: Record<string, string>; flags?: ConfigFlags; root?: string | null } = {}) =>
    loadConfig({ root, env: {}, home, ...more });
  return { home, root, repository, user, load, repositoryPath: join(root, '.amp-sessions.yaml') };
};

/** The error that a promise or a call ends with. */
export const errorOf = async (work: () => unknown): Promise<AppError> => {
  try {
    await work();
  } catch (error) {
    return error as AppError;
  }
  throw new Error('nothing was thrown');
};
