/**
 * Command line of the stand-in, as strict as the real one: what that refuses is refused here, in the same words.
 * Texts and order come from runs of the real binary (builds of September 2026); `contract.test.ts` runs both.
 */

/** Ends the program as Amp does: text on stderr, nothing on stdout, exit 1. */
export class Refusal extends Error {}

const VALUE = new Set([
  '--visibility',
  '--settings-file',
  '--log-level',
  '--log-file',
  '--mcp-config',
  '--mode',
  '--features',
  '--executor',
  '--runner-dir',
  '--attach',
  '--orb-size',
  '--title',
  '--label',
  '--model',
]);
const OPTIONAL_VALUE = new Set(['--execute', '--project', '--plugin-ready-timeout']);
const FLAG = new Set([
  '--version',
  '--notifications',
  '--no-notifications',
  '--color',
  '--no-color',
  '--ide',
  '--no-ide',
  '--fast',
  '--no-tui',
  '--amp-env',
  '--remote-control-terminal',
  '--no-remote-control-terminal',
  '--orb-execute',
  '--stream-json',
  '--stream-json-thinking',
  '--stream-json-input',
  '--no-archive-after-execute',
  '--help',
  '--dangerously-allow-all',
  '--stats',
  '--interactive',
  '--jetbrains',
  '--no-jetbrains',
  '--last',
  '--pick',
  '--json',
  '--details',
  '--markdown',
  '--include-archived',
]);
const SHORT = {
  '-x': '--execute',
  '-ox': '--orb-execute',
  '-m': '--mode',
  '-l': '--label',
  '-V': '--version',
  '-v': '--version',
};
const COMMANDS = new Set([
  'threads',
  'thread',
  't',
  'usage',
  'permissions',
  'permission',
  'tools',
  'version',
  'login',
  'logout',
  'update',
]);
const USAGE = {
  '--mode': '-m, --mode <value>',
  '--label': '-l, --label <label>',
  '--visibility': '--visibility <visibility>',
};

const looksLikeOption = (word) => word !== undefined && word.length > 1 && word.startsWith('-');

/**
 * @returns {{ options: Record<string, string | true | string[]>, words: string[] }}
 */
export const parse = (argv) => {
  const options = {};
  const words = [];
  if (argv[0] === 'permissions' || argv[0] === 'permission') return { options, words: argv };
  const queue = [...argv];
  while (queue.length > 0) {
    const word = queue.shift();
    if (!looksLikeOption(word)) {
      words.push(word);
      continue;
    }
    const [typed, inline] = word.startsWith('--') && word.includes('=') ? word.split(/=(.*)/s) : [word];
    const name = SHORT[typed] ?? typed;
    if (FLAG.has(name)) options[name] = true;
    else if (VALUE.has(name)) {
      const value = inline ?? queue.shift();
      if (value === undefined)
        throw new Refusal(`error: option '${USAGE[name] ?? `${name} <value>`}' argument missing`);
      options[name] = name === '--label' ? [...(options[name] ?? []), value] : value;
    } else if (OPTIONAL_VALUE.has(name))
      options[name] = inline ?? (looksLikeOption(queue[0]) ? true : (queue.shift() ?? true));
    else throw new Refusal(`error: unknown option '${typed}'`);
  }
  return { options, words };
};

export const isThreadId = (text) => /^T-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text ?? '');

export const requireThreadId = (text) => {
  if (isThreadId(text)) return;
  const example = 'T-12345678-0000-0000-0000-000000000000';
  throw new Refusal(
    `Invalid thread URL or ID: ${text}\n\nProvide a valid thread URL (e.g., https://ampcode.com/threads/${example}) or ID (e.g., ${example})`,
  );
};

export const requireCommand = (words) => {
  if (words.length === 0 || COMMANDS.has(words[0])) return;
  throw new Refusal(
    `Unknown command "${words[0]}". Run 'amp --help' for the full list.\n\nRun amp --help for a list of available commands.`,
  );
};

/** `-x ""` counts as no -x at all. */
export const isExecute = (options) => options['--execute'] === true || !!options['--execute'];

export const requireFlagsToAgree = (options) => {
  const wantsJson = options['--stream-json'] === true;
  if (wantsJson && !isExecute(options))
    throw new Refusal(
      'The --stream-json flag requires --execute mode\n\nUse: amp --execute "your message" --stream-json',
    );
  const thinks = options['--stream-json-thinking'] === true;
  if (options['--stream-json-input'] && !wantsJson && !thinks)
    throw new Refusal(
      'The --stream-json-input flag requires --stream-json\n\nUse: amp --execute --stream-json --stream-json-input',
    );
  if (options['--stream-json-input'] && typeof options['--execute'] === 'string')
    throw new Refusal(
      'Do not provide a message argument when using --stream-json-input\n\nSupply messages via stdin JSONL instead',
    );
  if (options['--stats'] && wantsJson)
    throw new Refusal(
      'The --stats and --stream-json flags are mutually exclusive output formats\n\nUse one or the other',
    );
};
