# shellcheck shell=bash
# A second BuildKit, which buildx reaches with its driver `remote`. Sourced by engine.sh.

BUILDKIT=v0.34.2
BUILDER=$DIR/builder

builder_start() { # no container is run in it: there is no network to the outside, and the snapshotter is one that works everywhere
  if builder_alive; then return; fi
  [ "$(uname -s)" = Linux ] || unusable "this is $(uname -s)"
  [ "$(id -u)" = 0 ] || unusable "not root"
  [ "${#DIR}" -le 60 ] || fail "the path $DIR is too long for a socket: take one of at most 60 characters"
  local program runc
  program=$CACHE/buildkit-$BUILDKIT/buildkitd
  runc=$(packages runc)
  go_module buildkit-$BUILDKIT github.com/moby/buildkit $BUILDKIT ./cmd/buildkitd buildkitd "-w -s"
  mkdir -p "$BUILDER"
  : >"$BUILDER/config.toml" # else the system's own is read
  PATH=$runc/usr/sbin:$PATH daemon "$BUILDER/log" "$BUILDER/log" "$program" --config "$BUILDER/config.toml" --root "$BUILDER/data" \
    --addr "unix://$BUILDER/buildkitd.sock" --containerd-worker=false --oci-worker-snapshotter=native --oci-worker-net=host
  echo $! >"$BUILDER/pid"
  wait_ready 30 test -S "$BUILDER/buildkitd.sock" || fail_with_log "$BUILDER/log" "the builder does not come up"
}

builder_alive() { alive "$BUILDER/pid" "$BUILDER/config.toml"; }
builder_stop() { terminate "$BUILDER/pid" "$BUILDER/config.toml"; }
