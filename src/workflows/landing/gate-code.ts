import { catFileStream } from '../../git/git.ts';
import type { PatchFile } from '../../git/patches.ts';
import type { Context } from '../context.ts';
import { counted, forReview, type Gate, type GateFinding, passed } from './gate.ts';
import { changedCommands, isPackageFile, whyItRuns } from './runs-code.ts';

const EXECUTABLE = '100755';
const GITLINK = '160000';
const LINK = '120000';

const isFile = (mode: string): boolean => mode.startsWith('100');

/** The texts of objects, by one process. */
const textsOf = async (ctx: Context, ids: string[]): Promise<Map<string, string>> => {
  const texts = new Map<string, string>();
  if (ids.length > 0)
    await catFileStream(ctx.repo, [...new Set(ids)], (id, bytes) => texts.set(id, bytes.toString('utf8')));
  return texts;
};

const byNameOrMode = (file: PatchFile): string | undefined => {
  const why = whyItRuns(file.path);
  if (why) return why;
  if (file.newMode === GITLINK) return "a submodule: another repository's code";
  if (file.newMode === EXECUTABLE && file.oldMode !== EXECUTABLE) return 'may be executed now';
  return undefined;
};

/** Files of a change that run code or steer what does, and why each is named. */
export const findCode = async (ctx: Context, files: PatchFile[]): Promise<GateFinding[]> => {
  const left = files.filter(({ status }) => status !== 'deleted');
  const packages = left.filter(({ path, newMode }) => isPackageFile(path) && isFile(newMode));
  const texts = await textsOf(
    ctx,
    packages.flatMap(({ oldMode, oldId, newId }) => (isFile(oldMode) ? [oldId, newId] : [newId])),
  );
  return left.flatMap((file) => {
    const { path, oldId, oldMode, newId } = file;
    const why = byNameOrMode(file);
    const commands = packages.includes(file)
      ? changedCommands(isFile(oldMode) ? texts.get(oldId) : undefined, texts.get(newId)!)
      : [];
    const isLinked = file.newMode === LINK && isPackageFile(path) ? ['a link now'] : [];
    const reasons = [...(why ? [why] : []), ...commands, ...isLinked];
    return reasons.length === 0 ? [] : [{ path, text: reasons.join(', ') }];
  });
};

/** Changed files that run code on somebody's machine: a person should have read them. */
export const codeGate = async (ctx: Context, files: PatchFile[]): Promise<Gate> => {
  const findings = await findCode(ctx, files);
  if (findings.length === 0) return passed('code', 'no changed file runs code by itself');
  const what = `${counted(findings.length, 'changed file')} may run code by ${findings.length === 1 ? 'itself' : 'themselves'}`;
  return forReview('code', what, {
    findings,
    hint: 'Read them before you let them in.',
  });
};
