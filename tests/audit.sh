#!/usr/bin/env bash
# audit.sh [--offline]: compares the crates of every lock with deny.toml; offline without the flaws that are known of them, for which the
# database of advisories is fetched.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
deny=$(tests/tools.sh cargodeny)
checks=(bans licenses sources)
[ "${1:-}" = --offline ] || checks+=(advisories)
# The three locks have one list of exceptions, so some of it is for the others.
for manifest in Cargo.toml tests/fuzz/Cargo.toml .ci/pkg/Cargo.toml; do
  echo "audit: $manifest"
  "$deny" --locked --manifest-path "$manifest" --config "$PWD/deny.toml" check --hide-inclusion-graph --allow unmatched-skip "${checks[@]}"
done
