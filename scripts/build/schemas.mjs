import { z } from 'zod';

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

const document = (title, body) => {
  const { $schema: _, ...rest } = body;
  return { $schema: DRAFT, title, ...rest };
};

/** zod closes whole numbers at 2^53; that says nothing here. */
const unbounded = (value) => {
  if (Array.isArray(value)) return value.map(unbounded);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key, item]) => !/^(maximum|minimum)$/.test(key) || Math.abs(item) < 2 ** 53 - 1,
  );
  return Object.fromEntries(kept.map(([key, item]) => [key, unbounded(item)]));
};

const jsonSchema = (shape) => unbounded(shape.toJSONSchema ? shape.toJSONSchema() : z.toJSONSchema(shape));

const envelope = {
  v: { type: 'integer', minimum: 1, description: 'version of the shape of data' },
  log: { type: 'string', pattern: '^(sessions|batches)/.+' },
  writer: { type: 'string', description: 'who wrote it: one per clone and machine' },
  seq: { type: 'integer', minimum: 1, description: 'counts up per writer and log, without a gap' },
  clock: { type: 'integer', minimum: 1, description: 'Lamport clock' },
  at: { type: 'string', description: 'wall time, ISO-8601 UTC; never used for order' },
  by: { enum: ['user', 'agent', 'program'] },
  type: { type: 'string' },
  data: { type: 'object' },
  prev: {
    type: 'string',
    pattern: '^[0-9a-f]{64}$',
    description: "SHA-256 of the writer's line before, 64 zeros before the first",
  },
};

const bare = (shape) => {
  const { $schema: _, ...rest } = jsonSchema(shape);
  return rest;
};

/** One line of a log. Types and versions this program does not know are valid: they are kept and passed over. */
export const eventSchema = (catalogue) =>
  document('One event, a line of a log', {
    type: 'object',
    required: Object.keys(envelope),
    properties: envelope,
    allOf: catalogue.map(({ type, v, sentence, data }) => ({
      if: { properties: { type: { const: type }, v: { const: v } } },
      // biome-ignore lint/suspicious/noThenProperty: a key of JSON Schema
      then: { properties: { data: { description: sentence, ...bare(data) } } },
    })),
  });

/** The document a command prints with `--json`: its answer, and `schema` in front. */
export const answerSchema = (id, shape) => {
  const name = id.replaceAll(':', '-');
  const { required = [], properties, ...rest } = bare(shape);
  return document(`Answer of amp-sessions ${id.replaceAll(':', ' ')} --json`, {
    ...rest,
    required: ['schema', ...required],
    properties: { schema: { const: `amp-sessions/${name}/v1` }, ...properties },
  });
};

export const errorSchema = (shape) => document('Any error with --json', bare(shape));
