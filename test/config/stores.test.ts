import { expect, it } from 'vitest';
import { trustRepositoryConfig } from '../../src/config/trust.ts';
import { errorOf, scene } from './support.ts';

it('files with secrets are those of every source at once; a repository that is not trusted adds none', async () => {
  const { user, repository, load, root, home, repositoryPath } = scene();
  expect((await load()).stores()).toEqual({ paths: [], untrusted: null });
  user('redaction:\n  stores:\n    - ~/.netrc\n    - secrets.json\n');
  expect((await load()).stores()).toEqual({ paths: ['~/.netrc', 'secrets.json'], untrusted: null });
  repository('redaction:\n  stores: [config/local.yml, secrets.json]\n');
  expect((await load()).stores()).toEqual({ paths: ['~/.netrc', 'secrets.json'], untrusted: repositoryPath });
  await trustRepositoryConfig(root, home);
  expect((await load()).stores()).toEqual({
    paths: ['config/local.yml', 'secrets.json', '~/.netrc'],
    untrusted: null,
  });
});

it('an empty list of a repository takes nothing from the user’s', async () => {
  const { user, repository, load } = scene();
  user('redaction:\n  stores: [one.json]\n');
  repository('redaction:\n  stores: []\n');
  expect((await load()).stores()).toEqual({ paths: ['one.json'], untrusted: null });
});

it('the variable takes several, with commas between', async () => {
  const { load } = scene();
  const loaded = await load({ env: { AMP_SESSIONS_REDACTION_STORES: ' a.json , b/.env,' } });
  expect(loaded.stores().paths).toEqual(['a.json', 'b/.env']);
});

it.each(['redaction:\n  stores: one.json\n', 'redaction:\n  stores: [1]\n', 'redaction:\n  stores: [""]\n'])(
  'another value than a list of files is refused: %j',
  async (text) => {
    const { user, load } = scene();
    user(text);
    const error = await errorOf(() => load());
    expect(error.code).toBe('config.invalid');
    expect(error.message).toContain('redaction.stores');
    expect(error.message).toContain('a list of files');
  },
);
