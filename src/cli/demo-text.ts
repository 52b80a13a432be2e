import type { ChalkInstance } from 'chalk';

interface DemoAnswer {
  repository: string;
  session: string;
  iterations: { iteration: number; commit: string | null; subject: string | null; tests: string }[];
  merged: { target: string; commit: string; squashed: number } | null;
}

/** How this program was started: by its name where it is installed, else by its file. */
const programName = (): string => {
  const started = process.argv[1] ?? '';
  return started.endsWith('.js') ? `node ${started}` : 'amp-sessions';
};

/** What the demo did, and how to look around in what it left. */
export const demoText = (demo: DemoAnswer, color: ChalkInstance): string => {
  const runs = demo.iterations.map(({ iteration, commit, subject, tests }) => {
    const mark = tests === 'passed' ? color.green('✓') : color.red('✗');
    return `${mark} iteration ${iteration}: ${commit ? `${color.yellow(commit.slice(0, 8))} ${subject}` : 'nothing changed'}, tests ${tests}`;
  });
  if (demo.merged) {
    const { target, commit, squashed } = demo.merged;
    runs.push(
      `${color.green('✓')} merged into ${target}: ${color.yellow(commit.slice(0, 8))}, ${squashed} commits as one, on top of what happened there meanwhile`,
    );
  }
  const program = programName();
  const look = [
    `${program} list`,
    `${program} timeline ${demo.session}`,
    `${program} diff ${demo.session}`,
    `${program} blame temperature.js`,
    `${program} undo ${demo.session}`,
    'git log --notes=amp --branches --graph',
    'git for-each-ref refs/amp',
  ];
  return [
    ...runs,
    '',
    'Look around:',
    '',
    `  cd ${demo.repository}`,
    ...look.map((line) => `  ${line}`),
    '',
    `Remove it: rm -rf ${demo.repository}`,
  ].join('\n');
};
