import { openCatFile } from '../../git/git.ts';
import { listRefs } from '../../git/refs.ts';
import type { Repository } from '../../git/repository.ts';
import { ARCHIVE, CODE_ARCHIVE, parseArchiveRef } from '../archive/archive-refs.ts';
import { isOwn } from '../archive/archives.ts';
import type { Packed } from '../archive/contents.ts';
import { readArchive } from '../archive/read-contents.ts';
import { lostArchives } from '../archive/restore-archives.ts';
import type { ObjectReader } from '../notes/plan-notes.ts';
import { decodeCommit, type ObjectFormat } from '../objects/encode.ts';
import type { Problem } from './problem.ts';

const problem = (ref: string, detail: string): Problem => ({
  kind: 'ref',
  log: '',
  writer: parseArchiveRef(ref)?.writer ?? null,
  seq: null,
  where: ref,
  byte: null,
  detail,
  isDamage: true,
});

/** Everything that an archive's links keep reachable. @throws Error when a link is missing or damaged */
const keptBy = async (reader: ObjectReader, tip: string): Promise<Set<string>> => {
  const kept = new Set<string>();
  for (let at: string | undefined = tip; at !== undefined; ) {
    const object = await reader.object(at);
    if (object?.type !== 'commit') throw new Error(`link ${at} is missing`);
    const [before, ...rest] = decodeCommit(object.bytes).parents;
    for (const id of rest) kept.add(id);
    at = before;
  }
  return kept;
};

/** What the list says of a sealed log, against what its last commit says. */
const checkSealed = async (reader: ObjectReader, { ref, commit, lastSeq, head }: Packed): Promise<string[]> => {
  const object = await reader.object(commit);
  if (object?.type !== 'commit') return [`the sealed log of ${ref} is missing`];
  const message = object.bytes.toString('utf8');
  const says = (key: string, value: string): boolean => message.includes(`\n${key}: ${value}\n`);
  const isEnd = says('Amp-Last-Seq', String(lastSeq)) && (says('Amp-Head', head) || !message.includes('\nAmp-Head: '));
  return isEnd ? [] : [`${commit.slice(0, 12)} does not end as the list says of ${ref}`];
};

/** What is wrong with one archive; nothing where its list, its links and its sealed logs agree. */
export const archiveProblems = async (
  reader: ObjectReader,
  { ref, id }: { ref: string; id: string },
  format: ObjectFormat,
): Promise<string[]> => {
  try {
    const { contents } = await readArchive(reader, id, format);
    const kept = await keptBy(reader, id);
    const listed = new Set(contents.map(({ commit }) => commit));
    const name = parseArchiveRef(ref);
    const sealed = ref.startsWith(ARCHIVE) ? contents : [];
    const wrong = await Promise.all(sealed.map((one) => checkSealed(reader, one)));
    return [
      ...contents.filter((one) => name && !isOwn(name, one.ref)).map((one) => `${ref} lists ${one.ref}, not its own`),
      ...contents.filter(({ commit }) => !kept.has(commit)).map((one) => `${ref} does not keep ${one.ref}`),
      ...[...kept]
        .filter((one) => !listed.has(one))
        .map((one) => `${ref} keeps ${one.slice(0, 12)} and does not list it`),
      ...wrong.flat(),
    ];
  } catch (error) {
    return [`${ref} cannot be read: ${error instanceof Error ? error.message : String(error)}`];
  }
};

/** The lists of the archives against what is in them; the lines of the logs are checked log by log. */
export const checkArchives = async (repo: Repository, writer: string): Promise<Problem[]> => {
  const problems = (await lostArchives(repo, writer)).map(({ ref }) => problem(ref, `${ref} is gone`));
  const reader = openCatFile(repo);
  try {
    for (const one of [...(await listRefs(repo, ARCHIVE)), ...(await listRefs(repo, CODE_ARCHIVE))]) {
      const found = await archiveProblems(reader, one, repo.objectFormat);
      problems.push(...found.map((detail) => problem(one.ref, detail)));
    }
  } finally {
    reader.close();
  }
  return problems;
};
