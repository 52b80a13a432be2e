import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Plugin } from '@oclif/core/config';

const sorted = (value) => Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Nothing, said at length: it would be read at every start. */
const isEmpty = (value) => value === false || (Array.isArray(value) && value.length === 0);

const REDUNDANT = new Set(['pluginAlias', 'pluginName', 'pluginType', 'enableJsonFlag', 'strict']);
const NEEDED = new Set(['aliases', 'hiddenAliases']);

const slim = (command) => {
  const kept = Object.entries(command).filter(
    ([key, value]) => NEEDED.has(key) || !(REDUNDANT.has(key) || isEmpty(value)),
  );
  const flags = Object.entries(command.flags).map(([name, flag]) => [
    name,
    Object.fromEntries(Object.entries(flag).filter(([, value]) => !isEmpty(value))),
  ]);
  const { strict } = command;
  return { ...Object.fromEntries(kept), flags: Object.fromEntries(flags), ...(strict === false && { strict }) };
};

/**
 * The manifest by oclif's own code, out of the command classes of a build.
 * @param {string} dist folder of the build, inside the repository
 */
export const manifest = async (root, dist) => {
  const pjson = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  pjson.oclif.commands.target = `./${path.relative(root, path.join(dist, 'main.js'))}`;
  const plugin = new Plugin({
    root,
    pjson,
    isRoot: true,
    ignoreManifest: true,
    errorOnManifestCreate: true,
    respectNoCacheDefault: true,
  });
  await plugin.load();
  const { commands, ...rest } = plugin.manifest;
  const slimmed = Object.entries(commands).map(([id, command]) => [id, slim(command)]);
  return { ...rest, commands: sorted(Object.fromEntries(slimmed)) };
};
