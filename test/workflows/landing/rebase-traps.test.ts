import { describe, expect, it } from 'vitest';
import { git, sh, tempDir } from '../../support/repo.ts';
import { makeRebaseWorld } from './rebase-world.ts';

interface Trap {
  /** Shell commands: what both begin with, what the session does, what upstream does, how somebody decides. */
  base: string;
  session: string;
  upstream: string;
  decide: string;
  kinds: string[];
  /** What the decision is, told by a command in the worktree. */
  look: string;
  shows: string;
  /** Before a decision --continue is refused. */
  refusesFirst?: boolean;
}

const TRAPS: Record<string, Trap> = {
  'a binary file': {
    base: "printf 'a\\0b' > bin",
    session: "printf 'a\\0session' > bin",
    upstream: "printf 'a\\0upstream' > bin",
    decide: "printf 'a\\0both' > bin",
    kinds: ['binary'],
    look: "tr '\\0' '-' < bin",
    shows: 'a-both',
    refusesFirst: true,
  },
  'a file that the session changes and upstream deletes: kept': {
    base: 'echo v1 > gone',
    session: 'echo v2 > gone',
    upstream: 'rm gone',
    decide: 'git add gone',
    kinds: ['modify/delete'],
    look: 'cat gone',
    shows: 'v2',
    refusesFirst: true,
  },
  'a file that the session changes and upstream deletes: deleted': {
    base: 'echo v1 > gone; echo k > kept',
    session: 'echo v2 > gone; echo k2 > kept',
    upstream: 'rm gone',
    decide: 'rm gone',
    kinds: ['modify/delete'],
    look: 'ls gone 2>/dev/null; cat kept',
    shows: 'k2',
  },
  'a file that the session deletes and upstream changes': {
    base: 'echo v1 > gone; echo k > kept',
    session: 'rm gone; echo k2 > kept',
    upstream: 'echo v2 > gone',
    decide: 'git rm -q gone',
    kinds: ['modify/delete'],
    look: 'ls gone 2>/dev/null; cat kept',
    shows: 'k2',
    refusesFirst: true,
  },
  'a file that is renamed on one side and changed on both': {
    base: 'seq 30 > old',
    session: 'git mv old new; sed -i s/^15$/session/ new',
    upstream: 'sed -i s/^15$/upstream/ old',
    decide: "sed -i '/^[<>=|]\\{7\\}/d; /^upstream$/d' new",
    kinds: ['content'],
    look: 'ls old 2>/dev/null; sed -n 14,16p new',
    shows: '14\nsession\n16',
    refusesFirst: true,
  },
  'a file that both rename': {
    base: 'seq 30 > old',
    session: 'git mv old mine',
    upstream: 'git mv old theirs',
    decide: 'git rm -q --cached old mine theirs; rm -f old theirs; git add mine',
    kinds: ['rename/rename'],
    look: 'ls old theirs 2>/dev/null; head -1 mine',
    shows: '1',
  },
  'a symbolic link': {
    base: 'ln -s a.txt link',
    session: 'ln -sf b.txt link',
    upstream: 'ln -sf src/c.txt link',
    decide: 'ln -sf nowhere link',
    kinds: ['content'],
    look: 'readlink link',
    shows: 'nowhere',
    refusesFirst: true,
  },
  'lines that end in CR LF': {
    base: "printf 'one\\r\\ntwo\\r\\n' > dos.txt",
    session: "printf 'one\\r\\nsession\\r\\n' > dos.txt",
    upstream: "printf 'one\\r\\nupstream\\r\\n' > dos.txt",
    decide: "printf 'one\\r\\nboth\\r\\n' > dos.txt",
    kinds: ['content'],
    look: 'od -An -c dos.txt | tr -d " "',
    shows: 'one\\r\\nboth\\r\\n',
    refusesFirst: true,
  },
  'a mode that only one side changes, beside its content': {
    base: 'echo v1 > tool',
    session: 'echo session > tool; chmod +x tool',
    upstream: 'echo upstream > tool',
    decide: 'echo both > tool',
    kinds: ['content'],
    look: 'cat tool; test -x tool && echo runs',
    shows: 'both\nruns',
    refusesFirst: true,
  },
  'names with spaces, newlines and letters of all kinds': {
    base: "for f in 'a b' \"new\nline\" 'ümläut 😀' '-q' ':(top)x' '*'; do echo v1 > ./\"$f\"; done",
    session: "for f in 'a b' \"new\nline\" 'ümläut 😀' '-q' ':(top)x' '*'; do echo session > ./\"$f\"; done",
    upstream: "for f in 'a b' \"new\nline\" 'ümläut 😀' '-q' ':(top)x' '*'; do echo upstream > ./\"$f\"; done",
    decide: "for f in 'a b' \"new\nline\" 'ümläut 😀' '-q' ':(top)x' '*'; do echo both > ./\"$f\"; done",
    kinds: ['content'],
    look: "cat 'a b' \"new\nline\" 'ümläut 😀' ./-q ':(top)x' ./'*'",
    shows: 'both\nboth\nboth\nboth\nboth\nboth',
    refusesFirst: true,
  },
  'a file where upstream has a folder now': {
    base: 'echo k > kept',
    session: 'echo file > thing; echo k2 > kept',
    upstream: 'mkdir thing; echo in > thing/in',
    decide: 'git add -A',
    kinds: ['file/directory'],
    look: 'cat thing/in kept; ls | grep -c "^thing~"',
    shows: 'in\nk2\n1',
    refusesFirst: true,
  },
  'the same new file on both sides': {
    base: 'true',
    session: 'echo session > fresh',
    upstream: 'echo upstream > fresh',
    decide: 'echo both > fresh',
    kinds: ['add/add'],
    look: 'cat fresh',
    shows: 'both',
    refusesFirst: true,
  },
};

