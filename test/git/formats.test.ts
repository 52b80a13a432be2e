import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPlainConfig } from '../../src/git/config-file.ts';
import { isFullRef, isId } from '../../src/git/ids.ts';
import { parseIndex } from '../../src/git/index-file.ts';
import { putBackInstructions, selectLeftOut } from '../../src/git/leave-out.ts';
import { neutralise, type ScopedEntry } from '../../src/git/neutral.ts';
import { isInside, joinNul, pathFromBytes, pathToBytes, splitNul } from '../../src/git/paths.ts';
import { settingsAsEnvironment } from '../../src/git/settings.ts';
import { git, sh, tempDir } from '../support/repo.ts';
import { makeSession, write } from './support.ts';

describe('paths', () => {
  it('are the same bytes again, whatever they were', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (array) => {
        const bytes = Buffer.from(array);
        expect(pathToBytes(pathFromBytes(bytes)).equals(bytes)).toBe(true);
        expect(pathToBytes(JSON.parse(JSON.stringify(pathFromBytes(bytes)))).equals(bytes)).toBe(true);
      }),
      { numRuns: 2000 },
    );
    const sameText = fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(pathFromBytes(Buffer.from(text))).toBe(text);
    });
    fc.assert(sameText);
    expect(pathFromBytes(Buffer.from('a\ufffdb'))).toBe('a\ufffdb');
    expect(pathFromBytes(Buffer.from([0xed, 0xb2, 0x80]))).toBe('\udced\udcb2\udc80');
  });

  it('split and join at NUL', () => {
    expect(splitNul(Buffer.from('a\0\0b')).map(String)).toEqual(['a', '', 'b']);
    expect(splitNul(Buffer.alloc(0))).toEqual([]);
    expect(joinNul(['a', Buffer.from('b')]).toString()).toBe('a\0b\0');
    expect(isInside('/a/b', '/a/b/c')).toBe(true);
    expect(isInside('/a/b', '/a/bc')).toBe(false);
    expect(isInside('/', '/a')).toBe(true);
  });
});

describe('readPlainConfig', () => {
  it('either agrees with git or does not answer', async () => {
    const file = join(tempDir(), 'config');
    const word = fc.constantFrom('a', 'core', 'B-c', 'x1', 'filter', '');
    const piece = fc.constantFrom(
      '[a]',
      '[a "b c"]',
      '[a "B=\\"d"]',
      '[a.b]',
      'k',
      'k = v',
      'K=v w ',
      '\tk = "q"',
      'k = "q" z',
      'k = a#b',
      'k = a;b',
      'k = a \\',
      '; c',
      '# c',
      '',
      ' ',
      '[a] k = v',
      '[a',
      'k = \\t',
      '\ufeff[a]',
      'k = a\u00a0',
      '\u00a0k = v',
      'k\r',
      '[A "B"]\r',
      'k = "a\\"',
    );
    const line = fc.oneof(
      { weight: 5, arbitrary: piece },
      fc.tuple(word, word).map(([a, b]) => `${a} = ${b}`),
    );
    const texts = fc.sample(fc.array(line, { maxLength: 6 }), { numRuns: 150, seed: 7 });
    for (const lines of texts) {
      const text = lines.join('\n');
      const ours = readPlainConfig(text);
      writeFileSync(file, text);
      const said = await sh('/', `git config --file '${file}' --list -z | od -An -v -tx1 | tr -d ' \\n'`);
      const theirs = splitNul(Buffer.from(said.stdout, 'hex')).map((entry) => entry.toString());
      if (ours === undefined) continue;
      const listed = ours.map(({ section, subsection, name, value }) => {
        const key = [section, ...(subsection === null ? [] : [subsection]), name].join('.');
        return `${key}=${value}`;
      });
      expect(listed, JSON.stringify(text)).toEqual(
        theirs.map((entry) => (entry.includes('\n') ? entry.replace('\n', '=') : `${entry}=true`)),
      );
    }
    expect(texts.filter((lines) => readPlainConfig(lines.join('\n')) !== undefined).length).toBeGreaterThan(10);
  });

  it('reads what git writes', () => {
    const text =
      '[core]\n\tbare = false\n[remote "origin"]\n\turl = https://x/y.git\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n';
    expect(readPlainConfig(text)?.length).toBe(3);
    expect(readPlainConfig('[a]\nb = "x\\ny"')).toBeUndefined();
    expect(readPlainConfig('b = c')).toBeUndefined();
  });
});

