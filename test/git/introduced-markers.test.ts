import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { introducedMarkers } from '../../src/git/introduced-markers.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { git, makeRepo } from '../support/repo.ts';

const CONFLICT = 'one\n<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n';

const commitOf = async (dir: string, files: Record<string, string | Buffer>): Promise<string> => {
  for (const [path, text] of Object.entries(files)) writeFileSync(join(dir, path), text);
  await git(dir, 'add', '-A');
  await git(dir, 'commit', '-q', '-m', 'next');
  return git(dir, 'rev-parse', 'HEAD');
};

/** What `made` has that neither of the others has. */
const markers = async (files: Record<'ours' | 'theirs' | 'made', Record<string, string | Buffer>>) => {
  const dir = await makeRepo();
  const base = await git(dir, 'rev-parse', 'HEAD');
  const ours = await commitOf(dir, { o: 'o', ...files.ours });
  await git(dir, 'checkout', '-q', '--detach', base);
  const theirs = await commitOf(dir, { t: 't', ...files.theirs });
  await git(dir, 'checkout', '-q', '--detach', ours);
  const tree = await git(dir, 'rev-parse', `${await commitOf(dir, { m: 'm', ...files.made })}^{tree}`);
  return introducedMarkers(await locateRepository(dir), { tree, ours, theirs });
};

describe('introducedMarkers', () => {
  it('finds the first one of each file, wherever it is', async () => {
    const made = { 'a.txt': CONFLICT, 'new file': `x\n${CONFLICT}` };
    expect(await markers({ ours: {}, theirs: {}, made })).toEqual([
      { path: 'a.txt', line: 2 },
      { path: 'new file', line: 3 },
    ]);
  });

  it('finds none where there is none', async () => {
    expect(await markers({ ours: {}, theirs: {}, made: { 'a.txt': 'Title\n=====\n<<< no\n' } })).toEqual([]);
  });

  it('takes for none what one of the sides has', async () => {
    const files = { 'doc.md': CONFLICT };
    expect(await markers({ ours: files, theirs: {}, made: { 'doc.md': `${CONFLICT}more\n` } })).toEqual([]);
    expect(await markers({ ours: {}, theirs: files, made: files })).toEqual([]);
    const left = { 'doc.md': `${CONFLICT}<<<<<<< HEAD\n` };
    expect(await markers({ ours: files, theirs: {}, made: left })).toEqual([{ path: 'doc.md', line: 7 }]);
  });

  it('looks into no binary file', async () => {
    const bytes = Buffer.concat([Buffer.of(0), Buffer.from(`\n${CONFLICT}`)]);
    expect(await markers({ ours: {}, theirs: {}, made: { bin: bytes } })).toEqual([]);
  });
});
