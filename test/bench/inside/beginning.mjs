/** How every session begins, as drafts of events; what it is about is said by whoever makes it. */
export const ID = (n) => (0x1000000 + n).toString(16).repeat(6).slice(0, 40);

export const created = (n, { prompt, agent }) => ({
  type: 'session.created',
  by: 'user',
  data: {
    name: `task ${n}`,
    prompt,
    base: 'main',
    baseCommit: ID(n),
    branch: `amp/task-${n}/20261122-130000`,
    worktree: `.worktrees/task-${n}`,
    agent,
    test: 'npm test',
    setup: null,
    author: { name: 'Bench', email: 'bench@example.com' },
  },
});

export const added = (n) => ({
  type: 'worktree.added',
  by: 'program',
  data: {
    path: `.worktrees/task-${n}`,
    branch: `amp/task-${n}/20261122-130000`,
    commit: ID(n),
    copied: [],
    durationMs: 80,
    reason: 'new',
  },
});

export const started = (n, iteration, { prompt, agent }) => ({
  type: 'iteration.started',
  by: 'program',
  data: {
    iteration,
    prompt,
    reason: 'prompt',
    head: ID(n),
    agent: { ...agent, version: '0.0.1', threadId: null },
    timeoutMs: null,
    stopStrength: 'namespace',
  },
});
