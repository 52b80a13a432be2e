/**
 * The part of a branch name that a person recognises. Letters and digits of any script stay (git allows them), all
 * else becomes a dash; at most 40 characters; never empty, never starting or ending with a dash.
 */
export const slugOf = (name: string): string => {
  const words = name
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, '-')
    .replace(/^-+|-+$/g, '');
  const slug = [...words].slice(0, 40).join('').replace(/-+$/, '');
  return slug === '' ? 'session' : slug;
};

/** `2026-11-22T13:05:09.123Z` gives `20261122-130509`. */
export const stampOf = (at: string): string => at.slice(0, 19).replace(/[-:]/g, '').replace('T', '-');

/** `amp/<slug>/<timestamp>`; `attempt` above 0 makes it another one within the same second. */
export const branchName = (parts: { prefix: string; name: string; at: string; attempt: number }): string => {
  const tail = parts.attempt === 0 ? '' : `-${parts.attempt + 1}`;
  return `${parts.prefix}/${slugOf(parts.name)}/${stampOf(parts.at)}${tail}`;
};

/** A name made from a prompt when none is given: its first line, at most 60 characters. */
export const nameFromPrompt = (prompt: string): string => {
  const line = prompt.trim().split('\n', 1)[0]?.trim() ?? '';
  const short = [...line];
  return short.length > 60 ? `${short.slice(0, 59).join('').trimEnd()}…` : line;
};
