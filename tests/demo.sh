#!/usr/bin/env bash
# demo.sh: the whole cycle of docktag on the example project, each claim checked. What `make demo` runs.
#
# An engine that runs already (`docker info`) is used, and only what the demo made is removed from it. Otherwise
# tests/engine.sh starts one in a temporary folder; only such an engine can be stopped and emptied, which shows more.
#
# Variables: DOCKTAG_BIN (a docktag program; else it is built), DOCKTAG_TEST_CACHE (see tests/engine.sh).
set -euo pipefail
export LC_ALL=C # a comma in $EPOCHREALTIME would be no number

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/docktag-demo.XXXXXX")
PROJECT=$WORK/${WORK##*/} # Compose names its network after the folder: no other project may have the name
LOG=$WORK/output # of the last command
OWN_ENGINE=
TABLE=()

fail() {
  printf '\ndemo.sh: %s\n' "$*" >&2
  exit 1
}

main() {
  trap at_exit EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  prepare

  title "1. Cold: the registry is empty, so the image is built and pushed"
  run "docktag build --path docker --image $IMAGE"
  first=$(tag)
  check "both tags are in the registry, with one digest" same_digest "$first" ci
  check "it was built" built
  check "layers were uploaded" uploads
  row "1. cold build"

  title "2. Warm: nothing changed, so nothing is built, pulled or pushed"
  stop_engine
  run "docktag build --path docker --image $IMAGE"
  check "nothing was built" not built
  check "no layer was moved" not layers_moved
  check "both tags are as they were" same_digest "$first" ci
  row "2. warm build"

  title "3. By hand: the tag is the md5sum of the manifest"
  run "docktag manifest --path docker >../manifest"
  run "cat ../manifest"
  run "md5sum --check ../manifest"
  run "md5sum ../manifest | cut -d ' ' -f 1"
  check "this is what \`docktag tag\` says" test "$(cat "$LOG")" = "$first"
  row "3. by hand"

  title "4. One file changes: the steps before it come from the registry's cache"
  fresh_engine
  run "sed -i s/128M/256M/ docker/dev/app.ini"
  run "docktag build --path docker --image $IMAGE"
  second=$(tag)
  check "the tag is another one" test "$second" != "$first"
  check "at least 4 steps are cached" cached_steps 4
  check "both tags are in the registry, with one digest" same_digest "$second" ci
  check "the image of before is still there" digest "$first"
  row "4. build after a change"

  title "5. The tests job: on another machine, with the image that was pushed"
  fresh_engine
  run "docktag pull --path docker --image $IMAGE"
  run "eval \"\$(docktag env --path docker --image $IMAGE)\" && $COMPOSE run --rm -T app </dev/null"
  check "the tests ran with the changed file" grep -q "memory limit 256M" "$LOG"
  row "5. pull and test"

  print_table
}

prepare() {
  local bin=${DOCKTAG_BIN:-}
  if [ -z "$bin" ]; then
    echo "Building docktag ..."
    cargo build --release --locked --manifest-path "$ROOT/Cargo.toml"
    bin=${CARGO_TARGET_DIR:-$ROOT/target}/release/docktag
  fi
  [ -x "$bin" ] || fail "$bin is not a program: build docktag, or set DOCKTAG_BIN"
  mkdir "$WORK/bin"
  ln -s "$(realpath "$bin")" "$WORK/bin/docktag"
  PATH=$WORK/bin:$PATH

  if docker info >/dev/null 2>&1; then
    echo "Using the engine that runs here: $(docker info --format '{{.Name}}, Docker {{.ServerVersion}}')"
    engine registry
  else
    OWN_ENGINE=1
    echo "Starting an engine of its own ..."
    engine start
  fi
  eval "$("$ROOT/tests/engine.sh" env "$WORK/engine")"
  IMAGE=$ENGINE_REGISTRY/example/docker-caching
  COMPOSE="docker compose"
  docker compose version >/dev/null 2>&1 || COMPOSE=docker-compose

  unset COMPOSE_FILE COMPOSE_PROJECT_NAME DOCKER_IMAGE DOCKER_IMAGE_CI # those of the caller are about another project
  cp -R "$ROOT/tests/example" "$PROJECT"
  cp "$ENGINE_BUSYBOX" "$PROJECT/docker/dev/busybox"
  cd "$PROJECT"
}

at_exit() {
  local status=$?
  # In a process group of its own: docker takes a second Ctrl-C even where it is ignored, and an engine would be left.
  trap '' INT TERM
  set -m
  clean_up &
  wait "$!" || fail "not all is gone: run tests/engine.sh wipe $WORK/engine, then delete $WORK"
  [ "$status" = 0 ] || echo "demo.sh: stopped; all that was started is gone" >&2
}

clean_up() {
  cd "$ROOT"
  if [ -z "$OWN_ENGINE" ] && [ -n "${IMAGE:-}" ]; then forget_images; fi
  engine wipe
  rm -rf "$WORK"
}

engine() { "$ROOT/tests/engine.sh" "$1" "$WORK/engine" >/dev/null; }

stop_engine() {
  [ -n "$OWN_ENGINE" ] || return 0
  echo "(The engine is stopped: nothing can be built now.)"
  engine stop
  engine registry
}

fresh_engine() {
  if [ -n "$OWN_ENGINE" ]; then
    echo "(A fresh engine: no image, no build cache.)"
    engine fresh
  else
    echo "(The images of the demo are removed from the engine; its build cache stays.)"
    forget_images
  fi
}

forget_images() { # by name: an engine that is not ours keeps all else, its build cache too
  [ ! -d "$PROJECT" ] || (cd "$PROJECT" && DOCKER_IMAGE=none DOCKER_IMAGE_CI=none $COMPOSE down) >/dev/null 2>&1 || true
  docker image ls --quiet --filter "reference=$IMAGE:*" | sort -u | xargs -r docker image rm --force >/dev/null
}

title() {
  echo
  bold "== $1"
  STEP_TIME=0
  STEP_FROM=$(requests | wc -l)
}

run() { # COMMAND: as a user would type it
  local from status=0
  printf '\n$ %s\n' "$1"
  from=${EPOCHREALTIME/./}
  eval "$1" 2>&1 | tee "$LOG" | without_progress || status=$?
  from=$((${EPOCHREALTIME/./} - from))
  STEP_TIME=$((STEP_TIME + from))
  printf '  (%s s)\n' "$(seconds "$from")"
  [ "$status" = 0 ] || fail "the command failed with status $status: $1"
}
without_progress() { sed -uE '/ (Preparing|Waiting|Verifying Checksum|Download complete|Pulling fs layer) *$|\[=*> *\]/d'; }
bold() { if [ -t 1 ]; then printf '\033[1m%s\033[0m\n' "$1"; else printf '%s\n' "$1"; fi; }

check() { # CLAIM COMMAND...
  local claim=$1
  shift
  if "$@" >/dev/null; then printf '  ok: %s\n' "$claim"; else fail "this does not hold: $claim ($*)"; fi
}

not() { ! "$@"; }
seconds() { printf '%d.%02d' $(($1 / 1000000)) $(($1 % 1000000 / 10000)); }
tag() { docktag tag --path docker 2>"$WORK/notes" || fail "\`docktag tag\` failed: $(cat "$WORK/notes")"; }

digest() { # TAG: its digest in the registry; fails where it is not there
  local types=application/vnd.oci.image.index.v1+json,application/vnd.oci.image.manifest.v1+json
  types=$types,application/vnd.docker.distribution.manifest.list.v2+json,application/vnd.docker.distribution.manifest.v2+json
  curl -sfI -H "Accept: $types" "http://$ENGINE_REGISTRY/v2/example/docker-caching/manifests/$1" |
    tr -d '\r' | sed -n 's/^Docker-Content-Digest: //Ip'
}
same_digest() { [ -n "$(digest "$1")" ] && [ "$(digest "$1")" = "$(digest "$2")" ]; }

# The requests of this step come from the registry's own log, so docktag cannot be wrong about them. curl's are ours.
requests() { sed -nE '/"curl/d; s/^[^"]*"([A-Z]+) ([^ ]+) [^"]*" ([0-9]+) .*/\1 \2 \3/p' "$ENGINE_REGISTRY_LOG" 2>/dev/null || true; }
step_requests() { requests | tail -n "+$((STEP_FROM + 1))"; }
uploads() { step_requests | grep -E '^(POST|PATCH|PUT) [^ ]*/blobs/'; }
layers_moved() { step_requests | grep /blobs/; }
built() { grep -E 'exporting to image|^Step 1/' "$LOG"; }
cached_steps() { [ "$(grep -cE ' CACHED$|---> Using cache' "$LOG")" -ge "$1" ]; }

row() { TABLE+=("$(columns "$1" "$(seconds "$STEP_TIME")" "$(step_requests | wc -l)")"); }
columns() { printf '%-28s%8s%10s' "$@"; }
print_table() {
  echo
  bold "$(columns step seconds requests)"
  printf '%s\n' "${TABLE[@]}"
}

main