describe('parseIndex', () => {
  it('agrees with git on versions 2 to 4, of both hashes', async () => {
    for (const objectFormat of ['sha1', 'sha256'] as const) {
      const { wt } = await makeSession({ objectFormat });
      for (let at = 0; at < 40; at++)
        write(wt.path, { [`d${at % 3}/${'n'.repeat(at + 1)}`]: `${at}`, [`d${at % 3}/file ${at}\n`]: 'x' });
      await git(wt.path, 'add', '-A');
      await git(wt.path, 'update-index', '--skip-worktree', 'a.txt');
      await git(wt.path, 'update-index', '--assume-unchanged', 'b.txt');
      for (const version of ['2', '3', '4']) {
        await git(wt.path, 'update-index', '--index-version', version);
        const listed = splitNul(
          Buffer.from((await sh(wt.path, "git ls-files -s -v -z | od -An -v -tx1 | tr -d ' \\n'")).stdout, 'hex'),
        );
        const { readFileSync } = await import('node:fs');
        const entries = parseIndex(readFileSync(join(wt.gitDir, 'index')), objectFormat === 'sha1' ? 20 : 32);
        const lines = (entries as Exclude<typeof entries, string>).map(
          ({ path, mode, id, stage, assumed, skipped }) =>
            `${skipped ? 'S' : assumed ? 'h' : 'H'} ${mode} ${id} ${stage}\t${path}`,
        );
        expect(lines).toEqual(listed.map(String));
      }
    }
  });

  it('never throws on garbage', () => {
    const header = Buffer.from('DIRC\0\0\0\x02\0\0\0\x03', 'latin1');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(2, 4, 9), (array, version) => {
        const start = Buffer.from(header);
        start.writeUInt32BE(version, 4);
        for (const bytes of [Buffer.from(array), Buffer.concat([start, Buffer.from(array)])]) {
          const parsed = parseIndex(bytes, 20);
          expect(parsed === 'split' || parsed === 'damaged' || Array.isArray(parsed)).toBe(true);
        }
      }),
    );
  });
});

describe('selectLeftOut', () => {
  const change = (path: string, newId: string | null, oldMode = '100644') => ({ path, oldMode, oldId: 'o', newId });

  it('takes what is exactly as it was to be left', () => {
    const changes = [change('a', '1'), change('b', '2'), change('c', null), change('d', '4', '000000')];
    const leaveOut = [
      { path: 'a', object: '1' },
      { path: 'b', object: 'other' },
      { path: 'c', object: null },
      { path: 'd', object: '4' },
      { path: 'absent', object: '1' },
    ];
    expect(selectLeftOut(changes, leaveOut).map(({ path }) => path)).toEqual(['a', 'c', 'd']);
    expect(putBackInstructions([change('a', '1'), change('d', '4', '000000')]).toString()).toBe(
      '0 o\td\x00100644 o\ta\0',
    );
  });

  it('gives way to what is committed in the same place', () => {
    const changes = [change('a', null), change('a/b', '1', '000000'), change('x/y', null), change('x', '2', '000000')];
    const leaveOut = [
      { path: 'a', object: null },
      { path: 'x/y', object: null },
    ];
    expect(selectLeftOut(changes, leaveOut)).toEqual([]);
  });
});

describe('neutralise', () => {
  const entry = (scope: string, key: string, value: string): ScopedEntry => {
    const first = key.indexOf('.');
    const last = key.lastIndexOf('.');
    return {
      scope,
      key,
      value,
      section: key.slice(0, first),
      subsection: first === last ? undefined : key.slice(first + 1, last),
      name: key.slice(last + 1),
    };
  };

  it('leaves what is harmless, and what is the user’s, alone', () => {
    const entries = [
      entry('global', 'filter.lfs.clean', 'git-lfs clean'),
      entry('system', 'credential.helper', 'store'),
      entry('local', 'remote.origin.url', 'x'),
      entry('local', 'branch.main.remote', 'origin'),
      entry('local', 'submodule.x.url', 'y'),
    ];
    expect(neutralise(entries)).toEqual({ settings: [], env: {} });
  });

  it('restores the user’s helpers, in their order, behind an empty one', () => {
    const { settings } = neutralise([
      entry('system', 'credential.helper', 'one'),
      entry('global', 'credential.https://x.helper', 'two'),
      entry('local', 'credential.helper', 'evil'),
    ]);
    expect(settings).toEqual([
      ['credential.helper', ''],
      ['credential.helper', 'one'],
      ['credential.https://x.helper', 'two'],
    ]);
  });

  it('does not fetch objects from where the repository’s own program would have to', () => {
    expect(neutralise([entry('local', 'remote.a.b.uploadpack', 'evil')])).toEqual({
      settings: [['remote.a.b.uploadpack', 'git-upload-pack']],
      env: { GIT_NO_LAZY_FETCH: '1' },
    });
  });

  it('says settings so that no name escapes', () => {
    expect(settingsAsEnvironment([['filter.a=b.clean', 'x=y']])).toEqual({
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'filter.a=b.clean',
      GIT_CONFIG_VALUE_0: 'x=y',
    });
  });
});

describe('names', () => {
  it('are ids or full refs, or refused', () => {
    expect(isId('a'.repeat(40)) && isId('0'.repeat(64))).toBe(true);
    for (const text of ['', 'a'.repeat(39), 'A'.repeat(40), `${'a'.repeat(40)}\n`]) expect(isId(text)).toBe(false);
    for (const text of ['refs/heads/main', 'refs/heads/-x', 'refs/amp/sessions/s/w', 'refs/heads/ünï'])
      expect(isFullRef(text)).toBe(true);
  });

  it('are never refs that git would not have', async () => {
    const characters = fc.constantFrom(
      'a',
      '/',
      '.',
      '-',
      '@',
      '{',
      '~',
      '^',
      ':',
      '?',
      '*',
      '[',
      '\\',
      ' ',
      '..',
      '.lock',
      '\x7f',
      'é',
    );
    const names = fc.sample(
      fc.array(characters, { maxLength: 6 }).map((parts) => `refs/${parts.join('')}`),
      { numRuns: 120, seed: 3 },
    );
    for (const name of names) {
      const { exitCode } = await sh('/', `git check-ref-format '${name}'`);
      if (isFullRef(name)) expect(exitCode, name).toBe(0);
    }
  });
});
