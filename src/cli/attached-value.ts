/** What stands behind `--`, and what before it. */
export const splitAtDashes = (argv: string[]): [own: string[], behind: string[]] => {
  const at = argv.indexOf('--');
  return at < 0 ? [argv, []] : [argv.slice(0, at), argv.slice(at + 1)];
};

/** A flag whose value may be left out, as with git (`--tool`, `--tool=meld`): alone it is the empty value. */
export const withAttachedValue = (argv: string[], flag: string): string[] =>
  argv.map((word) => (word === flag ? `${flag}=` : word));
