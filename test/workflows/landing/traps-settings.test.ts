import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rarely } from '../../support/rarely.ts';
import { git, sh, tempDir } from '../../support/repo.ts';
import { lookAt, playAll, spring, type Trap, tool } from './trap.ts';

const plays = async (trap: Trap): Promise<void> => void (await playAll(trap));
const cat = async (dir: string, file: string) => (await sh(dir, `cat '${file}'`)).stdout;

describe.skipIf(process.platform !== 'linux')('line ends and attributes', { timeout: 240_000 }, () => {
  const crlf = "printf 'one\\r\\ntwo\\r\\n' > crlf.txt; printf 'one\\ntwo\\n' > lf.txt";

  it('text=auto eol=crlf: a clean checkout stays clean, and has the line ends it should', async () => {
    const w = await playAll({
      anew: true,
      before: `echo '* text=auto eol=crlf' > .gitattributes; ${crlf}; git add --renormalize .; git commit -qm x; rm *.txt; git checkout -q .`,
      one: "printf 'one\\r\\nTWO\\r\\n' > crlf.txt; printf 'new\\r\\n' > new.txt",
      two: "printf 'one\\nlf now\\n' > lf.txt; printf 'a\\r\\nb\\nmixed\\n' > mixed.txt",
      upstream: "printf 'up\\r\\n' > up.txt",
    });
    await w.merge();
    expect(await cat(w.dir, 'crlf.txt')).toBe('one\r\nTWO\r\n');
    expect(await git(w.dir, 'show', 'main:crlf.txt')).toBe('one\nTWO');
  });

  it.each(['true', 'input'])('core.autocrlf %s', (value) =>
    plays({
      anew: true,
      before: `git config core.autocrlf ${value}; ${crlf}; git add -A 2>/dev/null; git commit -qm x; rm *.txt; git checkout -q .`,
      one: "printf 'one\\r\\nTWO\\r\\n' > crlf.txt; printf 'lf\\n' > lf.txt",
      two: "printf 'new\\r\\n' > new.txt; printf 'bin\\0\\r\\n' > bin; rm b.txt",
      upstream: "printf 'up\\r\\n' > up.txt",
    }),
  );

  rarely('line ends that were committed as they are, and stay so', () =>
    plays({
      before: crlf,
      one: "printf 'one\\r\\nTWO\\r\\n' > crlf.txt",
      two: "printf 'one\\r\\ntwo\\r\\n' > lf.txt",
      upstream: 'echo up > up.txt',
    }),
  );

  it('attributes that change within the session, for files that do not', () =>
    plays({
      anew: true,
      lazy: true,
      before: `echo '*.txt -text' > .gitattributes; ${crlf}; printf 'c\\n' > c.c`,
      one: "echo '*.txt text eol=crlf' > .gitattributes; git add --renormalize . ; printf 'c2\\n' > c.c",
      two: "echo '*.c eol=crlf' >> .gitattributes; printf 'c3\\n' > c.c; echo '*.c text eol=lf' > src/.gitattributes",
      upstream: 'echo up > up.md',
    }));

  rarely('text in UTF-16, keywords, and a file without a newline', () =>
    plays({
      anew: true,
      before: `printf '*.utf16 working-tree-encoding=UTF-16LE text\\n*.id ident\\n' > .gitattributes
        printf 'h\\0i\\0\\n\\0' > t.utf16; printf '$Id$ text' > t.id`,
      one: "printf 'h\\0o\\0\\n\\0' > t.utf16; printf '$Id$ changed' > t.id",
      two: "printf '\\075\\330\\000\\336\\n\\0' > u.utf16; echo more >> t.id",
      upstream: 'echo up > up.txt',
    }),
  );
});

