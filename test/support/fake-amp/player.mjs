import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { write } from './stream.mjs';

const USAGE = {
  input_tokens: 0,
  cache_creation_input_tokens: 100,
  cache_read_input_tokens: 1000,
  output_tokens: 20,
  service_tier: 'standard',
};

const isEnabled = (name) => {
  const file = path.join(
    process.env.XDG_CONFIG_HOME ?? path.join(process.env.HOME ?? '/', '.config'),
    'amp',
    'settings.json',
  );
  return !existsSync(file) || JSON.parse(readFileSync(file, 'utf8'))[name] !== false;
};

/** Does what a scenario's actions say, for real: files, commands, commits, bytes on stdout. */
export class Player {
  constructor(lines, run) {
    this.lines = lines;
    this.run = run;
    this.calls = 0;
  }

  out(data) {
    return write(process.stdout, data);
  }

  /** One action; the scenario types in make-fake-amp.ts say what each means. */
  async act(action) {
    const [kind] = Object.keys(action);
    const known = this[`do_${kind}`];
    if (!known) throw new Error(`fake amp: unknown action ${kind}`);
    await known.call(this, action[kind], action);
  }

  async do_say(text, { usage = USAGE, stop = 'end_turn' }) {
    await this.out(this.lines.assistant([{ type: 'text', text }], stop, usage));
  }

  async do_tool({ name, input = {}, result, isError = false, ms = 0 }, { usage = USAGE }) {
    const id = await this.#call(name, input, usage);
    await sleep(ms);
    if (result !== undefined) await this.#answer(id, result, isError);
  }

  /** In a session of its own, as the real one does, so that a signal to our group misses it. */
  async do_shell(command, { usage = USAGE }) {
    const id = await this.#call('shell_command', { command, workdir: process.cwd() }, usage);
    const child = spawn('/bin/sh', ['-c', command], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
    const exitCode = await new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)));
    await this.#answer(id, JSON.stringify({ output, exitCode }), false);
  }

  async do_edit({ path: name, content, append, remove }, { usage = USAGE }) {
    const type = remove ? 'delete' : existsSync(name) ? 'update' : 'add';
    const id = await this.#call(
      'apply_patch',
      { patchText: `*** Begin Patch\n*** ${type === 'add' ? 'Add' : 'Update'} File: ${name}\n*** End Patch` },
      usage,
    );
    mkdirSync(path.dirname(path.resolve(name)), { recursive: true });
    if (remove) rmSync(name);
    else if (append === undefined) writeFileSync(name, content);
    else appendFileSync(name, append);
    const files = [{ uri: `file://${path.resolve(name)}`, type, additions: 1, deletions: 0, diff: '' }];
    await this.#answer(id, JSON.stringify({ summary: `${type}: ${path.resolve(name)} (+1/-0)`, files }), false);
  }

  /** Commits everything, with the trailers that settings and environment leave on. */
  async do_commit(message) {
    const trailers = [];
    if (!process.env.AMP_DISABLE_AMP_THREAD_TRAILER && isEnabled('amp.git.commit.ampThread.enabled'))
      trailers.push(`Amp-Thread-ID: https://ampcode.com/threads/${this.lines.threadId}`);
    if (!process.env.AMP_DISABLE_AMP_COAUTHOR_TRAILER && isEnabled('amp.git.commit.coauthor.enabled'))
      trailers.push('Co-authored-by: Amp <amp@ampcode.com>');
    execFileSync('git', ['add', '-A']);
    execFileSync('git', ['commit', '-q', '-m', message, ...(trailers.length ? ['-m', trailers.join('\n')] : [])]);
  }

  async do_raw(text) {
    await this.out(text);
  }

  async do_base64(text) {
    await this.out(Buffer.from(text, 'base64'));
  }

  /** One byte at a time. */
  async do_drip(text) {
    for (const byte of Buffer.from(text)) await this.out(Buffer.of(byte));
  }

  /** The next line whole, cut into two writes at each byte in turn would be too slow: here at the given one. */
  async do_cut({ text, at, ms = 20 }) {
    const bytes = Buffer.from(text);
    await this.out(bytes.subarray(0, at));
    await sleep(ms);
    await this.out(bytes.subarray(at));
  }

  async do_repeat({ text, times }) {
    const block = text.repeat(Math.max(1, Math.min(times, Math.floor(65536 / text.length) || 1)));
    const size = Math.round(block.length / text.length);
    for (let left = times; left > 0; left -= size) await this.out(left >= size ? block : text.repeat(left));
  }

  async do_stderr({ text, times = 1 }) {
    for (let i = 0; i < times; i++) await write(process.stderr, text);
  }

  async do_sleep(ms) {
    await sleep(ms);
  }

  async do_hang() {
    await new Promise(() => setInterval(() => {}, 60_000));
  }

  async do_result(changes) {
    await this.out(this.lines.result(changes));
  }

  async do_error(text, { more = {} }) {
    await this.out(this.lines.error(text, more));
  }

  /** A process that stays behind: in its own session, with or without our stdout. */
  async do_orphan({ command, holdsStdout = false, scrubbed = false }) {
    const env = scrubbed ? { PATH: process.env.PATH } : process.env;
    const stdio = ['ignore', holdsStdout ? 'inherit' : 'ignore', 'ignore'];
    spawn('/bin/sh', ['-c', command], { detached: true, stdio, env }).unref();
  }

  async do_closeOutput() {
    process.stdout.destroy();
    process.stderr.destroy();
    const { closeSync } = await import('node:fs');
    for (const fd of [1, 2])
      try {
        closeSync(fd);
      } catch {
        // destroyed already
      }
  }

  async do_exit(code) {
    process.exit(code);
  }

  async do_kill(signal) {
    process.kill(process.pid, signal);
    await sleep(10_000);
  }

  async #call(name, input, usage) {
    this.calls += 1;
    const id = `TU-${String(this.calls).padStart(4, '0')}`;
    await this.out(this.lines.assistant([{ type: 'tool_use', id, name, input }], 'tool_use', usage));
    return id;
  }

  async #answer(id, content, is_error) {
    await this.out(this.lines.user([{ type: 'tool_result', tool_use_id: id, content, is_error }]));
  }
}
