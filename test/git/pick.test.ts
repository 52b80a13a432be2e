import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitTree, readCommit, readCommits } from '../../src/git/commit-tree.ts';
import { pickCommits } from '../../src/git/pick.ts';
import { exec, git, sh, tempDir } from '../support/repo.ts';
import { type Lab, makeLab, ODD_NAMES } from './merge-support.ts';
import { program, startsOf } from './support.ts';

const LINES = 'one\ntwo\nthree\nfour\nfive\n';
const ID = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/** A commit object of any bytes, as other programs write them. */
const rawCommit = async (
  { dir }: Lab,
  parts: { parent: string; author: string; encoding?: string; message: string },
) => {
  const tree = await git(dir, 'rev-parse', `${parts.parent}^{tree}`);
  const encoding = parts.encoding === undefined ? '' : `encoding ${parts.encoding}\n`;
  const text = `tree ${tree}\nparent ${parts.parent}\nauthor ${parts.author}\ncommitter C <c@d> 1700000000 +0000\n${encoding}\n${parts.message}`;
  const file = join(tempDir(), 'commit');
  writeFileSync(file, Buffer.from(text, 'latin1'));
  return git(dir, 'hash-object', '-t', 'commit', '-w', '--literally', file);
};

const raw = async (dir: string, id: string): Promise<string> => {
  const { stdout } = await exec(dir, 'sh', ['-c', `git cat-file commit ${id} | od -An -v -tx1 | tr -d ' \\n'`]);
  return Buffer.from(stdout, 'hex').toString('latin1');
};

const authorLine = (text: string): string => /^author .*$/m.exec(text)![0];
const bodyOf = (text: string): string => text.slice(text.indexOf('\n\n') + 2);

describe('readCommit', () => {
  it('reads tree, parents, author with raw date, message and trailers, many by one process', async () => {
    const lab = await makeLab({ a: 'a\n' });
    const first = await lab.on(
      lab.base,
      { a: 'b\n' },
      'subject\n\nbody: no trailer\n\nReviewed-by: A\nReviewed-by: B\n more\nX-Y: z',
    );
    const second = await lab.on(lab.base, { b: 'b\n' }, 'only: a subject');
    await lab.git('merge', '-q', '--no-edit', first);
    const merge = await lab.git('rev-parse', 'HEAD');
    let read: Awaited<ReturnType<typeof readCommits>> = [];
    const starts = await startsOf(async () => {
      read = await readCommits(lab.repo, [merge, first, second, first]);
    });
    expect(starts).toEqual(['cat-file']);
    expect(read.map(({ id }) => id)).toEqual([merge, first, second, first]);
    expect(read[0]!.parents).toEqual([second, first]);
    expect(read[1]).toMatchObject({
      tree: await lab.git('rev-parse', `${first}^{tree}`),
      parents: [lab.base],
      author: {
        name: 'Test User',
        email: 'test@example.com',
        date: await lab.git('log', '-1', '--format=%ad', '--date=raw', first),
      },
      trailers: { 'Reviewed-by': 'A\nB more', 'X-Y': 'z' },
    });
    expect(read[1]!.message).toMatch(/^subject\n\nbody/);
    expect(read[2]!.trailers).toEqual({});
    expect(await readCommit(lab.repo, first)).toEqual(read[1]);
    expect(await readCommits(lab.repo, [])).toEqual([]);
  });

  it.each([
    ['s\n\nA-B: c\nplain text\n', {}],
    ['s\n\nplain\nSigned-off-by: A <a@b>\n', { 'Signed-off-by': 'A <a@b>' }],
    ['s\n\nA-B: c\n(cherry picked from commit 1)\n', { 'A-B': 'c' }],
    ['A-B: c\n', {}],
    ['s\n\nA-B: c\n \t\n\n', { 'A-B': 'c' }],
    ['', {}],
  ])('trailers of %j are those that git sees', async (message, trailers) => {
    const lab = await makeLab({ a: 'a\n' });
    const id = await rawCommit(lab, { parent: lab.base, author: 'A <a@b> 1 +0000', message });
    expect((await readCommit(lab.repo, id)).trailers).toEqual(trailers);
    const seen = await lab.git('log', '-1', '--format=%(trailers:only,unfold)', id);
    expect(seen.trim()).toBe(
      Object.entries(trailers)
        .map(([key, value]) => `${key}: ${value}`)
        .join('\n'),
    );
  });

  it('decodes what is no UTF-8', async () => {
    const lab = await makeLab({ a: 'a\n' });
    const author = 'J\xfcrgen <j@x> 1 +0000';
    for (const encoding of ['ISO-8859-1', undefined, 'no-such-encoding']) {
      const id = await rawCommit(lab, {
        parent: lab.base,
        author,
        message: 'gr\xfc\xdfe\n',
        ...(encoding && { encoding }),
      });
      expect(await readCommit(lab.repo, id)).toMatchObject({ author: { name: 'Jürgen' }, message: 'grüße\n' });
    }
    const utf8 = Buffer.from('ein \ufffd Zeichen\n').toString('latin1');
    const id = await rawCommit(lab, { parent: lab.base, author, message: utf8 });
    expect((await readCommit(lab.repo, id)).message).toBe('ein \ufffd Zeichen\n');
  });

  it('refuses what is no commit, or not there', async () => {
    const lab = await makeLab({ a: 'a\n' });
    const tree = await lab.git('rev-parse', 'HEAD^{tree}');
    await expect(readCommit(lab.repo, tree)).rejects.toMatchObject({ code: 'git.failed' });
    await expect(readCommit(lab.repo, '1'.repeat(40))).rejects.toMatchObject({ code: 'git.failed' });
    await expect(readCommit(lab.repo, 'HEAD')).rejects.toMatchObject({ code: 'ref.missing' });
  });
});

