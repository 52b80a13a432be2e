import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HomeDirs } from '../config/paths.ts';

const MOST = 1000;

const linesOf = (file: string): string[] => {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
};

/**
 * Statements that were typed, in the user's state folder, one a line, for the user's eyes only. Secrets are taken out;
 * a statement that begins with a space is not kept, and none is where nothing can take secrets out. A folder that cannot
 * be written costs the memory, not the answer.
 */
export const sqlHistory = (home: HomeDirs, redact: ((text: string) => Promise<string>) | undefined) => {
  const file = join(home.state, 'sql-history');
  return {
    /** The newest first; what is older than the last thousand goes. */
    load: (): string[] => {
      const lines = linesOf(file);
      try {
        if (lines.length > 2 * MOST) writeFileSync(file, `${lines.slice(-MOST).join('\n')}\n`, { mode: 0o600 });
      } catch {}
      return lines.slice(-MOST).reverse();
    },
    add: async (text: string): Promise<void> => {
      // On one line a comment would swallow what follows it.
      const isOneLine = !text.includes('\n') || !text.includes('--');
      if (redact === undefined || /^\s/.test(text) || !isOneLine) return;
      const line = (await redact(text)).replace(/\s*\n\s*/g, ' ').trim();
      try {
        mkdirSync(home.state, { recursive: true, mode: 0o700 });
        appendFileSync(file, `${line}\n`, { mode: 0o600 });
        chmodSync(file, 0o600);
      } catch {}
    },
  };
};
