import type { Command } from '@oclif/core/command';
import { Help as OclifHelp } from '@oclif/core/help';

/** The order of a user's day; a command that is not named here comes last. */
const DAY = [
  'demo',
  'doctor',
  'new',
  'iterate',
  'stop',
  'list',
  'status',
  'logs',
  'timeline',
  'diff',
  'path',
  'open',
  'rename',
  'archive',
  'rm',
  'prune',
  'config',
  'verify-amp',
  'test-git',
  'autocomplete',
];

const FIRST_STEPS = [
  ['demo', 'a whole session, offline'],
  ['doctor', 'git, the agent: all there?'],
  ['new --name login --prompt "…"', 'a worktree and a branch'],
  ['iterate login --stream', 'the agent works; a commit'],
  ['diff login', 'what it changed'],
] as const;

const placeOf = ({ id }: { id: string }): number => {
  const at = DAY.indexOf(id.split(/[: ]/)[0]!);
  return at < 0 ? DAY.length : at;
};

/** oclif's help, with what to do first, and commands in the order in which they are needed. */
export class Help extends OclifHelp {
  protected override get sortedCommands(): Command.Loadable[] {
    return super.sortedCommands.sort((a, b) => placeOf(a) - placeOf(b));
  }

  protected override async showRootHelp(): Promise<void> {
    const topics = this.sortedTopics.filter(({ name }) => !name.includes(':'));
    const ofTopics = topics.map(({ name, description }) => ({ id: name, summary: description, aliases: [] }));
    const commands = this.sortedCommands.filter(
      ({ id }) => !id.includes(':') && !topics.some(({ name }) => name === id),
    );
    const all = [...commands, ...(ofTopics as unknown as Command.Loadable[])].sort((a, b) => placeOf(a) - placeOf(b));
    const { bin } = this.config;
    const steps = FIRST_STEPS.map(([line, why]): [string, string] => [`$ ${bin} ${line}`, why]);
    this.log(this.formatRoot());
    this.log('');
    this.log(this.section('FIRST STEPS', this.renderList(steps, { indentation: 2, spacer: '\n' })));
    this.log('');
    this.log(this.formatCommands(all));
    this.log('');
    this.log(`Run \`${bin} COMMAND --help\` for the arguments, flags and examples of one command.`);
  }
}