describe('commitTree', () => {
  it('makes a commit by the user, or by an author given, on no ref', async () => {
    const lab = await makeLab({ a: 'a\n' });
    const tree = await lab.git('rev-parse', 'HEAD^{tree}');
    const head = await lab.git('rev-parse', 'HEAD');
    const id = await commitTree(lab.repo, { tree, parents: [lab.base], message: 'über\n\nbody\n\n\n' });
    expect(await lab.git('log', '-1', '--format=%an|%cn|%P|%T|%B', id)).toBe(
      `Test User|Test User|${lab.base}|${tree}|über\n\nbody\n`,
    );
    const author = { name: 'Änn', email: 'a@b' };
    const other = await commitTree(lab.repo, { tree, parents: [lab.base, id], message: 'm', author });
    expect(await lab.git('log', '-1', '--format=%an <%ae>|%cn|%P', other)).toBe(
      `Änn <a@b>|Test User|${lab.base} ${id}`,
    );
    const root = await commitTree(lab.repo, { tree, parents: [], message: Buffer.from('no newline') });
    expect(bodyOf(await raw(lab.dir, root))).toBe('no newline');
    expect(await lab.git('rev-parse', 'HEAD')).toBe(head);
  });

  it('by a stand-in where git was never told who the user is', async () => {
    const lab = await makeLab({ a: 'a\n' });
    const tree = await lab.git('rev-parse', 'HEAD^{tree}');
    const known = await lab.on(lab.base, { a: 'b\n' });
    await lab.git('config', '--unset', 'user.name');
    await lab.git('config', '--unset', 'user.email');
    const id = await commitTree(lab.repo, { tree, parents: [], message: 'm' });
    expect(await lab.git('log', '-1', '--format=%an|%cn', id)).toBe('amp-sessions|amp-sessions');
    const like = await commitTree(lab.repo, { tree, parents: [], message: 'm', authorOf: known });
    expect(await lab.git('log', '-1', '--format=%an|%cn', like)).toBe('Test User|amp-sessions');
  });

  it.each([
    ['an ordinary one', 'Ann Other <ann@x.org> 1234567890 +0545', undefined, 'm\n'],
    ['long ago', 'A B <a@b> 5 -1130', undefined, 'm\n'],
    ['UTF-8', Buffer.from('Jürgen 🙂 <j@ü> 1700000000 +0200').toString('latin1'), undefined, 'm\n'],
    ['Latin-1 with its header', 'J\xfcrgen <j@x> 1700000000 +0200', 'ISO-8859-1', 'gr\xfc\xdfe\n'],
    ['Latin-1 without', 'J\xfcrgen <j@x> 1700000000 +0200', undefined, 'gr\xfc\xdfe\n'],
    ['a plain name, an encoded message', 'A <a@b> 1700000000 +0200', 'ISO-8859-1', 'gr\xfc\xdfe\n'],
    ['dots and commas at the ends', 'Dr. A. B., jr. <.a@b.> 1700000000 +0000', undefined, 'm\n'],
    ['no name', ' <a@b> 1700000000 +0000', undefined, 'm\n'],
    ['no address', 'A <> 1700000000 +0000', undefined, 'm\n'],
    ['an odd zone', 'A <a@b> 1700000000 -0000', undefined, 'm\n'],
    ['a zone of 90 minutes', 'A <a@b> 1700000000 +0190', undefined, 'm\n'],
    ['no newline at the end', 'A <a@b> 1700000000 +0000', undefined, 'subject'],
    ['many newlines, and lines that look like comments', 'A <a@b> 1 +0000', undefined, '\n# x\n\n\ny\n\n\n'],
    ['nothing at all to say', 'A <a@b> 1 +0000', undefined, ''],
  ])('takes over author, date and encoding byte for byte: %s', async (_name, author, encoding, message) => {
    const lab = await makeLab({ a: 'a\n' });
    const from = await rawCommit(lab, { parent: lab.base, author, message, ...(encoding && { encoding }) });
    const tree = await lab.git('rev-parse', `${lab.base}^{tree}`);
    const id = await commitTree(lab.repo, {
      tree,
      parents: [lab.base],
      message: Buffer.from(message, 'latin1'),
      authorOf: from,
    });
    const made = await raw(lab.dir, id);
    expect(authorLine(made)).toBe(`author ${author}`);
    expect(/^encoding (.*)$/m.exec(made.slice(0, made.indexOf('\n\n')))?.[1]).toBe(encoding);
    expect(bodyOf(made)).toBe(message);
    expect(/^committer .*$/m.exec(made)![0]).toMatch(/^committer Test User <test@example\.com> \d+ [+-]\d{4}$/);
  });

  it('signs with the user’s own program', async () => {
    const lab = await makeLab({ a: 'a\n' });
    const tree = await lab.git('rev-parse', 'HEAD^{tree}');
    const signer = program(
      join(tempDir(), 'signer'),
      "cat >/dev/null; echo '[GNUPG:] SIG_CREATED ' >&2; echo '-----BEGIN PGP SIGNATURE-----'; echo x; echo '-----END PGP SIGNATURE-----'",
    );
    const config = join(process.env['HOME']!, '.gitconfig');
    appendFileSync(config, `[gpg]\n\tprogram = ${signer}\n[user]\n\tsigningKey = me\n`);
    try {
      const id = await commitTree(lab.repo, { tree, parents: [], message: 'm', sign: true });
      expect(await raw(lab.dir, id)).toContain('\ngpgsig -----BEGIN');
      const plain = await commitTree(lab.repo, { tree, parents: [], message: 'm' });
      expect(await raw(lab.dir, plain)).not.toContain('gpgsig');
      const like = await pickCommits(lab.repo, {
        commits: [await lab.on(lab.base, { b: 'b\n' })],
        onto: id,
        sign: true,
      });
      expect(await raw(lab.dir, like.tip)).toContain('\ngpgsig -----BEGIN');
    } finally {
      rmSync(config);
    }
  });

  it('refuses what is no id', async () => {
    const lab = await makeLab({ a: 'a\n' });
    await expect(commitTree(lab.repo, { tree: 'HEAD', parents: [], message: 'm' })).rejects.toMatchObject({
      code: 'ref.missing',
    });
  });
});

