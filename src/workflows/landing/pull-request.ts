import { AppError, isAppError } from '../../errors.ts';
import { isAncestor, mergeBase } from '../../git/commits.ts';
import { diffFiles } from '../../git/diff.ts';
import { gitText } from '../../git/git.ts';
import { readRef } from '../../git/refs.ts';
import { remoteBranches, withoutPassword } from '../../git/remotes.ts';
import type { Session } from '../../session/state.ts';
import { branchGone } from '../branch-gone.ts';
import type { Context } from '../context.ts';
import { type Interrupts, isStopped } from '../interrupts.ts';
import { type Forge, forgeOf, formUrl, type Place, placeOfUrl } from './forge.ts';
import { type ForgeTool, findForgeTool, type Proposal } from './forge-tools.ts';
import { pullRequestBody, pullRequestTitle } from './pull-request-text.ts';
import { choosePlace, type OwnRecord, type PushPlace, pushSession } from './push-session.ts';

export interface PullRequestWish {
  /** Branch name at the remote. */
  base: string;
  remote?: string;
  title?: string;
  body?: string;
  draft?: boolean;
  dryRun?: boolean;
  interrupts?: Interrupts;
}

export interface PullRequest {
  /** Of the pull request, else of the form that opens one; with an unknown host, of the repository. */
  url: string;
  /** False: the user was given an address, and opens it themselves. */
  opened: boolean;
  /** It was open already. */
  existing: boolean;
  host: Forge;
  remote: string;
  branch: string;
  base: string;
  title: string;
  body: string;
  commit: string;
  /** False: the remote had the commit already, or it was a dry run. */
  pushed: boolean;
}

const tipOf = async (ctx: Context, session: Session): Promise<string> => {
  const { conflict, openOperation, branch, name, id } = session;
  if (conflict || openOperation)
    throw new AppError(
      'session.refused',
      `Session ${name} has a ${openOperation?.verb ?? 'rebase'} that has not ended.`,
      {
        hint: conflict ? `Go on with \`amp-sessions rebase ${id} --continue\`.` : 'Run the command again.',
      },
    );
  const tip = await readRef(ctx.repo, `refs/heads/${branch}`);
  if (tip !== undefined) return tip;
  throw branchGone(session);
};

/** Whether the object is here: a remote's branch may be ahead of what was fetched. */
const isHere = async (ctx: Context, commit: string): Promise<boolean> =>
  (await gitText(ctx.repo, ['rev-parse', '--verify', '--quiet', `${commit}^{commit}`], { ok: [0, 1, 128] })) === commit;

interface Ends {
  commit: string;
  there: string | undefined;
  /** Where the work begins, as far as is known here. */
  from: string;
}

/** Looks at both ends before anything moves. @throws AppError ref.missing, session.refused, remote.unreachable */
const lookAtEnds = async (
  ctx: Context,
  session: Session,
  place: PushPlace & { base: string; signal: AbortSignal },
): Promise<Ends> => {
  const commit = await tipOf(ctx, session);
  const { base, remote, upstream, signal } = place;
  const isOne = remote.name === upstream.name;
  const wanted = isOne ? [base, session.branch] : [base];
  const branches = await remoteBranches(ctx.repo, upstream.name, wanted, { signal });
  const target = branches.get(base);
  if (target === undefined)
    throw new AppError('ref.missing', `There is no branch ${base} at ${upstream.name}.`, {
      hint: `\`git ls-remote --heads ${upstream.name}\` lists what there is.`,
    });
  const own = isOne ? branches : await remoteBranches(ctx.repo, remote.name, [session.branch], { signal });
  const isKnown = await isHere(ctx, target);
  if (isKnown && (await isAncestor(ctx.repo, commit, target)))
    throw new AppError(
      'session.refused',
      `Session ${session.name} has nothing that ${base} at ${upstream.name} has not.`,
      {
        hint: `Run \`amp-sessions iterate ${session.id}\` first.`,
      },
    );
  const from = (isKnown && (await mergeBase(ctx.repo, target, commit))) || session.baseCommit;
  return { commit, there: own.get(session.branch), from };
};

/** The address as git rewrites it tells the most, the one in the configuration the rest. */
const placeOf = (remote: PushPlace['remote']): Place | null => placeOfUrl(remote.url) ?? placeOfUrl(remote.named);

interface Host {
  forge: Forge;
  /** A tool that is installed and logged in there. */
  tool?: ForgeTool;
}

/** Whose the host is: by its name, else by which tool is logged in there. */
const hostOf = async (ctx: Context, place: Place | null, signal: AbortSignal): Promise<Host> => {
  if (place === null) return { forge: 'other' };
  const known = forgeOf(place, ctx.env);
  const kinds = (['github', 'gitlab'] as const).filter((kind) => known === null || known === kind);
  for (const forge of kinds) {
    const tool = findForgeTool(ctx, forge === 'github' ? 'gh' : 'glab', signal);
    if (tool && (await tool.isLoggedIn(place.host))) return { forge, tool };
    if (tool && known !== null)
      ctx.warn(`${tool.name} is not logged in to ${place.host}: \`${tool.name} auth login --hostname ${place.host}\`.`);
  }
  return { forge: known ?? 'other' };
};

