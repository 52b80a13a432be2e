import { z } from 'zod';
import { configSchema } from './schema.ts';

/** JSON Schema (draft 7, which YAML editors speak) of a settings file. */
export const configJsonSchema = (): Record<string, unknown> => {
  const schema = z.toJSONSchema(configSchema, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => {
      delete jsonSchema['expects'];
      delete jsonSchema['trust'];
      if (jsonSchema.type === 'object') delete jsonSchema.default;
    },
  });
  return { ...schema, title: 'amp-sessions settings' };
};
