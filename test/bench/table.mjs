const number = (value, digits) =>
  value === undefined
    ? ''
    : value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

const digitsFor = (value) => (value < 1 ? 3 : value < 100 ? 1 : 0);

/** Whether a row keeps to its limit; undefined when it has none. */
export const isWithin = ({ ratio, added, ms, limit }) => {
  if (!limit) return undefined;
  if (limit.ratio !== undefined) return ratio <= limit.ratio;
  return limit.added !== undefined ? added <= limit.added : ms <= limit.ms;
};

const limitText = (row) => {
  if (!row.limit) return '';
  const { ratio, added, ms } = row.limit;
  const text = ratio !== undefined ? `≤ ${ratio} ×` : added !== undefined ? `≤ + ${added}` : `≤ ${ms}`;
  return `${text} ${isWithin(row) ? 'yes' : 'NO'}`;
};

const COLUMNS = [
  { title: '', of: ({ what }) => what, isText: true },
  { title: 'median', of: ({ ms, unit = 'ms' }) => (ms === undefined ? '' : `${number(ms, digitsFor(ms))} ${unit}`) },
  { title: 'ratio', of: ({ ratio }) => (ratio === undefined ? '' : `${number(ratio, 2)} ×`) },
  {
    title: 'more',
    of: ({ added }) =>
      added === undefined ? '' : `${added < 0 ? '−' : '+'} ${number(Math.abs(added), digitsFor(Math.abs(added)))} ms`,
  },
  { title: 'than', of: ({ against = '' }) => against, isText: true },
  { title: 'wanted', of: limitText, isText: true },
  { title: '', of: ({ note = '' }) => note, isText: true },
];

/** A table as lines of text; columns that say nothing are left out. */
export const tableText = ({ title, rows }) => {
  const columns = COLUMNS.filter(({ of }) => rows.some((row) => of(row) !== ''));
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ of }) => of(row)))];
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => line[at].length)));
  const line = (texts) =>
    texts
      .map((text, at) => (columns[at].isText ? text.padEnd(widths[at]) : text.padStart(widths[at])))
      .join('  ')
      .trimEnd();
  return ['', title, ...cells.map((texts) => `  ${line(texts)}`)].join('\n');
};