const commitAll = (dir: string, command: string, message: string) =>
  sh(dir, `${command}\ngit add -A && git commit -q --allow-empty -m '${message}'`);

/** What differs between the formats is the length of ids: a few show it. */
const CASES = Object.entries(TRAPS).flatMap(([name, trap]) => {
  const hasNoMarkers = trap.kinds.some((kind) => /modify|binary|rename/.test(kind));
  const formats = hasNoMarkers ? (['sha1', 'sha256'] as const) : (['sha1'] as const);
  return formats.map((objectFormat) => ({ name, objectFormat, trap }));
});

describe('a conflict waits, can be given up, and goes on as decided, over', () => {
  it.each(CASES)('$name ($objectFormat)', async ({ objectFormat, trap }) => {
    const w = await makeRebaseWorld({ objectFormat });
    await commitAll(w.dir, trap.base, 'Base');
    await git(w.worktree, 'merge', '-q', '--ff-only', 'main');
    await commitAll(w.worktree, trap.session, 'Session');
    await commitAll(w.dir, trap.upstream, 'Upstream');
    const before = await w.whole();
    const { answer, failure } = await w.rebase('main');
    expect(failure?.code).toBe('landing.conflict');
    expect([...new Set(answer.files!.map(({ kind }) => kind))]).toEqual(trap.kinds);
    expect(await git(w.worktree, 'ls-files', '-u')).not.toBe('');
    expect((await w.abort()).answer.kept).toBeUndefined();
    expect(await w.whole()).toBe(before);
    await w.rebase('main');
    if (trap.refusesFirst) await expect(w.goOn()).rejects.toMatchObject({ code: 'landing.conflict' });
    await sh(w.worktree, trap.decide);
    expect((await w.goOn()).answer.state).toBe('rebased');
    expect((await w.inTree(trap.look)).trimEnd()).toBe(trap.shows);
    expect([await w.status(), await w.subjects(`main..${w.branch}`)]).toEqual(['', ['Session']]);
  });
});

describe('a conflict over a submodule', () => {
  it('is decided by the commit that is checked out in it', async () => {
    const inner = tempDir('amp-inner-');
    await sh(inner, 'git init -q -b main . && git config user.name I && git config user.email i@i');
    for (const text of ['1', '2', '3']) await sh(inner, `echo ${text} > f && git add f && git commit -qm ${text}`);
    const [third, second, first] = (await git(inner, 'log', '--format=%H')).split('\n');
    await sh(inner, `git checkout -q -b side ${first} && echo 4 > g && git add g && git commit -qm 4`);
    const side = await git(inner, 'rev-parse', 'HEAD');
    const w = await makeRebaseWorld();
    const point = (dir: string, commit: string, message: string) =>
      sh(dir, `git update-index --add --cacheinfo 160000,${commit},sub && git commit -qm '${message}'`);
    await sh(
      w.dir,
      `printf '[submodule "sub"]\\n\\tpath = sub\\n\\turl = ${inner}\\n' > .gitmodules && git add .gitmodules`,
    );
    await point(w.dir, first!, 'Base');
    await git(w.worktree, 'merge', '-q', '--ff-only', 'main');
    await point(w.worktree, second!, 'Session');
    await point(w.dir, side, 'Upstream');
    const { answer } = await w.rebase('main');
    expect(answer.files).toMatchObject([{ path: 'sub', kind: 'submodule' }]);
    await expect(w.goOn()).rejects.toMatchObject({ code: 'landing.conflict' });
    await sh(
      w.worktree,
      `rm -rf sub && git -c protocol.file.allow=always clone -q ${inner} sub && git -C sub checkout -q ${third} && git add sub`,
    );
    expect((await w.goOn()).answer.state).toBe('rebased');
    expect(await git(w.dir, 'rev-parse', `${w.branch}:sub`)).toBe(third);
  });
});
