import path from 'node:path';
import { askedHistory, sizesOf } from './asked-history.mjs';
import { SOUGHT } from './inside/afternoon.mjs';
import { inTurn, rows, timeProgram, useOf, useText } from './measure.mjs';

const CASES = {
  'one rare word': SOUGHT.rare,
  'one common word': SOUGHT.common,
  'a common and a rare word': `${SOUGHT.common} ${SOUGHT.rare}`,
  'a part of a word': SOUGHT.rare.slice(1, 5),
};

/** `search` as a whole process, over a cache that is there. */
export const search = async (world) => {
  const tables = [];
  for (const count of sizesOf(world)) {
    const { repository, title } = askedHistory(world, count);
    const place = { cwd: repository, env: world.env };
    const run = (args) => timeProgram(process.execPath, args, place);
    const asks = Object.entries(CASES).map(([name, words]) => [`search ${name}`, world.program('search', words)]);
    for (const [, args] of asks) run(args);
    const samples = await inTurn(world.quick ? 3 : 7, {
      'node -e 0': () => run(['-e', '0']),
      ...Object.fromEntries(asks.map(([name, args]) => [name, () => run(args)])),
    });
    const file = path.join(world.dir, 'used.json');
    const uses = new Map(asks.map(([name, args]) => [name, useText(useOf(args, { ...place, times: 3, file }))]));
    const found = rows(samples).map((row) => ({ ...row, note: uses.get(row.what) ?? '' }));
    tables.push({ name: 'search', title: `Search, ${title}`, rows: found });
  }
  return tables;
};
