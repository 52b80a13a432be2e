import { describe, expect, it } from 'vitest';
import { type Completion, complete, joinEquals, type ManifestCommand } from '../../src/cli/complete.ts';

const flags: ManifestCommand['flags'] = {
  json: { type: 'boolean', description: 'Format output as json.' },
  directory: { type: 'option', char: 'C', summary: 'Work there.' },
  agent: { type: 'option', char: 'a', summary: 'Coding agent.' },
  secret: { type: 'boolean', hidden: true },
};
const commands: ManifestCommand[] = [
  { id: 'list', summary: 'List sessions.', flags },
  { id: 'batch:status', args: { batch: {} }, flags },
  { id: 'bench:report', args: { run: {} }, flags },
  { id: 'iterate', summary: 'Run the agent.', flags, args: { session: {} } },
  { id: 'config:get', summary: 'Show a setting.', args: { key: {} } },
  { id: 'config:set', summary: 'Change a setting.', args: { key: {}, value: {} } },
  { id: 'autocomplete', summary: 'Set up.', args: { shell: { options: ['bash', 'zsh'] } } },
  { id: 'autocomplete:create', hidden: true },
  { id: 'sql', args: { query: {} }, flags: { schema: { type: 'boolean' } } },
  { id: 'export', args: { session: {} }, flags: { table: { type: 'option' }, out: { type: 'option', char: 'o' } } },
  { id: 'rm', args: { sessions: { multiple: true } }, flags: { label: { type: 'option', multiple: true } } },
];

const values = (completion: Completion): string[] =>
  completion.kind === 'choices'
    ? completion.choices.map(({ value }) => value)
    : [`${completion.prefix}<${completion.source}>`];

describe('what may stand at the cursor', () => {
  it.each([
    [
      'commands at first, topics once, hidden ones never',
      [''],
      ['autocomplete', 'batch', 'bench', 'config', 'export', 'iterate', 'list', 'rm', 'sql'],
    ],
    ['the commands of a topic', ['config', ''], ['get', 'set']],
    ['sessions where a session goes', ['iterate', ''], ['<sessions>']],
    ['batches where a batch goes', ['batch', 'status', ''], ['<batches>']],
    ['runs of a benchmark where one goes', ['bench', 'report', ''], ['<batches>']],
    ['sessions again and again where many go', ['rm', 'k3', 'k4', ''], ['<sessions>']],
    ['nothing after the last argument', ['iterate', 'k3', ''], []],
    ['settings', ['config', 'get', ''], ['<settings>']],
    ['nothing for free text', ['config', 'set', 'test', ''], []],
    ['the options of an argument', ['autocomplete', ''], ['bash', 'zsh']],
    ['flags', ['list', '--'], ['--json', '--directory', '--agent', '--help']],
    ['flags not yet there', ['list', '--json', '-a', 'amp', '-'], ['--directory', '--help']],
    ['a flag that may come again', ['rm', '--label', 'x', '--'], ['--label', '--help']],
    ['the value of a flag', ['list', '--agent', ''], ['<agents>']],
    ['the value of a short flag', ['list', '-C', ''], ['<directories>']],
    ['the value after =', ['list', '--agent=a'], ['--agent=<agents>']],
    ['the value after =, as bash cuts it', ['list', '--agent', '=', 'a'], ['--agent=<agents>']],
    ['the value after = just begun', ['list', '--agent', '='], ['--agent=<agents>']],
    ['a boolean flag takes none: sessions', ['iterate', '--json', ''], ['<sessions>']],
    ['a flag’s value is no argument', ['iterate', '--agent', 'amp', ''], ['<sessions>']],
    ['behind flags before the command', ['-C', '/x', '--json', 'iterate', ''], ['<sessions>']],
    ['tables where `sql --schema` names one', ['sql', '--schema', ''], ['<tables>']],
    ['tables where `sql --schema` names one, wherever the flag stands', ['sql', '--schema', 'us'], ['<tables>']],
    ['no second table', ['sql', '--schema', 'usage', ''], []],
    ['nothing for a statement', ['sql', ''], []],
    ['tables as the value of a flag', ['export', '--table', ''], ['<tables>']],
    ['files where something is written', ['export', '-o', ''], ['<files>']],
    ['nothing for what is no command', ['nonsense', '--'], []],
  ])('%s', (_name, line, expected) => expect(values(complete(commands, line))).toEqual(expected));

  it('says what a choice is', () => {
    expect(complete(commands, ['config', ''])).toMatchObject({
      choices: [{ value: 'get', description: 'Show a setting.' }, {}],
    });
    expect(complete(commands, ['list', '--'])).toMatchObject({
      choices: [{ description: 'Format output as json.' }, { description: 'Work there.' }, {}, {}],
    });
  });
});

it('only flags take =', () => {
  expect(joinEquals(['a', '=', 'b'])).toEqual(['a', '=', 'b']);
  expect(joinEquals(['--a', '=', 'b', 'c'])).toEqual(['--a=b', 'c']);
});
