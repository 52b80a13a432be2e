import { isAlias, isMap } from 'yaml';
import { AppError } from '../errors.ts';
import type { ConfigKey } from './keys.ts';
import { parseYaml } from './parse-yaml.ts';
import type { ConfigFile } from './read-file.ts';

/**
 * The file's text with one setting changed; everything else, comments included, stays as it is.
 * @throws AppError `config.invalid` when the file is not right as it stands
 */
export const edit = (file: ConfigFile, source: 'repository' | 'user', key: ConfigKey, value: unknown): string => {
  const { doc } = parseYaml(file, source);
  const path = key.split('.');
  for (let length = 0; length < path.length; length++) {
    const above = path.slice(0, length);
    const node = doc.getIn(above, true);
    if (isMap(node)) continue;
    if (isAlias(node))
      throw new AppError('config.invalid', `${file.path}: \`${above.join('.')}\` is an alias.`, {
        hint: 'Write its settings out, or change the file by hand.',
      });
    if (length === 0) doc.contents = doc.createNode({});
    else doc.setIn(above, doc.createNode({}));
  }
  doc.setIn(path, value);
  return doc.toString({ lineWidth: 0 });
};
