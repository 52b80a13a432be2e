/** A string of SQL. */
export const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A name of SQL. */
export const name = (text: string): string => `"${text.replaceAll('"', '""')}"`;

export const list = (texts: readonly string[]): string => `[${texts.map(quote).join(', ')}]`;