describe.skipIf(process.platform !== 'linux')('settings of the repository', { timeout: 240_000 }, () => {
  const HOOKS = `applypatch-msg pre-applypatch post-applypatch pre-commit pre-merge-commit prepare-commit-msg commit-msg
    post-commit pre-rebase post-checkout post-merge pre-push post-rewrite reference-transaction post-index-change
    sendemail-validate fsmonitor-watchman pre-auto-gc push-to-checkout`.split(/\s+/);

  it('no hook that somebody planted runs, wherever it is planted', async () => {
    const mark = join(tempDir(), 'mark');
    const hook = tool(`echo "$0 $*" >> '${mark}'`);
    const w = await spring({
      one: 'echo one >> f',
      two: 'echo two >> f',
      upstream: 'echo up > up.txt',
    });
    for (const folder of ['.git/hooks', 'planted']) {
      await sh(w.dir, `mkdir -p ${folder}; for h in ${HOOKS.join(' ')}; do cp '${hook}' ${folder}/$h; done`);
    }
    await git(w.dir, 'config', 'core.hooksPath', 'planted');
    await git(w.dir, 'config', 'core.fsmonitor', hook);
    await git(w.dir, 'config', 'core.editor', hook);
    await git(w.dir, 'config', 'gpg.program', hook);
    await git(w.dir, 'config', 'merge.default', 'evil');
    await git(w.dir, 'config', 'merge.evil.driver', hook);
    await sh(w.dir, 'rm -r planted/../planted.x 2>/dev/null; echo planted >> .git/info/exclude');
    await w.squash();
    await w.undo();
    await w.rewind(1);
    await w.undo();
    await w.merge();
    await w.undo();
    await w.merge({ noFf: true, squash: false });
    await w.undo();
    expect((await sh(w.dir, `cat '${mark}'`)).stdout).toBe('');
  });

  rarely('its commit.gpgSign is not believed, and its encoding of commits neither', async () => {
    const w = await spring({
      setting:
        'git config commit.gpgSign true; git config gpg.program /bin/false; git config i18n.commitEncoding latin1; git config user.signingKey x',
      one: 'echo one >> f',
      two: 'echo two >> f',
      upstream: 'git -c commit.gpgSign=false commit -q --allow-empty -m up',
    }).catch((error: unknown) => error);
    // A person's own `git commit` in that repository fails; ours does not come into it.
    expect(w).toBeInstanceOf(Error);
    const v = await spring({ one: 'echo one >> f', two: 'echo two >> f', upstream: 'echo up > up.txt' });
    await sh(
      v.dir,
      'git config commit.gpgSign true; git config gpg.program /bin/false; git config i18n.commitEncoding latin1',
    );
    const message = 'Größe — 日本語';
    await v.merge({ message, noFf: true });
    const raw = await git(v.dir, 'cat-file', 'commit', 'main^2');
    expect(raw).toContain(message);
    expect(raw).not.toMatch(/^(gpgsig|encoding)/m);
    expect(await git(v.dir, 'cat-file', 'commit', 'main')).not.toMatch(/^gpgsig/m);
  });

  it('a person’s commit in another encoding keeps its bytes', async () => {
    const w = await spring({ one: 'echo one >> f', two: 'echo two >> f', upstream: 'echo up > up.txt' });
    const date = "GIT_AUTHOR_DATE='1112911993 +0530'";
    const line = `printf 'Gr\\366\\337e\\n' | ${date} git -c i18n.commitEncoding=latin1 commit -q -F -`;
    await sh(w.worktree, `echo mine > mine; git add mine; ${line}`);
    const before = await w.all();
    await w.merge();
    const raw = (await sh(w.dir, 'git cat-file commit main | od -An -c | tr -d " \\n"')).stdout;
    expect(raw).toContain('encodinglatin1');
    expect(raw).toContain('Gr366337e');
    expect(await git(w.dir, 'log', '-1', '--format=%ad', '--date=raw', 'main')).toBe('1112911993 +0530');
    await w.undo();
    expect(await w.all()).toEqual(before);
  });

  rarely('somebody who never told git a name', async () => {
    const w = await spring({ one: 'echo one >> f', two: 'echo two >> f', upstream: 'echo up > up.txt' });
    await sh(w.dir, 'git config --unset user.name; git config --unset user.email');
    const before = await w.all();
    await w.merge({ noFf: true });
    expect(await git(w.dir, 'log', '-1', '--format=%an|%cn', 'main')).toMatch(/^\S.*\|\S/);
    await w.undo();
    expect(await w.all()).toEqual(before);
  });
});

