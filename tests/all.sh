#!/usr/bin/env bash
# all.sh: every part of the tests, each to its end; what failed is said again at the end, and only then the exit code is 1.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=()

part() { # NAME COMMAND...: runs a part of the tests
  local name=$1 began=$SECONDS
  shift
  printf '\n=== %s\n' "$name"
  if "$@"; then
    printf '=== %s: passed in %s s\n' "$name" $((SECONDS - began))
  else
    printf '=== %s: FAILED after %s s\n' "$name" $((SECONDS - began))
    failed+=("$name")
  fi
}

types() { (cd tests/action && node_modules/.bin/tsc -p .); }
hostile() { cargo build --locked && tests/hostile.py target/debug/docktag; }
orb() { "$(tests/tools.sh pyyaml)" -m unittest discover -s tests/orb; }

part check make check
part "modules of the action's tests" npm --prefix tests/action ci --no-audit --no-fund
part types types
part cargo cargo test --locked --no-fail-fast
part action node --test tests/action
part page node --test tests/page
part fuzz tests/fuzz/run.sh 5
part "hostile projects" hostile
part orb orb

if [ ${#failed[@]} -gt 0 ]; then
  printf '\nfailed:\n'
  printf '  %s\n' "${failed[@]}"
  exit 1
fi
printf '\nall parts passed in %s s\n' "$SECONDS"
