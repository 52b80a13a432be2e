import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Agent } from '../agents/agent.ts';
import { createAgent } from '../agents/registry.ts';
import { systemClock } from '../clock.ts';
import { loadConfig } from '../config/load.ts';
import { homeDirs } from '../config/paths.ts';
import { attempt, type Check, failed, ok, skipped, warning } from './check.ts';

export interface VerifyAmpOptions {
  /** Where the user stands: no program below it is run. */
  dir: string;
  env: Record<string, string | undefined>;
  /** Also send one tiny prompt: the only proof that login, credits and network work. */
  live: boolean;
}

const LIVE_PROMPT = 'Reply with the single word OK. Do not use any tool.';
const LIVE_TIMEOUT_MS = 120_000;

const REINSTALL = 'Install it with `npm install -g @ampcode/cli`.';

/** Looks at everything that a run of Amp needs, in the order in which it would fail. Works outside any repository. */
export const verifyAmp = async (options: VerifyAmpOptions): Promise<Check[]> => {
  const { env } = options;
  const config = await loadConfig({ root: null, env, home: homeDirs(env, process.platform) });
  const settings = config.config.agents;
  const agent = createAgent(
    { name: 'amp', mode: config.config.model ?? null },
    { env, clock: systemClock, settings, root: options.dir },
  );
  const usable = await attempt('program and login', REINSTALL, async () => {
    await agent.check();
    return ok(
      'program and login',
      env['AMP_API_KEY'] ? 'found, with the key of AMP_API_KEY' : 'found, with a stored login',
    );
  });
  const version = await agent.version();
  const checks = [usable, versionCheck(version, usable)];
  if (!options.live) return [...checks, skipped('a live answer', 'ask for one with --live; it costs a few tokens')];
  if (usable.status !== 'ok') return [...checks, skipped('a live answer', 'the checks before it failed')];
  return [...checks, await liveAnswer(agent)];
};

const versionCheck = (version: string | null, usable: Check): Check => {
  if (version !== null) return ok('version', version);
  if (usable.status !== 'ok') return skipped('version', 'the check before it failed');
  return warning('version', 'it does not tell its version', REINSTALL);
};

const liveAnswer = async (agent: Agent): Promise<Check> => {
  const worktree = await mkdtemp(join(tmpdir(), 'amp-sessions-live-'));
  const name = 'a live answer';
  try {
    const request = {
      prompt: LIVE_PROMPT,
      worktree,
      session: 'verify-amp',
      sessionName: 'verify-amp',
      iteration: 1,
      timeoutMs: LIVE_TIMEOUT_MS,
    };
    const run = await agent.start(request);
    let said = '';
    for await (const fact of run.facts) {
      if (fact.kind === 'message') said = fact.text;
      if (fact.kind === 'finished' && fact.failure) return failed(name, fact.failure.message, fact.failure.hint);
    }
    return ok(name, `it said: ${said.trim().slice(0, 60)}`);
  } finally {
    await rm(worktree, { recursive: true, force: true });
  }
};
