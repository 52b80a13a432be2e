import { describe, expect, it } from 'vitest';
import { type FormWish, forgeOf, formUrl, type Place, placeOfUrl } from '../../../src/workflows/landing/forge.ts';

const hub: Place = { host: 'github.com', web: 'https://github.com', path: 'acme/widget' };

describe('an address', () => {
  it.each([
    ['https://github.com/acme/widget.git', hub],
    ['https://me:token@github.com/acme/widget', hub],
    ['git@github.com:acme/widget.git', hub],
    ['git@github.com:/acme/widget', hub],
    ['GitHub.com:acme/widget/', hub],
    ['ssh://git@github.com/acme/widget.git', hub],
    ['ssh://git@ssh.github.com:443/acme/widget.git', hub],
    [
      'git@gitlab.com:group/sub/widget.git',
      { host: 'gitlab.com', web: 'https://gitlab.com', path: 'group/sub/widget' },
    ],
    ['ssh://git@altssh.gitlab.com:443/a/b', { host: 'gitlab.com', web: 'https://gitlab.com', path: 'a/b' }],
    ['https://git.corp:8443/team/x.git', { host: 'git.corp', web: 'https://git.corp:8443', path: 'team/x' }],
    ['http://git.corp/team/x', { host: 'git.corp', web: 'http://git.corp', path: 'team/x' }],
    ['ssh://git@git.corp:2222/team/x', { host: 'git.corp', web: 'https://git.corp', path: 'team/x' }],
    ['https://git.corp/te%20am/x', { host: 'git.corp', web: 'https://git.corp', path: 'te am/x' }],
  ])('%s', (url, place) => expect(placeOfUrl(url)).toEqual(place));

  it.each([
    '/srv/git/widget.git',
    '../widget.git',
    'file:///srv/git/widget.git',
    'C:/git/widget.git',
    'https://github.com/widget',
    'https://github.com/acme/../widget',
    'https://',
    'git://github.com/acme/widget',
    'ext::sh -c x',
    'git@-oProxyCommand=x y:a/b',
    '',
  ])('that is none: %s', (url) => expect(placeOfUrl(url)).toBeNull());
});

describe('whose a host is', () => {
  const at = (host: string, env: Record<string, string> = {}) => forgeOf({ ...hub, host }, env);
  it('goes by its name', () => {
    expect([at('github.com'), at('gitlab.com'), at('acme.ghe.com')]).toEqual(['github', 'gitlab', 'github']);
    expect([at('gitlab.corp'), at('github.corp'), at('git.corp')]).toEqual(['gitlab', 'github', null]);
    expect([at('github.com.evil.example'), at('notgitlab.com')]).toEqual(['github', null]);
  });
  it('or by what the tools are told', () => {
    expect(at('git.corp', { GH_HOST: 'git.corp' })).toBe('github');
    expect(at('git.corp', { GITLAB_HOST: 'https://git.corp:8443/' })).toBe('gitlab');
    expect(at('git.corp', { GL_HOST: 'git.corp' })).toBe('gitlab');
    expect(at('git.corp', { GH_HOST: '' })).toBeNull();
  });
});

describe('the form', () => {
  const wish: FormWish = { into: hub, from: hub, branch: 'amp/x/1', base: 'release/2', title: 'A & B?', body: 'a\n#b' };
  it('of GitHub', () => {
    expect(formUrl('github', wish)).toBe(
      'https://github.com/acme/widget/compare/release/2...amp/x/1?quick_pull=1&title=A%20%26%20B%3F&body=a%0A%23b',
    );
    const fork = { ...wish, from: { ...hub, path: 'me/widget' } };
    expect(formUrl('github', fork)).toContain('/acme/widget/compare/release/2...me%3Aamp/x/1?');
  });
  it('of GitLab, at the fork, which knows its parent', () => {
    const from = { host: 'gitlab.com', web: 'https://gitlab.com', path: 'me/sub/widget' };
    const url = new URL(formUrl('gitlab', { ...wish, from }));
    expect(url.pathname).toBe('/me/sub/widget/-/merge_requests/new');
    expect(url.searchParams.get('merge_request[source_branch]')).toBe('amp/x/1');
    expect(url.searchParams.get('merge_request[description]')).toBe('a\n#b');
  });
  it('of nobody is the repository', () => {
    expect(formUrl('other', { ...wish, into: { ...hub, path: 'a b/c' } })).toBe('https://github.com/a%20b/c');
  });
  it.each(['github', 'gitlab'] as const)('of %s is never longer than servers take, and closes what it cut', (forge) => {
    const body = `intro\n\`\`\`\`text\n${'@alice ü\n'.repeat(5_000)}\`\`\`\`\nend\n`;
    const url = formUrl(forge, { ...wish, body });
    expect(url.length).toBeLessThanOrEqual(8_000);
    expect(url.length).toBeGreaterThan(5_000);
    const shown = [...new URL(url).searchParams.values()].at(-1)!;
    expect(shown).toMatch(/\n````\n\n\(shortened\)\n$/);
    expect(shown.match(/^````/gm)).toHaveLength(2);
  });
});
