/**
 * The same question to plain DuckDB over the lines themselves.
 *
 *     node read-ndjson.mjs <node_modules> <lines>
 */
import { createRequire } from 'node:module';
import path from 'node:path';

const [modules, lines] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(path.join(modules, 'x.js'))('@duckdb/node-api');
const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
const columns = "{type: 'VARCHAR', data: 'STRUCT(model VARCHAR, tokensInput BIGINT, tokensOutput BIGINT)'}";
const reader = await connection.runAndReadAll(
  `SELECT data.model, sum(data.tokensInput), sum(data.tokensOutput)
   FROM read_ndjson('${lines}', columns = ${columns}) WHERE type = 'usage.reported' GROUP BY ALL`,
);
process.stdout.write(JSON.stringify({ rows: reader.getRowsJson() }));
