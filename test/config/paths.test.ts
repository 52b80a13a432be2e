import { homedir } from 'node:os';
import { expect, it } from 'vitest';
import { homeDirs } from '../../src/config/paths.ts';

it('follows XDG on Linux and macOS', () => {
  for (const platform of ['linux', 'darwin'] as const)
    expect(homeDirs({ HOME: '/home/u' }, platform)).toEqual({
      config: '/home/u/.config/amp-sessions',
      data: '/home/u/.local/share/amp-sessions',
      cache: '/home/u/.cache/amp-sessions',
      state: '/home/u/.local/state/amp-sessions',
    });
});

it('lets the variables decide, unless they are relative or empty', () => {
  const env = { HOME: '/h', XDG_CONFIG_HOME: '/c', XDG_DATA_HOME: 'd', XDG_CACHE_HOME: '', XDG_STATE_HOME: '/s/' };
  expect(homeDirs(env, 'linux')).toEqual({
    config: '/c/amp-sessions',
    data: '/h/.local/share/amp-sessions',
    cache: '/h/.cache/amp-sessions',
    state: '/s/amp-sessions',
  });
});

it('asks the system when HOME is missing', () => {
  expect(homeDirs({}, 'linux').config).toBe(`${homedir()}/.config/amp-sessions`);
});

it('takes the roaming and the local folder on Windows', () => {
  const env = { APPDATA: 'C:\\U\\R', LOCALAPPDATA: 'C:\\U\\L' };
  expect(homeDirs(env, 'win32')).toEqual({
    config: 'C:\\U\\R\\amp-sessions',
    data: 'C:\\U\\L\\amp-sessions\\data',
    cache: 'C:\\U\\L\\amp-sessions\\cache',
    state: 'C:\\U\\L\\amp-sessions\\state',
  });
  expect(homeDirs({ USERPROFILE: 'C:\\U' }, 'win32').data).toBe('C:\\U\\AppData\\Local\\amp-sessions\\data');
});
