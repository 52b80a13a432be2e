import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { localZone } from '../../src/cli/local-zone.ts';
import { tempDir } from '../support/repo.ts';

const linkTo = (target: string): string => {
  const path = join(tempDir(), 'localtime');
  symlinkSync(target, path);
  return path;
};

describe('the time zone of a person', () => {
  it.each([
    ['Europe/Berlin', 'Europe/Berlin'],
    [':Europe/Berlin', 'Europe/Berlin'],
    ['/usr/share/zoneinfo/Asia/Kolkata', 'Asia/Kolkata'],
    [':/usr/share/zoneinfo/posix/America/Argentina/Ushuaia', 'America/Argentina/Ushuaia'],
    ['EST5EDT', 'EST5EDT'],
    ['CET-1CEST,M3.5.0,M10.5.0/3', 'CET-1CEST,M3.5.0,M10.5.0/3'],
    ['UTC', 'UTC'],
    ['Etc/UTC', 'UTC'],
    ['GMT', 'UTC'],
    ['GMT0', 'UTC'],
    ['Zulu', 'UTC'],
    ['', 'UTC'],
  ])('by TZ=%s is %s', (TZ, zone) => expect(localZone({ TZ }, '/nowhere')).toBe(zone));

  it.skipIf(process.platform === 'win32')('is what the system’s link leads to', () => {
    expect(localZone({}, linkTo('/usr/share/zoneinfo/Europe/Berlin'))).toBe('Europe/Berlin');
    expect(localZone({}, linkTo('../usr/share/zoneinfo/Asia/Tokyo'))).toBe('Asia/Tokyo');
    expect(localZone({}, linkTo('/var/db/timezone/zoneinfo/America/New_York'))).toBe('America/New_York');
    expect(localZone({}, linkTo('/usr/share/zoneinfo/Etc/UTC'))).toBe('UTC');
    expect(localZone({ TZ: 'Asia/Tokyo' }, linkTo('/usr/share/zoneinfo/Europe/Berlin'))).toBe('Asia/Tokyo');
  });

  it.skipIf(process.platform === 'win32')('is UTC where the system has none, and Node’s where it has no link', () => {
    expect(localZone({}, join(tempDir(), 'none'))).toBe('UTC');
    const folder = tempDir();
    mkdirSync(join(folder, 'etc'));
    writeFileSync(join(folder, 'etc', 'localtime'), 'TZif');
    const own = new Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC';
    expect(localZone({}, join(folder, 'etc', 'localtime'))).toBe(localZone({ TZ: own }));
  });
});