describe('pickCommits', () => {
  const upstream = async () => {
    const lab = await makeLab({ a: LINES, b: 'b\n' });
    const onto = await lab.on(lab.base, { a: LINES.replace('five', 'FIVE'), up: 'u\n' }, 'upstream');
    const one = await lab.on(lab.base, { a: LINES.replace('one', 'ONE') }, 'one\n\nbody\n\nX: y');
    const two = await lab.on(one, { new: 'n\n' }, 'two');
    return { lab, onto, one, two };
  };

  it('puts commits on top of another one, messages and authors kept', async () => {
    const { lab, onto, one, two } = await upstream();
    const head = await lab.git('rev-parse', 'HEAD');
    const result = await pickCommits(lab.repo, { commits: [one, two], onto });
    expect(result.conflict).toBeUndefined();
    expect(result.done.map(({ from }) => from)).toEqual([one, two]);
    expect(result.tip).toBe(result.done[1]!.to);
    expect(await lab.git('log', '--format=%s', result.tip)).toBe('two\none\nupstream\nbase');
    expect(await lab.git('show', `${result.tip}:a`)).toBe('ONE\ntwo\nthree\nfour\nFIVE');
    for (const { from, to } of result.done) {
      const [before, after] = [await raw(lab.dir, from), await raw(lab.dir, to)];
      expect([authorLine(after), bodyOf(after)]).toEqual([authorLine(before), bodyOf(before)]);
    }
    expect(await lab.git('rev-parse', 'HEAD')).toBe(head);
    expect(await lab.git('status', '--porcelain')).toBe('');
  });

  it('leaves alone what stands there already, and starts little', async () => {
    const { lab, one, two } = await upstream();
    let result: Awaited<ReturnType<typeof pickCommits>> | undefined;
    const starts = await startsOf(async () => {
      result = await pickCommits(lab.repo, { commits: [one, two], onto: lab.base });
    });
    expect(result).toEqual({
      done: [
        { from: one, to: one },
        { from: two, to: two },
      ],
      dropped: [],
      tip: two,
    });
    expect(starts).toEqual(['cat-file']);
    expect(await pickCommits(lab.repo, { commits: [], onto: two })).toEqual({ done: [], dropped: [], tip: two });
  });

  it('drops what is there already by content, and keeps what never changed anything', async () => {
    const { lab, onto, one, two } = await upstream();
    const there = await lab.on(onto, { a: LINES.replace('one', 'ONE').replace('five', 'FIVE') }, 'the same by another');
    const empty = await lab.on(two, {}, 'empty on purpose');
    const result = await pickCommits(lab.repo, { commits: [one, two, empty], onto: there });
    expect(result.dropped).toEqual([one]);
    expect(result.done.map(({ from }) => from)).toEqual([two, empty]);
    expect(await lab.git('log', '--format=%s', `${there}..${result.tip}`)).toBe('empty on purpose\ntwo');
  });

  it('stops at a conflict, with what was done and what remains', async () => {
    const { lab, one, two } = await upstream();
    const onto = await lab.on(lab.base, { a: LINES.replace('one', 'EIN') });
    const before = await lab.on(lab.base, { c: 'c\n' }, 'before');
    const result = await pickCommits(lab.repo, { commits: [before, one, two], onto });
    expect(result.done.map(({ from }) => from)).toEqual([before]);
    expect(result.tip).toBe(result.done[0]!.to);
    expect(result.conflict).toMatchObject({ commit: one, remaining: [two] });
    expect(result.conflict!.merged.conflicts).toMatchObject([{ path: 'a', kind: 'content' }]);
    expect(await lab.git('show', `${result.conflict!.merged.tree}:a`)).toBe(
      `<<<<<<< ${result.tip.slice(0, 12)}\nEIN\n=======\nONE\n>>>>>>> ${one.slice(0, 12)} (one)\ntwo\nthree\nfour\nfive`,
    );
  });

  it('takes of a merge what somebody did in it, not what came with its other side', async () => {
    const { lab, onto, two } = await upstream();
    const side = await lab.on(lab.base, { side: 's\n' });
    await lab.git('checkout', '-q', '--detach', two);
    await lab.git('merge', '-q', '--no-edit', '-m', 'plain', side);
    const plain = await lab.git('rev-parse', 'HEAD');
    expect(await pickCommits(lab.repo, { commits: [plain], onto })).toMatchObject({ dropped: [plain], tip: onto });
    await sh(lab.dir, 'echo own > own && git add own && git commit -q --amend -m "with more"');
    const merge = await lab.git('rev-parse', 'HEAD');
    const result = await pickCommits(lab.repo, { commits: [merge], onto });
    expect(await lab.git('diff', '--name-only', onto, result.tip)).toBe('own');
    expect(await lab.git('log', '-1', '--format=%P|%s', result.tip)).toBe(`${onto}|with more`);
    const inPlace = await pickCommits(lab.repo, { commits: [merge], onto: two });
    expect(await lab.git('diff', '--name-only', two, inPlace.tip)).toBe('own');
    expect((await pickCommits(lab.repo, { commits: [side, merge], onto: two })).done).toHaveLength(2);
  });

  it('a commit that has no parent adds all that it has', async () => {
    const { lab, onto } = await upstream();
    await lab.git('checkout', '-q', '--orphan', 'other');
    await lab.git('rm', '-rfq', '.');
    await sh(lab.dir, 'echo r > root && git add root && git commit -qm root');
    const root = await lab.git('rev-parse', 'HEAD');
    const result = await pickCommits(lab.repo, { commits: [root], onto });
    expect(await lab.git('diff', '--name-only', onto, result.tip)).toBe('root');
    expect((await pickCommits(lab.repo, { commits: [lab.base], onto })).conflict).toBeDefined();
  });

  it('follows renames, keeps modes and links, swaps files and folders, whatever the names', async () => {
    const lab = await makeLab({
      a: LINES,
      f: 'f\n',
      'd/x': 'd\n',
      ...Object.fromEntries(ODD_NAMES.map((name) => [name, LINES])),
    });
    const onto = await lab.on(lab.base, { a: null, moved: LINES });
    const one = await lab.on(lab.base, {
      a: LINES.replace('one', 'ONE'),
      tool: 'exec:x\n',
      link: 'link:a',
      f: null,
      'f/x': 'x\n',
      'd/x': null,
      d: 'd\n',
      ...Object.fromEntries(ODD_NAMES.map((name) => [name, `${LINES}${name}\n`])),
    });
    const result = await pickCommits(lab.repo, { commits: [one], onto });
    expect(result.conflict).toBeUndefined();
    const [theirs, ours] = await Promise.all([one, result.tip].map((id) => lab.git('ls-tree', '-r', '-z', id)));
    expect(
      ours!
        .split('\0')
        .map((line) => line.replace('\tmoved', '\ta'))
        .sort(),
    ).toEqual(theirs!.split('\0').sort());
  });

  it('in a repository of SHA-256', async () => {
    const lab = await makeLab({ a: LINES }, { objectFormat: 'sha256' });
    const onto = await lab.on(lab.base, { a: LINES.replace('five', 'FIVE') });
    const one = await lab.on(lab.base, { a: LINES.replace('one', 'ONE') });
    const two = await rawCommit(lab, { parent: one, author: 'J\xfcrgen <j@x> 1700000000 +0200', message: 'm\xfc\n' });
    const result = await pickCommits(lab.repo, { commits: [one, two], onto });
    expect(result.tip).toMatch(ID);
    expect(authorLine(await raw(lab.dir, result.tip))).toContain('J\xfcrgen');
    expect((await sh(lab.dir, 'git fsck --no-dangling')).exitCode).toBe(0);
  });
});
