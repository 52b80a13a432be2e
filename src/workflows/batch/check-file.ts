import { type BatchFile, batchFileSchema } from '../../batch/file-schema.ts';
import { checkDocument } from '../../config/check-document.ts';
import { invalidAs } from '../../config/invalid.ts';
import type { YamlDocument } from '../../config/yaml-document.ts';
import { inShell } from '../../errors.ts';

export { shownPath } from '../../config/check-document.ts';

export const invalidBatch = invalidAs('batch.invalid');

const HINT = 'Write `matrix:` and the items below it.';

/** Both are many at once in YAML, and taken for each other. */
const refuseSuite = ({ tree, locate }: YamlDocument): void => {
  const has = (key: string): boolean => typeof tree === 'object' && tree !== null && Object.hasOwn(tree, key);
  if (!has('suite') || !has('cases') || has('matrix') || has('prompts')) return;
  const place = { ...locate(['suite'], 'name'), key: 'suite' };
  const command = `amp-sessions bench ${inShell(place.file ?? '<file>')}`;
  const hint = `Run it with \`${command}\`; as a worker a part of it: \`${command} --shard <i/n>\`.`;
  throw invalidBatch(place, 'this is a suite of a benchmark, and no batch.', hint);
};

/**
 * Holds a file against the schema of batch files.
 * @throws AppError `batch.invalid` about the first thing that is wrong: file, line, column and key
 */
export const checkBatchFile = (yaml: YamlDocument): BatchFile => {
  refuseSuite(yaml);
  return checkDocument(yaml, { schema: batchFileSchema, invalid: invalidBatch, hint: HINT, revisions: ['baseBranch'] });
};
