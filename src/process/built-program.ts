import { existsSync } from 'node:fs';
import path from 'node:path';

/**
 * A program of ours, built from `src/<name>.ts`: beside the running file in `dist/`, or in the `dist/` of the repository
 * when this runs from its source. Undefined when it is not built.
 * @param name such as `agents/scripted-main`
 */
export const builtProgram = (name: string, from: string): string | undefined => {
  for (let dir = from; ; dir = path.dirname(dir)) {
    for (const place of ['.', 'dist']) {
      const file = path.join(dir, place, `${name}.js`);
      if (existsSync(file)) return file;
    }
    if (path.dirname(dir) === dir) return undefined;
  }
};
