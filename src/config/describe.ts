import type { Origin } from './layer.ts';

/** Where a value comes from, for a person: `default`, `AMP_SESSIONS_TEST`, `…/config.yaml:3`. */
export const describeOrigin = ({ source, file, line, variable }: Origin): string =>
  variable ?? (file === undefined ? source : line === undefined ? file : `${file}:${line}`);

/** A value as one would type it; nothing for none. */
export const describeValue = (value: unknown): string =>
  value === null || value === undefined
    ? ''
    : String(value).replace(/[\0-\x1f\x7f-\x9f]/g, (char) => JSON.stringify(char).slice(1, -1));
