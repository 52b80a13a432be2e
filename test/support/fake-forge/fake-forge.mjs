#!/usr/bin/env node
/**
 * Stand-in for `gh` and `glab`, by the name it is started with: what the real ones refuse without a person at a
 * terminal, it refuses. Its world is the JSON file that FAKE_FORGE names.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const name = path.basename(process.argv[1]).replace(/\.mjs$/, '');
const argv = process.argv.slice(2);
const file = process.env.FAKE_FORGE;
const world = JSON.parse(readFileSync(file, 'utf8'));
const save = () => writeFileSync(file, JSON.stringify(world));

const fail = (message, code = 1) => {
  process.stderr.write(`${message}\n`);
  process.exit(code);
};

/** Flags as cobra reads them: `--flag value`, `--flag=value`; those that are not known are refused. */
const flags = (args, known) => {
  const found = { rest: [] };
  for (let at = 0; at < args.length; at++) {
    const [, flag, , value] = /^--([\w-]+)(=([\s\S]*))?$/.exec(args[at]) ?? [];
    if (flag === undefined) found.rest.push(args[at]);
    else if (!(flag in known)) fail(`unknown flag: --${flag}`);
    else if (known[flag] === 'boolean') found[flag] = true;
    else found[flag] = value ?? args[++at];
  }
  return found;
};

const isInRepository = () => {
  for (let dir = process.cwd(); ; dir = path.dirname(dir)) {
    if (existsSync(path.join(dir, '.git'))) return true;
    if (path.dirname(dir) === dir) return false;
  }
};

const stdin = () => readFileSync(0, 'utf8');
appendFileSync(
  `${file}.calls`,
  `${JSON.stringify({ name, argv, inRepository: isInRepository(), git: process.env.GIT_DIR })}\n`,
);

const tip = (repository, branch) => {
  const bare = world.repositories[repository];
  if (!bare) return undefined;
  try {
    return execFileSync('git', ['--git-dir', bare, 'rev-parse', '--verify', '-q', `refs/heads/${branch}`], {
      encoding: 'utf8',
    }).trim();
  } catch {
    return undefined;
  }
};

if (argv[0] === 'auth' && argv[1] === 'status') {
  const { hostname } = flags(argv.slice(2), { hostname: 'string' });
  if (world.loggedIn.includes(hostname)) process.exit(0);
  fail(`You are not logged into any accounts on ${hostname}`);
}
if (world.fails?.[argv[1]] || world.fails?.[argv[0]]) fail(world.fails[argv[1]] ?? world.fails[argv[0]]);

