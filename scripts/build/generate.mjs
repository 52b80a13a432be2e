import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { eventReference } from './event-reference.mjs';
import { fromSource } from './from-source.mjs';
import { answerSchema, errorSchema, eventSchema } from './schemas.mjs';
import { tableReference } from './table-reference.mjs';

const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

/** Where the shapes are; a file that does not exist yet gives nothing. */
const SOURCES = {
  sessionEvents: 'src/events/session-events.ts',
  iterationEvents: 'src/events/iteration-events.ts',
  landingEvents: 'src/events/landing-events.ts',
  snapshotEvents: 'src/events/snapshot-events.ts',
  batchEvents: 'src/events/batch-events.ts',
  catalogue: 'src/events/catalogue.ts',
  answers: 'src/cli/answers/answers.ts',
  errorAnswer: 'src/cli/answers/answers.ts',
  configJsonSchema: 'src/config/json-schema.ts',
  batchJsonSchema: 'src/batch/file-schema.ts',
  suiteJsonSchema: 'src/bench/suite-schema.ts',
  ALL_TABLES: 'src/analysis/tables/all.ts',
};

/**
 * Every file that is made from the code.
 * @returns {Promise<Map<string, string>>} text by path, relative to the repository
 */
export const generate = async (root) => {
  const { sessionEvents, iterationEvents, landingEvents, snapshotEvents, ...rest } = await fromSource(root, SOURCES);
  const { batchEvents, catalogue, answers, errorAnswer, ALL_TABLES } = rest;
  const { configJsonSchema, batchJsonSchema, suiteJsonSchema } = rest;
  const manifest = JSON.parse(readFileSync(path.join(root, 'dist/oclif.manifest.json'), 'utf8'));
  const groups = [
    { title: 'The session', sentence: 'Its birth, its names, its worktree, its end.', events: sessionEvents },
    { title: 'An iteration', sentence: 'Between a prompt and its commit.', events: iterationEvents },
    { title: 'Landing', sentence: 'On the way to a branch of the user, and back.', events: landingEvents },
    { title: 'Uncommitted work', sentence: 'Kept, and brought back.', events: snapshotEvents },
    { title: 'A batch', sentence: 'Many prompts at once, in a log of their own.', events: batchEvents },
  ];
  const told = groups.reduce((sum, { events }) => sum + events.length, 0);
  if (told !== catalogue.length) throw new Error(`The reference tells of ${told} of ${catalogue.length} events.`);
  const answerFiles = Object.entries(answers).map(([id, shape]) => [
    `schemas/${id.replaceAll(':', '-')}.schema.json`,
    json(answerSchema(id, shape)),
  ]);
  return new Map([
    ['oclif.manifest.json', json(manifest)],
    ['schemas/event.schema.json', json(eventSchema(catalogue))],
    ['schemas/config.schema.json', json(configJsonSchema())],
    ['schemas/batch.schema.json', json(batchJsonSchema())],
    ['schemas/suite.schema.json', json(suiteJsonSchema())],
    ['schemas/error.schema.json', json(errorSchema(errorAnswer))],
    ...answerFiles,
    ['src/events/README.md', eventReference(groups)],
    ['docs/analytics-tables.md', tableReference(ALL_TABLES)],
  ]);
};

const readOr = (file, otherwise) => {
  try {
    return readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
  } catch {
    return otherwise;
  }
};

export const staleFiles = (root, files) =>
  [...files].filter(([name, text]) => readOr(path.join(root, name), '') !== text).map(([name]) => name);

export const writeFiles = (root, files) => {
  for (const [name, text] of files) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
};
