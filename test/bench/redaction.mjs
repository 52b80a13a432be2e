import { median } from './measure.mjs';

/** How fast text passes the one place before the write-ahead file. */
export const redaction = async (world) => {
  const samples = world.inside('redact', world.engine, world.quick ? 2 : 7);
  const rates = Object.entries(samples);
  const [against, parsed] = rates[0];
  const rows = rates.map(([what, speed]) => ({
    what,
    ms: median(speed),
    unit: 'MB/s',
    ...(what !== against && { against, ratio: median(speed.map((rate, round) => rate / parsed[round])) }),
  }));
  return [{ name: 'redaction', title: 'Redaction, line by line (a larger ratio is faster)', rows }];
};