const interrupted = (branch: string, pushed: boolean): AppError =>
  new AppError(
    'interrupted',
    `Interrupted; the branch ${branch} ${pushed ? 'was pushed' : 'may not have been pushed'}.`,
    {
      hint: 'Run the command again; it goes on where this one stopped.',
    },
  );

/** What was pushed stays pushed, and is said beside the error. */
const withWayOn = (
  error: unknown,
  known: { form: string; dryRun: boolean; answer: Record<string, unknown> },
): unknown => {
  if (!isAppError(error, 'pull-request.failed')) return error;
  const state = known.dryRun ? 'Nothing was pushed.' : 'The branch is pushed.';
  const hint = `${state} Open it by hand: ${known.form} , or run the command again.`;
  return new AppError('pull-request.failed', error.message, { hint, answer: known.answer, cause: error });
};

const signalOf = (interrupts: Interrupts | undefined): { signal: AbortSignal; off(): void } => {
  const aborted = new AbortController();
  const off = interrupts?.onStop(() => aborted.abort());
  return { signal: aborted.signal, off: () => off?.() };
};

/**
 * Pushes the session's branch and opens a pull request for it, with the command-line tool of the host where that is
 * installed and logged in, else by giving the address of the form. One that is open already is found, not opened twice.
 * The push is on record before the rest is tried.
 * @throws AppError remote.missing, remote.ambiguous, remote.unreachable, ref.missing, push.rejected, hook.failed,
 *   pull-request.failed, session.refused, interrupted
 */
export const openPullRequest = async (
  ctx: Context,
  journal: OwnRecord,
  wish: PullRequestWish,
): Promise<PullRequest> => {
  const { signal, off } = signalOf(wish.interrupts);
  let pushed = false;
  try {
    if (isStopped(wish.interrupts)) throw interrupted(journal.session.branch, pushed);
    const place = await choosePlace(ctx, wish.base, wish.remote);
    const ends = await lookAtEnds(ctx, journal.session, { ...place, base: wish.base, signal });
    const host = await hostOf(ctx, placeOf(place.upstream), signal);
    const draft = await draftOf(ctx, journal.session, { ...place, ...ends, host, wish });
    if (!wish.dryRun) pushed = await pushSession(ctx, journal, { remote: place.remote, ...ends, signal });
    const done = await propose(journal.session, draft, { host, dryRun: wish.dryRun === true, pushed });
    if (!wish.dryRun) await remember(ctx, journal, done);
    return done;
  } catch (error) {
    throw isStopped(wish.interrupts) && !isAppError(error, 'interrupted')
      ? interrupted(journal.session.branch, pushed)
      : error;
  } finally {
    off();
  }
};

interface Draft {
  answer: Omit<PullRequest, 'url' | 'opened' | 'existing' | 'pushed'>;
  /** Null where nobody can be asked to take it. */
  proposal: Proposal | null;
  form: string;
}

const draftOf = async (
  ctx: Context,
  session: Session,
  known: PushPlace & Ends & { host: Host; wish: PullRequestWish },
): Promise<Draft> => {
  const { remote, upstream, commit, from, host, wish } = known;
  const { base } = wish;
  const { branch } = session;
  const files = wish.body === undefined ? await diffFiles(ctx.repo, from, commit) : [];
  const title = await ctx.redact(wish.title ?? pullRequestTitle(session));
  const body = await ctx.redact(wish.body ?? pullRequestBody(session, files));
  const into = placeOf(upstream);
  const proposal = into && {
    into,
    from: placeOf(remote) ?? into,
    branch,
    base,
    title,
    body,
    draft: wish.draft === true,
  };
  const form = proposal ? formUrl(host.forge, proposal) : withoutPassword(upstream.url);
  const answer = { host: host.forge, remote: remote.name, branch, base, title, body, commit };
  return { answer, proposal, form };
};

const propose = async (
  session: Session,
  { answer, proposal, form }: Draft,
  how: { host: Host; dryRun: boolean; pushed: boolean },
): Promise<PullRequest> => {
  const { pushed } = how;
  const { tool } = how.host;
  if (!tool || !proposal) return { ...answer, url: form, opened: false, existing: false, pushed };
  try {
    const found = await tool.find(proposal);
    if (found !== undefined) return { ...answer, url: found, opened: true, existing: true, pushed };
    if (how.dryRun) return { ...answer, url: form, opened: false, existing: false, pushed };
    return { ...answer, url: await tool.open(proposal), opened: true, existing: false, pushed };
  } catch (error) {
    const { body: _, ...told } = answer;
    throw withWayOn(error, { form, dryRun: how.dryRun, answer: { session: session.id, ...told, pushed } });
  }
};

const remember = async (ctx: Context, journal: OwnRecord, done: PullRequest): Promise<void> => {
  const { url, opened, host, remote, branch, base, title, commit } = done;
  if (host === 'other')
    ctx.warn(`Nobody here knows how ${remote} takes pull requests: open one from ${branch} into ${base} by hand.`);
  const last = journal.session.pullRequest;
  if (last?.url === url && last.commit === commit && last.opened === opened) return;
  const data = { url, opened, host, remote, branch, base, title, commit };
  await journal.record([{ type: 'pull-request.opened', by: 'program', data }]);
};
