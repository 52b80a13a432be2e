/** Numbers as a person reads them. No locale is asked: the same everywhere. */

/** `0.4s`, `12.3s`, `3m 05s`, `1h 20m`, `2d 3h`. */
export const formatDuration = (milliseconds: number): string => {
  const tenths = Math.round(milliseconds / 100);
  if (tenths < 600) return `${(tenths / 10).toFixed(1)}s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${String(seconds % 60).padStart(2, '0')}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, '0')}m`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
};

const scaled = (value: number, step: number, units: string[], separator: string): string => {
  let size = value;
  let unit = 0;
  // What would round up to a full step is one of the next unit: 999,950 is 1.0M, not 1000.0k.
  while (unit < units.length - 1 && size >= (unit === 0 ? step : step - 0.05)) {
    size /= step;
    unit += 1;
  }
  return unit === 0 ? `${size}${separator}${units[0]}` : `${size.toFixed(1)}${separator}${units[unit]}`;
};

/** `950`, `12.3k`, `1.2M`. Null is unknown. */
export const formatTokens = (count: number | null): string =>
  count === null ? 'unknown' : scaled(count, 1000, ['', 'k', 'M', 'G'], '');

/** `1 token`, `12.3k tokens`. */
export const tokensText = (count: number): string => `${formatTokens(count)} token${count === 1 ? '' : 's'}`;

/** `512 B`, `1.4 MiB`. */
export const formatBytes = (bytes: number): string => scaled(bytes, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB'], ' ');

/** `$0.12`, `<$0.01`; null is unknown, which is never 0. */
export const formatMoney = (usd: number | null): string => {
  if (usd === null) return 'unknown';
  if (usd > 0 && usd < 0.01) return '<$0.01';
  return `$${usd.toFixed(2)}`;
};

const AGES: [milliseconds: number, unit: string][] = [
  [31_557_600_000, 'y'],
  [2_629_800_000, 'mo'],
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
];

/**
 * How long before `now` something was: `5m ago`, `3d ago`; less than a minute is `now`. Both are ISO-8601, or `now` in
 * milliseconds.
 */
export const formatAge = (at: string, now: string | number): string => {
  const passed = (typeof now === 'number' ? now : Date.parse(now)) - Date.parse(at);
  // `list` asks for thousands: taking each pair apart takes three times as long as all the rest.
  for (let at = 0; at < AGES.length; at++) {
    const age = AGES[at]!;
    if (passed >= age[0]) return `${Math.floor(passed / age[0])}${age[1]} ago`;
  }
  return 'now';
};

/** `1 file`, `2 files`. */
export const formatCount = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
