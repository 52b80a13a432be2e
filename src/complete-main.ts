import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Choice, complete, joinEquals, type ManifestCommand, type Source } from './cli/complete.ts';
import { stdout } from './cli/print.ts';
import { sanitizeLine } from './cli/sanitize.ts';
import { CONFIG_KEYS } from './config/keys.ts';

/**
 * `amp-sessions complete <words…>`: what the shell may offer for the last word, one a line, `value TAB description`;
 * the single line `:files` or `:directories` leaves it to the shell. It runs at every Tab: no oclif, no replay, and
 * whatever goes wrong, it is silent.
 */
const AGENTS: Choice[] = [
  { value: 'amp', description: 'Amp' },
  { value: 'command', description: 'any program' },
  { value: 'scripted', description: 'a script of edits, for demos and tests' },
];

/** The folder that `-C` or `--repo` names on the line, else where the user stands. */
const directoryOf = (words: string[]): string => {
  const at = words.findIndex((word) => word === '-C' || word === '--directory' || word === '--repo');
  const inline = words.find((word) => /^--(directory|repo)=/.test(word));
  const named = at >= 0 && at < words.length - 2 ? words[at + 1] : inline?.slice(inline.indexOf('=') + 1);
  return path.resolve(named || '.');
};

const offersOf = async (source: Exclude<Source, 'files' | 'directories'>, words: string[]): Promise<Choice[]> => {
  if (source === 'agents') return AGENTS;
  if (source === 'tables') {
    const { ALL_TABLES } = await import('./analysis/tables/all.ts');
    return ALL_TABLES.map(({ name, says }) => ({ value: name, description: says }));
  }
  if (source === 'settings') return CONFIG_KEYS.map((value) => ({ value }));
  if (source === 'batches') return (await import('./workflows/batch/completion.ts')).offerBatches(directoryOf(words));
  const { offerCommits, offerSessions } = await import('./workflows/completion.ts');
  return source === 'sessions' ? offerSessions(directoryOf(words)) : offerCommits(directoryOf(words));
};

/** A value with a space would be cut in two by the shells; such a name is found by its id. */
const line = ({ value, description }: Choice): string =>
  description ? `${value}\t${sanitizeLine(description)}` : value;

const answer = async (words: string[]): Promise<string[]> => {
  const manifest = JSON.parse(readFileSync(path.join(__dirname, 'oclif.manifest.json'), 'utf8'));
  const asked = complete(Object.values<ManifestCommand>(manifest.commands), words);
  if (asked.kind === 'source' && (asked.source === 'files' || asked.source === 'directories'))
    return [`:${asked.source}`];
  const current = joinEquals(words).at(-1) ?? '';
  const choices =
    asked.kind === 'choices'
      ? asked.choices
      : (await offersOf(asked.source as never, words)).map((offer) => ({
          ...offer,
          value: asked.prefix + offer.value,
        }));
  return choices.filter(({ value }) => value.startsWith(current) && !/[\s\p{Cc}]/u.test(value)).map(line);
};

/** PowerShell before 7.3 drops an empty argument. */
const words = process.argv.slice(3).map((word) => (word === '%empty%' ? '' : word));

answer(words).then(
  async (lines) => {
    if (lines.length > 0) stdout.write(`${lines.join('\n')}\n`);
    await stdout.flush();
  },
  () => {},
);
