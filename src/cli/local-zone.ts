import { readlinkSync } from 'node:fs';

/** `Europe/Berlin` of `/usr/share/zoneinfo/Europe/Berlin`, which `TZ` may begin with a colon. */
const nameIn = (path: string): string => path.replace(/^:/, '').replace(/^.*\/zoneinfo\/(?:posix\/|right\/)?/, '');

/** Nothing where there is none; undefined where it is there, and no link. */
const linked = (path: string): string | undefined => {
  try {
    return readlinkSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && process.platform !== 'win32' ? '' : undefined;
  }
};

/** What is the same as UTC, and may be written so. */
const SAME = /^(?:(?:Etc\/)?(?:UTC|UCT|GMT|GMT[+-]?0|Greenwich|Universal|Zulu))?$/;

/**
 * The time zone of whoever started the program, as the IANA names it. It is looked up where Node does: to ask Node
 * itself loads ICU, which takes as long as a whole answer.
 * @param localtime the system's own choice, a link into the zones
 */
export const localZone = (env: Record<string, string | undefined>, localtime = '/etc/localtime'): string => {
  const given = env['TZ'] ?? linked(localtime) ?? new Intl.DateTimeFormat().resolvedOptions().timeZone ?? '';
  const name = nameIn(given);
  return SAME.test(name) ? 'UTC' : name;
};
