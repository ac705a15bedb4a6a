#!/usr/bin/env bash
# run.sh [SECONDS] [TARGET...]: fuzzes the parsers, each for so long (10 s if not said), from the seeds in tests/corpus.
#
# libFuzzer is in the crate libfuzzer-sys; the coverage that guides it is a pass of the stable compiler. What is found is kept in
# target/fuzz/TARGET-crash-...; run the same program with that file as its argument to see it again.
#
# Variables: RUNS=10000000 runs each target so often, however long that takes (a tenth of the runs see what the code compares, which finds
# ways into it, the others go further from there at twice the speed); DOCKTAG_TORTURE=minutes or hours holds them to what
# docs/reliability.md promises, a second and 256 MiB, and writes the figures for it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-10}
targets=("${@:2}")
# Arithmetic runs the commands in an array index, such as `x[$(...)]`.
case ${RUNS:-0} in *[!0-9]*) echo "fuzz: RUNS: not a number, expected the runs of each target: correct it" >&2 && exit 2 ;; esac
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(ls tests/fuzz/src/bin | sed 's/\.rs$//')

work=$PWD/target/fuzz
mkdir -p "$work"
host=$(rustc --print host-tuple)
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
compares="-Cllvm-args=-sanitizer-coverage-trace-compares"

build() { # FOLDER FLAGS
  RUSTFLAGS="$2 -Ccodegen-units=1" cargo build --release --locked --quiet --manifest-path tests/fuzz/Cargo.toml --target-dir "$work/$1" --target "$host"
}

build build "$coverage $compares"
phases=("build -max_total_time=$seconds")
if [ -n "${RUNS:-}" ]; then
  build plain "$coverage"
  phases=("build -runs=$((RUNS / 10))" "plain -runs=$((RUNS - RUNS / 10))")
fi

# Outside of a measurement the machine may be busy, and the code is instrumented.
timeout=10 memory=1024
[ -z "${DOCKTAG_TORTURE:-}" ] || timeout=1 memory=256

figure() { # TARGET RUNS WRONG SECONDS
  [ -n "${DOCKTAG_TORTURE:-}" ] || return 0
  mkdir -p target/torture
  printf '{"promise": "Bad input", "what": "runs of the fuzz target `%s` that crash, do not end in a second, or take more than 256 MiB", "tried": %s, "wrong": %s, "also": "in %s s"}\n' \
    "$@" >"target/torture/Bad-input-$1.json"
}

for target in "${targets[@]}"; do
  corpus=$work/corpus/$target
  mkdir -p "$corpus"
  python3 tests/fuzz/seeds.py "$target" "$corpus"
  log=$work/$target.log
  # A host's answers need some hundred bytes to be chosen from at once: what grows slowly from nothing never comes to the later ones.
  length=(-max_len=65536)
  [ "$target" != session ] || length=(-max_len=4096 -len_control=0)
  runs=0 took=0
  for phase in "${phases[@]}"; do
    read -r program limit <<<"$phase"
    if ! "$work/$program/$host/release/$target" "$limit" -timeout="$timeout" -rss_limit_mb="$memory" "${length[@]}" \
      -artifact_prefix="$work/$target-" "$corpus" >"$log" 2>&1; then
      tail -n 30 "$log" >&2
      echo "fuzz: $target: found something, see $log" >&2
      figure "$target" "$(grep -oE '^#[0-9]+' "$log" | tail -n 1 | tr -d '#' || echo 1)" 1 '?'
      exit 1
    fi
    read -r _ more _ _ seconds_more _ < <(grep -oE 'Done [0-9]+ runs in [0-9]+ second' "$log")
    runs=$((runs + more)) took=$((took + seconds_more))
  done
  echo "fuzz: $target: Done $runs runs"
  figure "$target" "$runs" 0 "$took"
done
