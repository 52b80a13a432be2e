#!/usr/bin/env node

// For work on the program itself: builds when something has changed, then runs.
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const build = path.join(__dirname, '../scripts/build.mjs');
const { status } = spawnSync(process.execPath, [build, '--quiet'], { stdio: 'inherit' });
if (status !== 0) process.exit(status || 1);
require('./run.js');
