const ESCAPES: Record<string, number> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, '\\': 92 };

/**
 * A path as git quotes it in a patch: `"a/\303\244\t"`. What is not quoted is itself.
 * Source: git-config(1), core.quotePath.
 */
export const unquote = (text: string): string => {
  if (!text.startsWith('"')) return text;
  const bytes: Buffer[] = [];
  for (const [, octal, letter, plain] of text.slice(1, -1).matchAll(/\\([0-7]{3})|\\(.)|([^\\]+)/gs)) {
    if (octal !== undefined) bytes.push(Buffer.of(Number.parseInt(octal, 8) & 0xff));
    else if (letter !== undefined) bytes.push(Buffer.of(ESCAPES[letter] ?? letter.charCodeAt(0)));
    else bytes.push(Buffer.from(plain!));
  }
  return Buffer.concat(bytes).toString('utf8');
};
