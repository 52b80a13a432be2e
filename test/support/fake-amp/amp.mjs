/**
 * A stand-in for Amp: same command line, same refusals, same stream. Without a scenario it asks the server at AMP_URL as
 * the real one does, and gets no further than its answer; with one (FAKE_AMP_SCENARIO) it plays it.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { isExecute, parse, Refusal, requireCommand, requireFlagsToAgree, requireThreadId } from './arguments.mjs';
import { Player } from './player.mjs';
import { askServer, offlineText, statusText } from './server.mjs';
import { Lines, newThreadId, write } from './stream.mjs';

const folder = process.env.FAKE_AMP_DIR;
const scenario = folder ? JSON.parse(readFileSync(path.join(folder, 'scenario.json'), 'utf8')) : undefined;

/** How often this was called before, and with what. */
const remember = (call) => {
  if (!folder) return 0;
  const file = path.join(folder, 'calls.ndjson');
  const before = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  appendFileSync(file, `${JSON.stringify(call)}\n`);
  return before.filter((line) => JSON.parse(line).kind === call.kind).length;
};

const envOfInterest = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(AMP_|GIT_)/.test(name)));

const pick = (list, n) => list[Math.min(n, list.length - 1)];

const readSettings = (options) => {
  const file = options['--settings-file'] ?? process.env.AMP_SETTINGS_FILE;
  if (!file || !existsSync(file)) return;
  try {
    JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new Refusal(
      `Invalid JSON in settings file ${file}\n\nFix the JSON syntax errors. Errors found on lines [0, 1].`,
    );
  }
};

const readMcp = (options) => {
  const given = options['--mcp-config'];
  if (given === undefined || given.trim().startsWith('{')) return;
  if (!existsSync(given))
    throw new Refusal(`Failed to read --mcp-config file: ENOENT: no such file or directory, open '${given}'`);
};

const dataFile = () =>
  path.join(process.env.XDG_DATA_HOME ?? path.join(process.env.HOME ?? '/', '.local', 'share'), 'amp', 'secrets.json');

/** Without a key the real one prints this to stdout and waits; a whole line on stdin it takes for the code. */
const login = async (input) => {
  await write(
    process.stdout,
    'No API key found. Starting login flow...\nIf your browser does not open automatically, visit:\n\n' +
      'https://ampcode.com/auth/cli-login?authToken=sgamp_secret_login_token\n\nWhen prompted, paste your code here: ',
  );
  if (!input.includes('\n')) await sleep(301_000);
  throw new Refusal('Login failed: That code looks incomplete. Copy the full code from the browser and try again.');
};

const isLoggedIn = () => !!process.env.AMP_API_KEY || existsSync(dataFile());

/** Signals during the run, as the scenario has it; before it they take their default way. */
const heedSignals = (run, lines) => {
  const how = run.signals ?? 'cancel';
  if (how === 'die') return;
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, async () => {
      if (how === 'ignore') return;
      if (how === 'finish')
        await write(process.stdout, lines.assistant([{ type: 'text', text: 'finished anyway' }], 'end_turn', null));
      await write(process.stdout, how === 'finish' ? lines.result() : lines.error('User cancelled (SIGINT/SIGTERM)'));
      process.exit(run.cancelExit ?? 0);
    });
};

const play = async (options, threadId, input) => {
  const call = { kind: 'run', args: process.argv.slice(2), input, env: envOfInterest(), cwd: process.cwd() };
  const n = remember(call);
  const run = pick(scenario.runs, n);
  await sleep(run.silenceMs ?? 20);
  if (run.stdout) await write(process.stdout, run.stdout);
  if (run.offline) throw new Refusal(offlineText(process.env.AMP_URL || 'https://ampcode.com/', true));
  if (run.status) throw new Refusal(statusText(run.status, true));
  if (run.refuse) throw new Refusal(run.refuse);
  if (run.stderr) await write(process.stderr, run.stderr);
  if (run.hangAtStart) await new Promise(() => setInterval(() => {}, 60_000));
  const mode = options['--mode'] ?? run.mode ?? 'medium';
  const lines = new Lines(threadId ?? run.threadId ?? newThreadId(), mode === 'none' ? null : mode);
  heedSignals(run, lines);
  const player = new Player(lines, run);
  if (run.init !== false) await player.out(lines.init());
  await (options['--stream-json-input']
    ? playMessages(run, player, lines, input)
    : playPrompt(run, player, lines, input));
  if (run.result !== false) await player.out(lines.result(run.result ?? {}));
  for (const action of run.afterwards ?? []) await player.act(action);
  process.exitCode = run.exit ?? 0;
};

