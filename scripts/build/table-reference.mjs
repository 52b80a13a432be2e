const cell = (text) => text.replaceAll('|', '\\|');

const reference = ({ name, says, columns, order }) =>
  [
    `## ${name}`,
    '',
    `${says} Rows stand in the order of ${order.map((column) => `\`${column}\``).join(', ')}.`,
    '',
    '| column | type | what it is |',
    '|---|---|---|',
    ...columns.map((column) => `| \`${column.name}\` | ${column.type} | ${cell(column.says)} |`),
    '',
  ].join('\n');

/** `docs/analytics-tables.md`: every table that can be asked, from `ALL_TABLES`. */
export const tableReference = (tables) => `# Tables

Generated from \`src/analysis/tables\` by \`npm run generate\`; do not edit.

What \`amp-sessions sql\` asks and \`export\` writes: ${tables.map(({ name }) => `[\`${name}\`](#${name})`).join(', ')}.
Everything but \`transcripts\` comes from the events of the logs and from nothing else. What is absent and what is unknown is NULL, never 0.
Money is US dollars to a millionth, times have a zone, a column that ends in \`_ms\` is milliseconds. A row is found by its
session, \`writer\` and \`seq\`: the event that it begins with. All rows of one iteration share \`session\` and \`iteration\`;
where clones went on apart, both may have an iteration of the same number, and \`writer\` tells them apart.

${tables.map(reference).join('\n')}`;
