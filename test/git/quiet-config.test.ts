import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isQuietChange } from '../../src/git/quiet-config.ts';

const BASE = `[core]
	bare = false
[remote "origin"]
	url = https://example.com/x
	fetch = +refs/heads/*:refs/remotes/origin/*
[remote "fork"]
	url = https://example.com/y
[branch "main"]
	remote = origin
	merge = refs/heads/main
`;

const branch = (...lines: string[]): string =>
  `${BASE}[branch "topic"]\n${lines.map((line) => `\t${line}\n`).join('')}`;

const QUIET: [string, string][] = [
  ['nothing', BASE],
  ['`git push -u`', branch('remote = origin', 'merge = refs/heads/topic')],
  ['`git switch -c --track` of a local branch', branch('remote = .', 'merge = refs/heads/main')],
  ['`branch.autoSetupRebase`', branch('rebase = true')],
  ['a push remote that is known', branch('pushRemote = fork')],
  ['an editor’s merge base', branch('vscode-merge-base = origin/main')],
  ['a tool’s merge base', branch('gh-merge-base = main')],
  ['a pull request’s number', branch('github-pr-owner-number = "o#r#1"')],
  ['`git branch --edit-description`', branch('description = what it is for')],
  ['`git branch -d` of a branch', BASE.replace(/\[branch[\s\S]*/, '')],
  ['another remote of a branch', BASE.replace('remote = origin\n\tmerge', 'remote = fork\n\tmerge')],
  ['a comment', `${BASE}# a comment\n`],
  ['other spaces', BASE.replaceAll('\t', '    ')],
];

const LOUD: [string, string][] = [
  ['a program', `${BASE}[core]\n\tpager = evil\n`],
  ['another url', BASE.replace('example.com/x', 'evil.example/x')],
  ['a new remote', `${BASE}[remote "evil"]\n\turl = /x\n`],
  ['a remote that went', BASE.replace(/\[remote "fork"\]\n.*\n/, '')],
  ['a push url', BASE.replace('fetch =', 'pushurl = /evil\n\tfetch =')],
  ['a url in place of another', `${BASE}[url "https://evil"]\n\tinsteadOf = https://example.com\n`],
  ['an include', `${BASE}[include]\n\tpath = x\n`],
  ['a branch whose remote is a url', branch('remote = https://evil.example/x')],
  ['a branch whose remote is a program', branch('remote = ext::sh')],
  ['a branch whose remote is new as well', `${branch('remote = evil')}[remote "evil"]\n\turl = /x\n`],
  ['a push to somewhere else', branch('pushRemote = /evil')],
  ['options of a merge', branch('mergeOptions = -s evil')],
  ['a setting of all branches', `${BASE}[branch]\n\tautoSetupMerge = always\n`],
  [
    'the order of two values',
    BASE.replace(/(\[remote "origin"\][\s\S]*?)(\[remote "fork"\][\s\S]*?)(?=\[branch)/, '$2$1'),
  ],
  ['a text that is not plain', branch('description = "one \\"two\\""')],
  ['the file’s end', BASE.slice(0, 30)],
];

describe('a change of configuration', () => {
  it.each(QUIET)('of %s runs nothing and sends nothing elsewhere', (_, after) => {
    expect(isQuietChange(BASE, after)).toBe(true);
  });

  it.each(LOUD)('of %s has to be looked at', (_, after) => {
    expect(isQuietChange(BASE, after)).toBe(false);
    // Nor is it quiet together with something that is.
    expect(isQuietChange(BASE, `${after}\n[branch "x"]\n\tmerge = refs/heads/x\n`)).toBe(false);
  });

  it('of a file that comes or goes, or is no text, has to be looked at', () => {
    expect(isQuietChange(undefined, BASE)).toBe(false);
    expect(isQuietChange(BASE, undefined)).toBe(false);
    expect(isQuietChange(undefined, undefined)).toBe(false);
  });

  it('is quiet whichever of the quiet ones it is, both ways', () => {
    const texts = QUIET.map(([, text]) => text);
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.constantFrom(...texts), (a, b) => {
        expect(isQuietChange(a, b)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
