import { AppError } from '../errors.ts';
import { type ConfigEntry, lastValue } from './config-file.ts';
import type { Repository } from './repository.ts';
import { gitVersion } from './version.ts';

export type Format = Pick<Repository, 'objectFormat' | 'refFormat'> & { version: string; unknown: string[] };

/** Extensions under which a repository is read as one without them; those that matter are looked at. */
const KNOWN_EXTENSIONS = new Set([
  'noop',
  'noop-v1',
  'partialclone',
  'preciousobjects',
  'worktreeconfig',
  'objectformat',
  'compatobjectformat',
  'refstorage',
  'relativeworktrees',
  'submodulepathconfig',
]);

/** What a repository's configuration says about its format. Source: gitrepository-layout and git-config(1), extensions. */
export const readFormat = (entries: ConfigEntry[]): Format => {
  const version = lastValue(entries, 'core', 'repositoryformatversion') ?? '0';
  const unknown = entries.filter((entry) => entry.section === 'extensions' && !KNOWN_EXTENSIONS.has(entry.name));
  const objectFormat = lastValue(entries, 'extensions', 'objectformat') ?? 'sha1';
  const refFormat = lastValue(entries, 'extensions', 'refstorage') ?? 'files';
  const named = version === '0' ? [] : unknown.map((entry) => entry.name);
  if (objectFormat !== 'sha1' && objectFormat !== 'sha256') named.push(`objectFormat ${objectFormat}`);
  if (refFormat !== 'files' && refFormat !== 'reftable') named.push(`refStorage ${refFormat}`);
  return {
    version,
    unknown: named,
    objectFormat: objectFormat === 'sha256' ? 'sha256' : 'sha1',
    refFormat: refFormat === 'reftable' ? 'reftable' : 'files',
  };
};

/** @throws AppError repository.unsupported */
export const assertSupported = async (format: Format, root: string): Promise<void> => {
  const refuse = (what: string, hint: string): never => {
    throw new AppError('repository.unsupported', `${root} ${what}.`, { hint });
  };
  if (format.version !== '0' && format.version !== '1') {
    refuse(`has repository format ${format.version}`, 'Update amp-sessions, or use a repository of format 0 or 1.');
  }
  if (format.unknown.length > 0) {
    refuse(`uses ${format.unknown.join(', ')}, which this version does not know`, 'Update amp-sessions.');
  }
  if (format.refFormat === 'reftable') {
    const version = await gitVersion();
    const isReady = version.major > 2 || (version.major === 2 && version.minor >= 45);
    if (!isReady)
      refuse(`keeps its refs in a reftable, and git ${version.text} cannot read it`, 'Install git 2.45 or newer.');
  }
};
