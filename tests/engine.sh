#!/usr/bin/env bash
# engine.sh: a Docker Engine with BuildKit, Compose v1 and v2, and two registries on loopback, for tests.
#
#   tests/engine.sh start    DIR [20|26|28]   start the engine (28 if not said) and the registries; print the env
#   tests/engine.sh registry DIR              start the registries only: neither root nor an engine is needed
#   tests/engine.sh env      DIR              print the env:  eval "$(tests/engine.sh env DIR)"
#   tests/engine.sh fresh    DIR              a fresh engine: stop it, delete its data, start it; registries keep running
#   tests/engine.sh stop     DIR              stop all that was started in DIR
#   tests/engine.sh wipe     DIR              stop, then delete all in DIR; the downloaded packages stay
#   tests/engine.sh compose5 DIR              build Compose v5; print the DOCKER_CONFIG that has it as plugin
#   tests/engine.sh builder  DIR              build and start a second BuildKit; print ENGINE_BUILDER, its address for buildx
#
# The machine stays as it is: packages are extracted into a cache folder, never installed; all state lies in DIR; there
# is no firewall rule; bridge and addresses are the engine's own, so several engines and a system one get along.
#
#   DIR/bin             docker, crane, docker-compose (v1)        DIR/config    DOCKER_CONFIG with buildx, Compose v2
#   DIR/engine          data, docker.sock, dockerd.log            DIR/config5   the same with Compose v5
#   DIR/registry-open   data, port, log, access.log               DIR/registry-auth   the same, asks for a password
#
# Variables: ENGINE_STORE (overlay2 | containerd: the image store; containerd wants engine 28), ENGINE_REGISTRY_PORT and
# ENGINE_REGISTRY_AUTH_PORT (else free ones are found and kept), DOCKTAG_TEST_CACHE (folder of the packages), and
# ENGINE_MIRROR (URL of a Debian mirror, else the one in the machine's apt sources).
#
# An access log has one line per request, written before the client has the whole reply. As "METHOD PATH STATUS":
#   sed -nE 's/^[^"]*"([A-Z]+) ([^ ]+) [^"]*" ([0-9]+) .*/\1 \2 \3/p' "$ENGINE_REGISTRY_LOG"
#
# Not everywhere alike: `cache_to: type=registry` wants ENGINE_STORE=containerd; with overlay2, engines 20 and 26 write an
# inline cache that works for every second build only; Compose v1's classic builder cannot restore a whole image from
# `cache_from` with ENGINE_STORE=containerd ("failed to read diff archive").
#
# Seen: bookworm docker.io 20.10.24, containerd 1.6.20, runc 1.1.5, docker-registry 2.8.2, docker-compose 1.29.2;
# trixie docker.io 26.1.5, containerd 1.7.24; forky docker.io 28.5.2, containerd 2.1.9, buildx 0.29.1, Compose 2.40.3.
set -eu
shopt -s inherit_errexit # else a failure inside $(...) is lost

usage() { sed -nE '/^#   tests/s/^# //p' "$HERE/engine.sh" >&2; exit 2; }
say() { printf 'engine.sh: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
fail_with_log() { # LOG MESSAGE: the reason is at the end of the log
  say "$2; the end of $1:"
  tail -n 15 "$1" >&2 || true
  exit 1
}

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ $# -ge 2 ] || usage
COMMAND=$1
mkdir -p "$2" || fail "cannot make the folder $2"
DIR=$(cd "$2" && pwd -P)
CACHE=${DOCKTAG_TEST_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/docktag-tests}
. "$HERE/engine/process.sh"
. "$HERE/engine/packages.sh"
. "$HERE/engine/daemon.sh"
. "$HERE/engine/registry.sh"
. "$HERE/engine/builder.sh"

print_env() {
  [ -s "$DIR/registry-auth/port" ] || fail "nothing was started in $DIR: run tests/engine.sh start $DIR"
  if [ -d "$ENGINE" ]; then
    export_line DOCKER_HOST "unix://$ENGINE/docker.sock"
    export_line DOCKER_CONFIG "$DIR/config"
    # shellcheck disable=SC2016 # for who evaluates it to expand
    printf 'export PATH=%q:$PATH\n' "$DIR/bin"
  fi
  registry_env
  local busybox
  busybox=$(static_busybox)
  export_line ENGINE_BUSYBOX "$busybox"
}
export_line() { printf 'export %s=%q\n' "$1" "$2"; }

start() {
  trap stop EXIT # half an engine helps nobody
  engine_start
  registry_start open
  registry_start auth
  trap - EXIT
}

stop() {
  builder_stop
  engine_stop
  registry_stop open
  registry_stop auth
}

wipe() {
  stop
  engine_delete
  rm -rf "$DIR/registry-open" "$DIR/registry-auth" "$DIR/builder" "$DIR/config" "$DIR/config5" "${DIR:?}/bin"
}

# Two calls for one DIR wait for each other; `env` only reads, and would wait for a whole start.
[ "$COMMAND" = env ] || lock "$DIR/.lock"
case $COMMAND in # one command per line: `set -e` does not hold to the left of &&
  start)
    engine_choose "${3:-}"
    start
    print_env
    ;;
  registry)
    registry_start open
    registry_start auth
    print_env
    ;;
  fresh)
    engine_stop
    engine_delete_data
    engine_start
    ;;
  env) print_env ;;
  stop) stop ;;
  wipe) wipe ;;
  compose5) compose5 ;;
  builder)
    builder_start
    export_line ENGINE_BUILDER "unix://$BUILDER/buildkitd.sock"
    ;;
  *) usage ;;
esac
