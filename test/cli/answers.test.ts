import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv, { type ValidateFunction } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../support/cli.ts';
import { created, draft, eventsOf } from '../support/events.ts';
import { makeRepo } from '../support/repo.ts';
import { script } from '../support/sessions.ts';

const SCHEMAS = path.resolve(import.meta.dirname, '../../schemas');
const read = (name: string) => JSON.parse(readFileSync(path.join(SCHEMAS, `${name}.schema.json`), 'utf8'));
const validator = (name: string): ValidateFunction => new Ajv({ strict: false, allErrors: true }).compile(read(name));

/** What does not hold, in words; empty when the document is valid. */
const faults = (name: string, document: unknown): string[] => {
  const validate = validator(name);
  validate(document);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
};

describe('the schemas', () => {
  const draft7 = ['config', 'batch', 'suite'];
  it.each(
    readdirSync(SCHEMAS)
      .map((name) => name.replace('.schema.json', ''))
      .filter((name) => !draft7.includes(name)),
  )('%s is a schema that compiles', (name) => expect(validator(name)).toBeTypeOf('function'));

  it('an event is checked by its type; one we do not know, or of a later version, is let through', () => {
    const [event] = eventsOf([draft('session.created', created())]);
    expect(faults('event', event)).toEqual([]);
    expect(faults('event', { ...event, data: { name: 7 } })).toContain('/data/name must be string');
    expect(faults('event', { ...event, type: 'session.teleported', data: { to: 'the moon' } })).toEqual([]);
    expect(faults('event', { ...event, v: 2, data: {} })).toEqual([]);
    expect(faults('event', { ...event, prev: undefined })).not.toEqual([]);
  });
});

describe('what commands print with --json is what their schemas say', () => {
  let repo: string;
  let id: string;
  beforeAll(async () => {
    repo = await makeRepo();
    const agent = script('iterations:\n  - - message: Did it.\n    - edit: { path: new.txt, content: x }\n');
    const config = ['config', 'set', 'agents.scripted.script', agent];
    await cli(repo, config);
    const made = await cli(repo, ['new', '--name', 'task', '--prompt', 'x', '--agent', 'scripted', '--json']);
    const document = JSON.parse(made.stdout);
    expect(faults('new', document)).toEqual([]);
    id = document.id;
  });

  it.each([
    ['iterate', ['iterate', 'task']],
    ['list', ['list']],
    ['status', ['status', 'task']],
    ['diff', ['diff', 'task']],
    ['timeline', ['timeline', 'task']],
    ['logs', ['logs', 'task']],
    ['path', ['path', 'task']],
    ['rename', ['rename', 'task', '--name', 'other']],
    ['config-get', ['config', 'get', 'agent']],
    ['config-list', ['config', 'list']],
    ['config-set', ['config', 'set', 'timeoutSec', '60']],
    ['doctor', ['doctor']],
    ['test-git', ['test-git']],
    ['prune', ['prune', '--dry-run']],
    ['archive', ['archive', 'other']],
  ])('%s', async (name, args) => {
    const { stdout, stderr } = await cli(repo, [...args, '--json']);
    const document = JSON.parse(stdout);
    expect(document.error ?? null, stdout + stderr).toBe(null);
    expect(faults(name, document)).toEqual([]);
  });

  it('and an error is one of the error schema', async () => {
    const { stdout, exitCode } = await cli(repo, ['status', 'nobody', '--json']);
    expect(faults('error', JSON.parse(stdout))).toEqual([]);
    expect([JSON.parse(stdout).error.code, exitCode, id.length]).toEqual(['session.missing', 1, 10]);
  });
});
