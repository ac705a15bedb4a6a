#!/usr/bin/env bash
# run.sh [SECONDS] [TARGET...]: fuzzes the parsers, each for so long (10 s if not said), from the seeds in tests/corpus.
#
# libFuzzer is in the crate libfuzzer-sys; the coverage that guides it is a pass of the stable compiler. What is found is kept in
# target/fuzz/TARGET-crash-...; run the same program with that file as its argument to see it again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-10}
targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(ls tests/fuzz/src/bin | sed 's/\.rs$//')

work=$PWD/target/fuzz
mkdir -p "$work"
sancov="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
RUSTFLAGS="$sancov -Ccodegen-units=1" cargo build --release --locked --quiet --manifest-path tests/fuzz/Cargo.toml --target-dir "$work/build" --target "$(rustc --print host-tuple)"

for target in "${targets[@]}"; do
  corpus=$work/corpus/$target
  mkdir -p "$corpus"
  python3 tests/fuzz/seeds.py "$target" "$corpus"
  # A second for 1 MB of anything is what users are promised; the limit here is for instrumented code on a busy machine.
  log=$work/$target.log
  if ! "$work/build/$(rustc --print host-tuple)/release/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536 \
    -artifact_prefix="$work/$target-" "$corpus" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    echo "fuzz: $target: found something, see $log" >&2
    exit 1
  fi
  echo "fuzz: $target: $(grep -oE 'Done [0-9]+ runs' "$log")"
done