const gh = () => {
  const [topic, verb, ...args] = argv;
  if (topic !== 'pr') fail(`unknown command "${topic}" for "gh"`);
  const common = { repo: 'string', head: 'string', base: 'string' };
  const list = { ...common, state: 'string', json: 'string', limit: 'string' };
  const create = { ...common, title: 'string', body: 'string', 'body-file': 'string', draft: 'boolean' };
  const given = flags(args, verb === 'list' ? list : create);
  if (given.repo === undefined) fail('fatal: not a git repository (or any of the parent directories): .git');
  const [, host = 'github.com', repository] = /^(?:([^/]+)\/)?([^/]+\/[^/]+)$/.exec(given.repo) ?? [];
  if (!repository) fail(`expected the "[HOST/]OWNER/REPO" format, got "${given.repo}"`);
  if (!world.loggedIn.includes(host)) fail('To get started with GitHub CLI, please run:  gh auth login', 4);
  if (!world.repositories[repository])
    fail(`GraphQL: Could not resolve to a Repository with the name '${repository}'.`);
  const owner = repository.split('/')[0];
  if (verb === 'list') {
    if (given.head?.includes(':')) return process.stdout.write('[]\n');
    const open = world.pulls.filter(
      (it) => it.repository === repository && it.state === 'OPEN' && it.branch === given.head,
    );
    const shown = open.map(({ url, owner: login }) => ({ url, headRepositoryOwner: { login } }));
    return process.stdout.write(`${JSON.stringify(shown)}\n`);
  }
  if (verb !== 'create') fail(`unknown command "${verb}" for "gh pr"`);
  if (given.title === undefined || (given.body === undefined && given['body-file'] === undefined))
    fail(
      'must provide `--title` and `--body` (or `--fill` or `fill-first` or `--fillverbose`) when not running interactively',
    );
  const body = given['body-file'] === '-' ? stdin() : given.body;
  const [headOwner, branch] = given.head.includes(':') ? given.head.split(':') : [owner, given.head];
  const from = `${headOwner}/${repository.split('/')[1]}`;
  const head = tip(from, branch);
  const base = tip(repository, given.base);
  if (!head)
    fail("pull request create failed: GraphQL: Head sha can't be blank, Head ref must be a branch (createPullRequest)");
  if (!base)
    fail("pull request create failed: GraphQL: Base sha can't be blank, Base ref must be a branch (createPullRequest)");
  if (head === base)
    fail(`pull request create failed: GraphQL: No commits between ${given.base} and ${branch} (createPullRequest)`);
  if (given.title.trim() === '' || given.title.length > 256)
    fail('pull request create failed: GraphQL: Title is too long or blank');
  if (body.length > 65_536) fail('pull request create failed: GraphQL: Body is too long (maximum is 65536 characters)');
  const twin = world.pulls.find((it) => it.branch === branch && it.owner === headOwner && it.state === 'OPEN');
  if (twin) fail(`a pull request for branch "${given.head}" into branch "${given.base}" already exists:\n${twin.url}`);
  const url = `https://${host}/${repository}/pull/${world.pulls.length + 1}`;
  world.pulls.push({
    url,
    repository,
    owner: headOwner,
    branch,
    base: given.base,
    title: given.title,
    body,
    draft: given.draft === true,
    state: 'OPEN',
  });
  save();
  process.stderr.write(`\nCreating pull request for ${given.head} into ${given.base} in ${repository}\n\n`);
  return process.stdout.write(`${url}\n`);
};

const glab = () => {
  if (argv[0] !== 'api') fail(`Unknown command "${argv[0]}" for "glab".`);
  const given = flags(argv.slice(1), { hostname: 'string', method: 'string', header: 'string', input: 'string' });
  if (!world.loggedIn.includes(given.hostname)) fail('glab: 401 Unauthorized (HTTP 401)');
  const [, encoded, rest = ''] =
    /^projects\/([^/?]+)(.*)$/.exec(given.rest[0]) ?? fail('glab: 404 Not Found (HTTP 404)');
  const project = decodeURIComponent(encoded);
  const names = Object.keys(world.repositories);
  if (!names.includes(project)) fail('glab: 404 Project Not Found (HTTP 404)');
  if (rest === '') return process.stdout.write(JSON.stringify({ id: names.indexOf(project) + 1 }));
  const url = new URL(rest, 'https://x');
  if (url.pathname !== '/merge_requests') fail('glab: 404 Not Found (HTTP 404)');
  if (given.method !== 'POST') {
    const open = world.pulls.filter(
      (it) => it.repository === project && it.state === 'opened' && it.branch === url.searchParams.get('source_branch'),
    );
    return process.stdout.write(JSON.stringify(open.map((it) => ({ web_url: it.url }))));
  }
  if (!/^content-type: application\/json$/i.test(given.header ?? '')) fail('glab: 400 Bad Request (HTTP 400)');
  const wish = JSON.parse(stdin());
  const into = wish.target_project_id ? names[wish.target_project_id - 1] : project;
  if (!tip(project, wish.source_branch) || !tip(into, wish.target_branch))
    fail('glab: 400 branch does not exist (HTTP 400)');
  if (world.pulls.some((it) => it.branch === wish.source_branch && it.state === 'opened'))
    fail('glab: Another open merge request already exists for this source branch: !1 (HTTP 409)');
  const made = {
    url: `https://${given.hostname}/${into}/-/merge_requests/${world.pulls.length + 1}`,
    repository: into,
    branch: wish.source_branch,
  };
  world.pulls.push({ ...made, base: wish.target_branch, title: wish.title, body: wish.description, state: 'opened' });
  save();
  return process.stdout.write(JSON.stringify({ web_url: made.url }));
};

if (name === 'gh') gh();
else glab();
