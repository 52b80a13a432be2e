/** Tests must not feel the machine they run on: no git environment, no user configuration, pager, locale or secrets. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** What programs need to start at all, the runner's own, npm's way to its registry, and the switches of these tests. */
const KEPT =
  /^(PATH|PATHEXT|SYSTEMROOT|COMSPEC|WINDIR|TE?MP|TMPDIR|USER|LOGNAME|SHELL|TERM|NODE_.+|VITEST.*|TINYPOOL.*|NPM_.+|(HTTPS?|NO|ALL)_PROXY|TEST_.+|CRASH_STEP|UPDATE_TRANSCRIPTS|AMP_SESSIONS_(REAL_AMP|PYTEST_REPO|PYTEST_ROW)|FAKE_AMP_DIR)$/i;

const home = mkdtempSync(join(tmpdir(), 'amp-home-'));
for (const name of Object.keys(process.env)) if (!KEPT.test(name)) delete process.env[name];
delete process.env['NODE_EXTRA_CA_CERTS'];
process.env['LANG'] = 'C.UTF-8';
process.env['HOME'] = home;
process.env['USERPROFILE'] = home;
process.env['TZ'] = 'UTC';
afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
