/** One setting as a config file has it: section and name in lower case, the subsection as written. */
export interface ConfigEntry {
  section: string;
  subsection: string | null;
  name: string;
  /** `true` where the file names the key alone. */
  value: string;
}

const SECTION = /^\[([a-z0-9-]+)(?:[ \t]+"([^"\\\0]*)")?\]$/i;
const ENTRY = /^([a-z][a-z0-9-]*)(?:[ \t]*=[ \t]*(.*))?$/i;
const PLAIN_VALUE = /^[^"\\#;\0]*$/;
const QUOTED_VALUE = /^"([^"\\\0]*)"$/;

/**
 * Reads the plain subset of git's configuration syntax that git itself writes nearly always: one setting a line, no
 * escapes, no continued lines, no comment after a value.
 * @returns undefined for anything else, so that the caller asks git instead of guessing.
 */
export const readPlainConfig = (text: string): ConfigEntry[] | undefined => {
  const entries: ConfigEntry[] = [];
  let section: { section: string; subsection: string | null } | undefined;
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  for (const raw of lines) {
    const line = raw.replace(/^[ \t]+|[ \t]+$/g, '');
    if (line.includes('\r')) return undefined;
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const header = SECTION.exec(line);
    if (header) {
      section = { section: header[1]!.toLowerCase(), subsection: header[2] ?? null };
      continue;
    }
    const entry = ENTRY.exec(line);
    if (!entry || !section) return undefined;
    const value = plainValue(entry[2]);
    if (value === undefined) return undefined;
    entries.push({ ...section, name: entry[1]!.toLowerCase(), value });
  }
  return entries;
};

const plainValue = (written: string | undefined): string | undefined => {
  if (written === undefined) return 'true';
  return PLAIN_VALUE.test(written) ? written : QUOTED_VALUE.exec(written)?.[1];
};

/** The last value of a key without subsection. */
export const lastValue = (entries: ConfigEntry[], section: string, name: string): string | undefined =>
  entries.findLast((entry) => entry.section === section && entry.subsection === null && entry.name === name)?.value;

export const isTrue = (value: string | undefined): boolean =>
  value !== undefined && /^(true|yes|on|[1-9]\d*)$/i.test(value);
