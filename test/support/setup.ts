/** Tests must not feel the machine they run on: no git environment, no user configuration, no colours. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const home = mkdtempSync(join(tmpdir(), 'amp-home-'));
for (const name of Object.keys(process.env))
  if (/^(GIT_|AMP_(?!SESSIONS_REAL_AMP)|XDG_|NO_COLOR|FORCE_COLOR)/.test(name)) delete process.env[name];
delete process.env['NODE_EXTRA_CA_CERTS'];
process.env['HOME'] = home;
process.env['USERPROFILE'] = home;
process.env['TZ'] = 'UTC';
afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
