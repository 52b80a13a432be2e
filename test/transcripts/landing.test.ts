import { describe, expect, it } from 'vitest';
import { openTerminal } from './terminal.ts';

const AGENT = `
iterations:
  - - edit: { path: list.txt, content: "one\\nTWO\\nthree\\n" }
    - message: Wrote the second line in capitals.
  - - edit: { path: notes.txt, content: "Why capitals: they are asked for.\\n" }
    - message: Added a note about it.
  - - edit: { path: list.txt, content: "one\\nTWO and 2\\nthree\\n" }
    - message: Kept both versions of the second line.
`;
const NEW = "amp-sessions new --name capitals -p 'Write the second line in capitals' -a scripted:$HOME/agent.yaml";
const UPSTREAM = "sed -i 's/two/2/' list.txt && git commit -qam 'Digits'";

const withSession = async (name: string) => {
  const t = await openTerminal(name, AGENT);
  await t.quietly(`${NEW} && amp-sessions iterate capitals && amp-sessions iterate capitals`);
  return t;
};

describe.skipIf(process.platform === 'win32')('transcripts of landing', { timeout: 240_000 }, () => {
  it('the ordinary path', async () => {
    const t = await openTerminal('ordinary-path', AGENT);
    await t.type(`${NEW} --test 'grep -qi two list.txt'`);
    await t.type('amp-sessions iterate capitals');
    await t.type('amp-sessions iterate capitals');
    t.say('Meanwhile somebody goes on with main.');
    await t.type("echo read me > README && git add README && git commit -qm 'A readme'");
    await t.type('amp-sessions preflight capitals');
    await t.type("amp-sessions squash capitals --message 'Write the second line in capitals'");
    await t.type('amp-sessions merge capitals --dry-run');
    await t.type('amp-sessions merge capitals');
    await t.type('git log --oneline main');
    await t.type('amp-sessions undo capitals');
    await t.type('git log --oneline main');
    await t.type('amp-sessions merge capitals');
    await t.type('amp-sessions merge capitals');
    await t.type('amp-sessions rm capitals');
    await t.type('git log --oneline main && git status --short && cat list.txt');
    t.close();
  });

  it('a conflict, resolved by hand', async () => {
    const t = await withSession('conflict-by-hand');
    await t.type(UPSTREAM);
    await t.type('amp-sessions preflight capitals');
    await t.type('amp-sessions merge capitals');
    await t.type('amp-sessions rebase capitals');
    await t.type('amp-sessions status capitals');
    await t.type('amp-sessions iterate capitals');
    await t.type('amp-sessions merge capitals');
    await t.type('amp-sessions rebase capitals --continue');
    await t.type('printf \'one\\nTWO, or 2\\nthree\\n\' > "$(amp-sessions path capitals)/list.txt"');
    await t.type('amp-sessions rebase capitals --continue');
    await t.type('amp-sessions merge capitals');
    expect(await t.quietly('cat list.txt')).toBe('one\nTWO, or 2\nthree');
    t.close();
  });

  it('a conflict, resolved by the agent', async () => {
    const t = await withSession('conflict-by-agent');
    await t.type(UPSTREAM);
    await t.type('amp-sessions merge capitals');
    await t.type('amp-sessions rebase capitals --resolve agent');
    await t.type('amp-sessions merge capitals');
    await t.type('amp-sessions timeline capitals | tail -n 12');
    t.close();
    expect(await t.quietly('cat list.txt')).toBe('one\nTWO and 2\nthree');
  });

  it('a conflict, given up, and one left out', async () => {
    const t = await withSession('conflict-aborted');
    await t.type('amp-sessions rebase capitals');
    await t.type('amp-sessions rebase capitals --continue');
    await t.type(UPSTREAM);
    await t.type('amp-sessions rebase capitals');
    await t.type('amp-sessions rebase capitals');
    await t.type('amp-sessions rebase capitals --abort');
    await t.type('amp-sessions rebase capitals --abort');
    await t.type('git -C "$(amp-sessions path capitals)" log --oneline');
    await t.type('amp-sessions rebase capitals');
    await t.type('amp-sessions rebase capitals --skip');
    await t.type('amp-sessions undo capitals');
    t.close();
  });

  it('undo of each verb', async () => {
    const t = await withSession('undo');
    await t.type('amp-sessions undo capitals');
    await t.type('amp-sessions squash capitals');
    await t.type('amp-sessions undo capitals --dry-run');
    await t.type('amp-sessions undo capitals');
    await t.type('amp-sessions rewind capitals --to 1');
    await t.type('amp-sessions undo capitals');
    await t.type("echo read me > README && git add README && git commit -qm 'A readme'");
    await t.type('amp-sessions rebase capitals');
    await t.type('amp-sessions undo capitals');
    await t.type('amp-sessions merge capitals --no-squash --no-ff');
    t.say('Somebody goes on from there: the way back would lose that.');
    await t.type("echo more >> README && git commit -qam 'More to read'");
    await t.type('amp-sessions undo capitals');
    await t.type('git reset -q --hard HEAD~1');
    await t.type('echo mine >> list.txt');
    await t.type('amp-sessions undo capitals');
    await t.type('git checkout -q list.txt');
    await t.type('amp-sessions undo capitals');
    await t.type('git log --oneline main && git status --short');
    t.close();
  });

  it('what is refused, and what to do about it', async () => {
    const t = await openTerminal('refusals', AGENT);
    await t.quietly(`${NEW} --test 'test ! -f notes.txt'`);
    await t.type('amp-sessions merge capitals');
    await t.type('amp-sessions squash capitals');
    await t.type('amp-sessions rewind capitals --to 1');
    await t.quietly('amp-sessions iterate capitals; amp-sessions iterate capitals || true');
    await t.type('amp-sessions merge capitals');
    await t.type('amp-sessions merge capitals --into relase');
    await t.type('amp-sessions merge capitals --dry-run');
    await t.type('echo mine > notes.txt');
    await t.type('amp-sessions merge capitals --skip-tests');
    await t.type('rm notes.txt; echo mine >> list.txt');
    await t.type('amp-sessions merge capitals --skip-tests');
    await t.type('git checkout -q list.txt; echo mine > "$(amp-sessions path capitals)/mine.txt"');
    await t.type('amp-sessions merge capitals --skip-tests');
    await t.type('amp-sessions rewind capitals --to 1');
    await t.type('amp-sessions rewind capitals --to 9');
    await t.type('rm "$(amp-sessions path capitals)/mine.txt"; amp-sessions rewind capitals --to 2');
    t.close();
  });
});
