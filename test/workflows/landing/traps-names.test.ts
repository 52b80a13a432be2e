import { describe, it } from 'vitest';
import { playAll, type Trap } from './trap.ts';

/** `write <bytes as printf has them> <text>`, for any name. */
const SHELL = `
write() { n="$(printf "$1")"; mkdir -p "$(dirname -- "./$n")"; printf "$2\\n" > "./$n"; }
remove() { n="$(printf "$1")"; rm -r -- "./$n"; rmdir -p -- "$(dirname -- "./$n")" 2> /dev/null || :; }
`;

/** Each comes, changes and goes, as a file and below a folder; each has another at its side. */
const trapOf = (...names: string[]): Trap => {
  const each = (line: (name: string, at: number) => string) => SHELL + names.map(line).join('\n');
  return {
    before: each((name, at) => (at % 2 === 0 ? `write '${name}' before; write 'old/${name}' old` : '')),
    one: each((name) => `write '${name}' one`),
    two: each(
      (name, at) => `write '${name}' two; write 'new/${name}' two${at % 2 === 0 ? `; remove 'old/${name}'` : ''}`,
    ),
    upstream: 'echo up > up.txt',
  };
};

const LONG = 'x'.repeat(255);
const ODD = [
  ' lead and trail ',
  'in/a folder /with space',
  'quo\\042te',
  'apos\\047trophe',
  '\\055rf',
  '\\055\\055/\\055\\055help',
  '\\360\\237\\230\\200',
  '\\360\\237\\221\\251\\342\\200\\215\\360\\237\\222\\273/x',
  LONG,
  `${LONG.slice(1)}/${LONG}`,
  'caf\\351',
  '\\377\\376/\\200',
  ':(top)x',
  '*[a]?',
  'back\\134slash',
  'tab\\there',
  'new\\nline',
  '\\nlead/a\\nb',
  '\\001\\033[31m',
  'con.txt',
  '.gitfoo',
];

describe.skipIf(process.platform !== 'linux')('names', { timeout: 240_000 }, () => {
  it('case twins', () => playAll(trapOf('A.txt', 'a.TXT', 'Dir/x', 'dir/X')));
  it('NFC and NFD twins', () => playAll(trapOf('caf\\303\\251', 'cafe\\314\\201', 'd\\303\\251/x', 'de\\314\\201/x')));
  it('odd ones, all at once', () => playAll(trapOf(...ODD)));

  it('one that differs from another in case only, after it', () =>
    playAll({
      before: 'echo before > Readme; mkdir Docs; echo doc > Docs/x',
      one: 'git mv Readme README; git mv Docs docs',
      two: 'echo two >> README; echo two > docs/y',
      upstream: 'echo up > up.txt',
    }));
});
