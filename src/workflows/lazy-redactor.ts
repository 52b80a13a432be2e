import type { HomeDirs } from '../config/paths.ts';
import type { Scanner } from '../redaction/scanner.ts';

export type Redact = (text: string) => Promise<string>;

/** The redactor and its key are made at the first use: a command that only reads does not pay for it. */
export const lazyRedactor = (env: Record<string, string | undefined>, home: HomeDirs): Redact => {
  let made: Promise<(text: string) => string | Promise<string>> | undefined;
  const make = async () => {
    const { createRedactor, redactionKey } = await import('../redaction/redactor.ts');
    return createRedactor({ env, key: await redactionKey(home.data) });
  };
  return async (text) => {
    made ??= make();
    return (await made)(text);
  };
};

/** The scanner for secrets, made at the first use as well. */
export const lazyScanner = (env: Record<string, string | undefined>): Scanner => {
  let made: Promise<Scanner> | undefined;
  return async (text) => {
    made ??= import('../redaction/scanner.ts').then(({ createScanner }) => createScanner({ env }));
    return (await made)(text);
  };
};
