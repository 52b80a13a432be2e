import { describe, expect, it } from 'vitest';
import { changeText } from '../../src/cli/change-text.ts';
import { ID } from '../support/events.ts';

type Change = Parameters<typeof changeText>[0];

const none: Change = { iteration: 1, config: false, hooks: [], attributes: false, refs: [] };
const item = { kind: 'config', from: 'a', to: 'b', blocks: true } as const;

const ROWS: [name: string, change: Partial<Change>, text: string][] = [
  ['of an older version', { config: true, hooks: ['pre-push'] }, 'git configuration, hook pre-push'],
  ['of an older version with attributes', { attributes: true }, 'info/attributes'],
  ['by file', { config: true, items: [{ ...item, item: '.git/config' }] }, '.git/config'],
  [
    'that was put back',
    { items: [{ ...item, kind: 'log', item: 'refs/amp/sessions/a/b', restored: true }] },
    'refs/amp/sessions/a/b (put back)',
  ],
  [
    'of a new branch',
    { refs: [{ ref: 'refs/heads/x', from: null, to: ID('a'), how: 'made' }] },
    'x new (none → aaaaaaaa)',
  ],
  [
    'of a branch that went on',
    { refs: [{ ref: 'refs/heads/x', from: ID('a'), to: ID('b'), how: 'forward' }] },
    'x moved on (aaaaaaaa → bbbbbbbb)',
  ],
  [
    'of a branch that is gone, named once',
    {
      items: [{ ...item, kind: 'branch', item: 'refs/heads/x', from: ID('a'), to: null }],
      refs: [{ ref: 'refs/heads/x', from: ID('a'), to: null, how: 'deleted' }],
    },
    'x deleted (aaaaaaaa → none)',
  ],
  ['of a tag', { refs: [{ ref: 'refs/tags/v1', from: ID('a'), to: null }] }, 'refs/tags/v1'],
  [
    'of an object that is replaced, named once',
    {
      items: [{ ...item, kind: 'replace', item: 'refs/replace/x' }],
      refs: [{ ref: 'refs/replace/x', from: null, to: ID('a') }],
    },
    'refs/replace/x',
  ],
  [
    'of many refs',
    { refs: [1, 2, 3, 4, 5, 6].map((at) => ({ ref: `refs/tags/${at}`, from: null, to: ID('a') })) },
    'refs/tags/1, refs/tags/2, refs/tags/3, refs/tags/4, 2 more refs',
  ],
  [
    'of where the main checkout is',
    { checkout: { head: { from: 'ref: refs/heads/main', to: 'ref: refs/heads/x' }, index: true } },
    "the main checkout's HEAD (ref: refs/heads/main → ref: refs/heads/x)",
  ],
  ['of what is staged in the main checkout', { checkout: { index: true } }, "the main checkout's index"],
];

describe('a change beside the worktree, in one line', () => {
  it.each(ROWS)('%s', (_, change, text) => {
    expect(changeText({ ...none, ...change })).toBe(text);
  });
});
