import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Folder of the package a module belongs to: the innermost one in node_modules with a name in its package.json. */
const packageFolder = (module) => {
  const parts = module.replaceAll('\\', '/').split('/');
  const at = parts.lastIndexOf('node_modules');
  if (at < 0) return undefined;
  return parts.slice(0, at + (parts[at + 1].startsWith('@') ? 3 : 2)).join('/');
};

const licenseText = (folder) => {
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) =>
    /^(licen[cs]e|copying|notice)/i.test(name),
  );
  const files = entries.flatMap((entry) => {
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? readdirSync(file).map((name) => path.join(file, name)) : [file];
  });
  return files
    .sort()
    .map((file) => readFileSync(file, 'utf8').trim())
    .join('\n\n');
};

const author = ({ author: value }) => (typeof value === 'string' ? value : (value?.name ?? 'its authors'));

/** Name, version and licence of every package that has a module in the bundle, in one text. */
export const thirdPartyLicenses = (root, modules) => {
  const folders = [...new Set(modules.map(packageFolder).filter(Boolean))].filter((folder) => existsSync(folder));
  const packages = folders
    .map((folder) => ({ folder, pkg: JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) }))
    .sort((a, b) => (a.pkg.name < b.pkg.name ? -1 : 1));
  const sections = packages.map(({ folder, pkg }) => {
    const text = licenseText(folder) || `${pkg.license} license, ${author(pkg)}. The package carries no licence file.`;
    return `${pkg.name} ${pkg.version} (${pkg.license})\n\n${text}`;
  });
  const { name } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const rule = `\n\n${'-'.repeat(80)}\n\n`;
  return `${name} contains parts of these packages:${rule}${sections.join(rule)}\n`;
};