describe.skipIf(process.platform !== 'linux')('repositories of other kinds', { timeout: 240_000 }, () => {
  it('SHA-256', () =>
    plays({
      repo: { objectFormat: 'sha256' },
      one: 'echo one >> f; mkdir d; echo d > d/x',
      two: 'echo two >> f; rm b.txt',
      upstream: 'echo up > up.txt',
    }));

  rarely('bare: only the branch moves, and comes back', async () => {
    const w = await spring({ repo: { bare: true }, one: 'echo one >> f', two: 'echo two >> f; rm b.txt' });
    const refs = await git(w.dir, 'for-each-ref', 'refs/heads');
    const before = await lookAt(w.worktree);
    expect(await w.merge()).toMatchObject({ checkout: null, target: 'main' });
    expect(await git(w.dir, 'ls-tree', '--name-only', 'main')).toBe('a.txt\nf\nsrc');
    await w.undo();
    expect([await git(w.dir, 'for-each-ref', 'refs/heads'), await lookAt(w.worktree)]).toEqual([refs, before]);
    await w.squash();
    await w.undo();
    await w.rewind(0);
    await w.undo();
    expect([await git(w.dir, 'for-each-ref', 'refs/heads'), await lookAt(w.worktree)]).toEqual([refs, before]);
  });

  it('bare, with the target in a worktree whose path has spaces and quotes', async () => {
    const w = await spring({ repo: { bare: true }, one: 'echo one >> f', two: 'echo two >> f; rm b.txt' });
    const place = join(tempDir(), 'a \'quoted\' "place" – ü');
    await git(w.dir, 'worktree', 'add', '-q', place, 'main');
    const before = await lookAt(place);
    expect(await w.merge()).toMatchObject({ checkout: place });
    expect([await cat(place, 'f'), await git(place, 'status', '--porcelain')]).toEqual(['one\ntwo\n', '']);
    await w.undo();
    expect(await lookAt(place)).toEqual(before);
  });

  rarely('branches with names in any script', async () => {
    const w = await spring({ one: 'echo one >> f', two: 'echo two >> f', upstream: 'echo up > up.txt' });
    for (const into of ['größe/日本語', 'it\'s-"odd"', '-dash', 'a&b;c|d', '😀']) {
      const made = await sh(w.dir, `git update-ref "refs/heads/$NAME" main`, { ...process.env, NAME: into });
      expect(made.exitCode).toBe(0);
      const before = await w.all();
      expect(await w.merge({ into })).toMatchObject({ target: into, checkout: null });
      expect(await w.rev(`refs/heads/${into}`)).toBe(await w.rev(w.branch));
      await w.undo();
      expect(await w.all()).toEqual(before);
    }
  });

  it('a target that was packed away, and one that is a symbolic ref', async () => {
    const w = await spring({ one: 'echo one >> f', two: 'echo two >> f', upstream: 'echo up > up.txt' });
    await git(w.dir, 'branch', 'other');
    await git(w.dir, 'pack-refs', '--all', '--prune');
    const before = await w.all();
    await w.merge();
    await w.undo();
    await w.merge({ into: 'other' });
    await w.undo();
    expect(await w.all()).toEqual(before);
    await git(w.dir, 'symbolic-ref', 'refs/heads/alias', 'refs/heads/other');
    expect(await w.merge({ into: 'alias' })).toMatchObject({ target: 'other' });
    expect(await git(w.dir, 'symbolic-ref', 'refs/heads/alias')).toBe('refs/heads/other');
    expect(await w.rev('other')).toBe(await w.rev(w.branch));
  });
});
