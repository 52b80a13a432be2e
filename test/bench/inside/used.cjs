/**
 * What a program and the processes that it waited for have used, written where BENCH_USED says when it ends:
 *
 *     node --require used.cjs <program>
 */
const { readFileSync, writeFileSync } = require('node:fs');

/** Milliseconds of processes that have ended, in the ticks of Linux; 0 elsewhere. */
const ofChildren = () => {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[13]) + Number(fields[14])) * 10;
  } catch {
    return 0;
  }
};

process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const cpuMs = (userCPUTime + systemCPUTime) / 1000 + ofChildren();
  writeFileSync(process.env.BENCH_USED, JSON.stringify({ cpuMs, megabytes: Math.round(maxRSS / 1024) }));
});
