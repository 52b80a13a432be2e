import { type BatchFile, batchFileSchema } from '../../batch/file-schema.ts';
import { checkDocument } from '../../config/check-document.ts';
import { invalidAs } from '../../config/invalid.ts';
import type { YamlDocument } from '../../config/yaml-document.ts';

export { shownPath } from '../../config/check-document.ts';

export const invalidBatch = invalidAs('batch.invalid');

const HINT = 'Write `matrix:` and the items below it.';

/**
 * Holds a file against the schema of batch files.
 * @throws AppError `batch.invalid` about the first thing that is wrong: file, line, column and key
 */
export const checkBatchFile = (yaml: YamlDocument): BatchFile =>
  checkDocument(yaml, { schema: batchFileSchema, invalid: invalidBatch, hint: HINT });
