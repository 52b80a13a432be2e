/** Small charts of characters: for a terminal, where they help; a program reads the numbers. */

interface Signs {
  /** From nearly nothing to all. */
  levels: string;
  /** A bar, and its last column by eighths. */
  full: string;
  parts: string;
}

const BLOCKS: Signs = { levels: '▁▂▃▄▅▆▇█', full: '█', parts: '▏▎▍▌▋▊▉' };
const PLAIN: Signs = { levels: '.:-=+*#@', full: '#', parts: '' };

/** Whether the terminal says that it knows no UTF-8; one that says nothing does. */
export const isUtf8 = (env: NodeJS.ProcessEnv): boolean => {
  const said = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return said === '' || /utf-?8/i.test(said);
};

const signs = (env: NodeJS.ProcessEnv): Signs => (isUtf8(env) ? BLOCKS : PLAIN);

/** One column a value; nothing, and what is not known, is a gap. */
export const sparkline = (values: readonly (number | null)[], env: NodeJS.ProcessEnv = process.env): string => {
  const { levels } = signs(env);
  const most = Math.max(...values.map((value) => value ?? 0));
  return values
    .map((value) => {
      if (value === null || value <= 0 || most <= 0) return ' ';
      return levels[Math.min(levels.length - 1, Math.floor((value / most) * levels.length))];
    })
    .join('');
};

/** A bar of at most so many columns; what is more than nothing has at least the thinnest. */
export const bar = (
  value: number | null,
  { most, columns }: { most: number; columns: number },
  env: NodeJS.ProcessEnv = process.env,
): string => {
  if (value === null || value <= 0 || most <= 0) return '';
  const { full, parts } = signs(env);
  const steps = parts.length + 1;
  const length = Math.max(1, Math.round((Math.min(value, most) / most) * columns * steps));
  return full.repeat(Math.floor(length / steps)) + (length % steps === 0 ? '' : parts[(length % steps) - 1]);
};
