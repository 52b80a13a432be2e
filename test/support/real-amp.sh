#!/bin/sh
# Gets the newest real Amp into a folder of its own and runs the contract tests against it; needs no login.
# Optional: says SKIP and why, and succeeds, when the program cannot be had. Never updates anything.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
skip() { echo "SKIP contract with the real Amp: $1"; exit 0; }

program=${AMP_SESSIONS_REAL_AMP:-}
if [ -z "$program" ]; then
  [ -z "${AMP_SESSIONS_OFFLINE:-}" ] || skip 'AMP_SESSIONS_OFFLINE is set'
  prefix=$(mktemp -d) || skip 'no temporary folder'
  trap 'rm -rf "$prefix"' EXIT INT TERM
  platform=$(node -p 'process.platform + "-" + process.arch')
  # The platform package holds the program itself, so that no install script has to run.
  npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$prefix" "@ampcode/cli-$platform" >"$prefix/npm.log" 2>&1 ||
    skip "npm cannot install @ampcode/cli-$platform ($(tail -n 1 "$prefix/npm.log"))"
  program=$prefix/node_modules/@ampcode/cli-$platform/amp
fi
[ -x "$program" ] || skip "there is no program at $program"
HOME=$(mktemp -d) AMP_SKIP_UPDATE_CHECK=1 "$program" --version || skip "$program does not run here"
cd "$root" && AMP_SESSIONS_REAL_AMP="$program" npx --no-install vitest run test/agents/contract.test.ts -t "the real program"
