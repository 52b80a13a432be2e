import { z } from 'zod';

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const typeName = (schema) => {
  if (schema.enum) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' or ');
  if (schema.anyOf) return schema.anyOf.map(typeName).join(' or ');
  if (schema.type === 'array') return `array of ${typeName(schema.items ?? {})}`;
  if (schema.type === 'object') {
    return `{ ${Object.entries(schema.properties ?? {})
      .map(([name, inner]) => `${name}: ${typeName(inner)}`)
      .join(', ')} }`;
  }
  return [schema.type ?? 'anything'].flat().join(' or ');
};

/** `name` (type): what it is. */
const field = ([name, schema], required) => {
  const optional = required.includes(name) ? '' : ', may be absent';
  const what = schema.description ? `: ${schema.description}` : '';
  return `\`${name}\` (${typeName(schema)}${optional})${what}`;
};

const row = ({ type, v, sentence, data }) => {
  const { properties = {}, required = [] } = z.toJSONSchema(data);
  const fields = Object.entries(properties).map((entry) => field(entry, required));
  return `| \`${type}\` | ${v} | ${cell(sentence)} | ${fields.map(cell).join('<br>') || '–'} |`;
};

const table = (title, sentence, events) =>
  [
    `## ${title}`,
    '',
    sentence,
    '',
    '| event | v | what happened | data |',
    '|---|---|---|---|',
    ...events.map(row),
    '',
  ].join('\n');

/** `src/events/README.md`: every event there is, from the catalogue. */
export const eventReference = (groups) => `# Events

Generated from the catalogue by \`npm run generate\`; do not edit.

An event is a fact in the past tense, one line of NDJSON. The envelope is drawn in \`envelope.ts\`, its JSON Schema is
\`schemas/event.schema.json\`. A name on disk is never renamed, reused or removed; a new shape gets a new \`v\` and one
step in \`upcast.ts\`. Absent means not applicable, null means unknown; units stand last in a name.

${groups.map(({ title, sentence, events }) => table(title, sentence, events)).join('\n')}`;
