import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { cli, cliJson } from '../support/cli.ts';
import { importHistory } from '../support/history.ts';
import { makeRepo, tempDir } from '../support/repo.ts';
import { markdownTables } from '../support/report-facts.ts';
import { walkHtml } from '../support/walk-html.ts';

describe('report', () => {
  let repo: string;
  const dir = tempDir();
  beforeAll(async () => {
    repo = await makeRepo();
    importHistory(repo, 3, 6);
  });

  it('writes one file, and replaces it by force alone', async () => {
    const file = join(dir, 'r.html');
    const argv = ['report', '--repo', repo, '--output', 'r.html'];
    const ran = await cli(dir, argv);
    expect([ran.exitCode, ran.stderr]).toEqual([0, '']);
    expect(ran.stdout).toMatch(/^✓ .*r\.html: 6 sessions, \d+ iterations, cost (≥ )?\$[\d.,]+\n$/);
    const html = readFileSync(file, 'utf8');
    expect(walkHtml(html).filter(({ attributes }) => attributes['class'] === 'page')).toHaveLength(6);
    const { json, exitCode } = await cliJson(dir, argv);
    expect([json.error.code, exitCode]).toEqual(['file.exists', 1]);
    expect([readFileSync(file, 'utf8') === html, readdirSync(dir)]).toEqual([true, ['r.html']]);
  });

  it('is of one session alone, as one document', async () => {
    const { json } = await cliJson(dir, ['report', 'task 3 -', '--repo', repo]);
    expect(json).toMatchObject({ format: 'markdown', output: null, sessions: ['h000000003'], pages: 1 });
    expect(json.text).toMatch(/^# Session report: task 3 /);
    expect(json.text).toContain('\n## Session h000000003\n');
    expect(json.text).not.toContain('h000000002');
    expect(markdownTables(json.text).length).toBeGreaterThan(3);
    expect(json.bytes).toBe(Buffer.byteLength(json.text));
  });
});