const playPrompt = async (run, player, lines, input) => {
  if (run.echo !== false) await player.out(lines.user([{ type: 'text', text: input }]));
  for (const action of run.actions ?? []) await player.act(action);
};

/** Each message is a turn of its own; one with `steer` goes into the turn before it. One result for all. */
const playMessages = async (run, player, lines, input) => {
  const messages = input
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  for (const [n, { message, steer }] of messages.entries()) {
    await player.out(lines.user(message.content));
    if (messages[n + 1]?.steer) continue;
    for (const action of run.turns?.[steer ? n - 1 : n] ?? [{ say: `answer ${n + 1}` }]) await player.act(action);
  }
};

const thread = async ([, verb, id], options, input) => {
  if (verb === 'continue' || verb === 'c') {
    if (id === undefined)
      throw new Refusal(
        'No previously used thread found in this checkout.\n\nRun amp threads continue to pick a thread, provide a thread URL or ID, or start a new thread.',
      );
    requireThreadId(id);
    requireFlagsToAgree(options);
    if (!scenario) await askServer(false);
    return play(options, id, input);
  }
  if (verb === 'list') return scenario ? write(process.stdout, '[]\n') : askServer(false);
  requireThreadId(id);
  if (!scenario) return askServer(false);
  const answers = scenario.threads?.[verb] ?? [{ stdout: '' }];
  const answer = pick(answers, remember({ kind: `threads ${verb}`, args: process.argv.slice(2) }));
  await sleep(answer.ms ?? 0);
  if (answer.stdout) await write(process.stdout, answer.stdout);
  if (answer.stderr) await write(process.stderr, answer.stderr);
  process.exitCode = answer.exit ?? 0;
};

const permissions = async ([, , tool, ...rest]) => {
  const input = Object.fromEntries(
    rest.flatMap((word, at) => (word.startsWith('--') ? [[word.slice(2), rest[at + 1]]] : [])),
  );
  const action = /\brm -rf\b/.test(input.command ?? input.cmd ?? '') ? 'ask' : 'allow';
  await write(process.stdout, `tool: ${tool}\narguments: ${JSON.stringify(input)}\naction: ${action}\n`);
  process.exitCode = { allow: 0, ask: 1, reject: 2 }[action];
};

const main = async () => {
  const { options, words } = parse(process.argv.slice(2));
  if (options['--version']) {
    const version = scenario?.version ?? '0.0.1790142911-g7618fb (released 2026-09-23T05:55:11.000Z, 2mo ago)';
    return write(process.stdout, `${version}\n`);
  }
  requireCommand(words);
  if (words[0]?.startsWith('permission')) return permissions(words);
  if (words[0] === 'update') throw new Refusal('the stand-in must never be updated');
  const wantsInput = isExecute(options) || words.length === 0;
  const isDeaf = scenario && pick(scenario.runs, 0).isDeaf;
  const input = !wantsInput || isDeaf ? '' : await text(process.stdin);
  readSettings(options);
  readMcp(options);
  if (words[0] === 'usage') return askServer(false);
  if (/^t(hreads?)?$/.test(words[0] ?? '')) return thread(words, options, input);
  requireFlagsToAgree(options);
  if (scenario?.forcesLogin || !isLoggedIn()) return login(input);
  const message =
    typeof options['--execute'] === 'string' && options['--execute'] !== '' ? options['--execute'] : input;
  if (message.trim() === '' && !options['--stream-json-input'] && !isDeaf)
    throw new Refusal(
      'User message must be provided through stdin or as argument when using execute mode\n\n' +
        'Either pass a message as an argument: amp --execute "your message"\nOr pipe via stdin: echo "your message" | amp --execute',
    );
  if (!scenario) return askServer(true);
  return play(options, undefined, message);
};

main().catch(async (error) => {
  await write(process.stderr, error instanceof Refusal ? `Error: ${error.message}\n` : `${error.stack}\n`);
  process.exit(1);
});
