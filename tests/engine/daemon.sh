# shellcheck shell=bash
# dockerd, its network and its files. Sourced by engine.sh.

ENGINE=$DIR/engine
CONTAINERD_PID=$ENGINE/exec/containerd/containerd.pid
BRIDGE=dkt$(printf %08x "$(printf %s "$DIR" | cksum | cut -d ' ' -f 1)")

engine_choose() { # VERSION or "": kept in DIR, since another version or store does not understand the data
  local version store
  version=${1:-$(cat "$DIR/version" 2>/dev/null || echo 28)}
  store=${ENGINE_STORE:-$(cat "$DIR/store" 2>/dev/null || echo overlay2)}
  case $version in 20 | 26 | 28) ;; *) say "engine $version: take 20, 26 or 28" && exit 2 ;; esac
  case $store in overlay2 | containerd) ;; *) say "ENGINE_STORE=$store: take overlay2 or containerd" && exit 2 ;; esac
  [ "$store" = overlay2 ] || [ "$version" = 28 ] || { say "ENGINE_STORE=containerd: take engine 28" && exit 2; }
  if [ -s "$DIR/version" ] && [ "$version $store" != "$(cat "$DIR/version") $(cat "$DIR/store")" ]; then
    fail "$DIR holds an engine $(cat "$DIR/version") with $(cat "$DIR/store"): run tests/engine.sh wipe $DIR first"
  fi
  echo "$version" >"$DIR/version"
  echo "$store" >"$DIR/store"
}

engine_start() {
  [ -s "$DIR/version" ] || fail "there is no engine in $DIR: run tests/engine.sh start $DIR"
  if engine_alive; then return; fi
  [ "$(uname -s)" = Linux ] || unusable "this is $(uname -s)"
  [ "$(id -u)" = 0 ] || unusable "not root"
  [ "${#DIR}" -le 60 ] || fail "the path $DIR is too long for the engine's sockets: take one of at most 60 characters"
  engine_link
  bridge_up
  # Numbers of an earlier boot may belong to others by now, and dockerd would wait for those.
  rm -f "$ENGINE/dockerd.pid"
  containerd_alive || rm -f "$CONTAINERD_PID"
  echo '{}' >"$ENGINE/daemon.json" # else the system's own /etc/docker/daemon.json is read
  local flags
  mapfile -t flags < <(engine_flags)
  PATH=$ENGINE/bin:$PATH daemon "$ENGINE/dockerd.log" "$ENGINE/dockerd.log" "$ENGINE/bin/dockerd" "${flags[@]}"
  wait_ready 60 engine_answers || fail_with_log "$ENGINE/dockerd.log" "the engine does not come up"
}

engine_alive() { alive "$ENGINE/dockerd.pid" "$ENGINE/data"; }
containerd_alive() { alive "$CONTAINERD_PID" "$ENGINE/exec/"; }
engine_answers() { engine_cli version; }
engine_cli() { "$DIR/bin/docker" --config "$ENGINE" --host "unix://$ENGINE/docker.sock" "$@"; }

engine_flags() { # one per line
  local version store
  version=$(cat "$DIR/version")
  store=$(cat "$DIR/store")
  printf '%s\n' --config-file="$ENGINE/daemon.json" --data-root="$ENGINE/data" --exec-root="$ENGINE/exec"
  printf '%s\n' --pidfile="$ENGINE/dockerd.pid" --host="unix://$ENGINE/docker.sock"
  printf '%s\n' --bridge="$BRIDGE" --default-address-pool="base=$(cat "$ENGINE/pool"),size=27"
  # No firewall rule, so none is left behind. docker-proxy publishes ports; containers do not reach the outside.
  printf '%s\n' --iptables=false --ip-masq=false
  [ "$version" = 20 ] || echo --ip6tables=false
  if [ "$store" = containerd ]; then echo --feature=containerd-snapshotter=true; else echo --storage-driver=overlay2; fi
}

engine_link() { # dockerd finds containerd, its shim, runc and docker-proxy by PATH: one folder with the set that fits
  local set client compose1 runc program
  case $DIR$CACHE in *[[:space:]]*) fail "no blanks, please, in the paths $DIR and $CACHE" ;; esac
  set=$(packages "engine-$(cat "$DIR/version")")
  client=$(packages client)
  compose1=$(packages compose1)
  runc=$(packages runc)
  mkdir -p "$DIR/bin" "$DIR/config/cli-plugins" "$ENGINE/bin" "$ENGINE/data" "$ENGINE/exec"
  for program in sbin/dockerd sbin/docker-proxy bin/containerd bin/containerd-shim-runc-v2; do
    ln -sfn "$set/usr/$program" "$ENGINE/bin/"
  done
  ln -sfn "$runc/usr/sbin/runc" "$ENGINE/bin/"
  ln -sfn "$client/usr/bin/docker" "$client/usr/bin/crane" "$DIR/bin/"
  ln -sfn "$client"/usr/libexec/docker/cli-plugins/docker-{buildx,compose} "$DIR/config/cli-plugins/"
  # -I: the Python of the package, blind to the machine's modules and variables
  printf '#!/bin/sh\nexec %s/python3.11 -I %s/docker-compose "$@"\n' "$compose1/usr/bin" "$compose1/usr/bin" >"$DIR/bin/docker-compose"
  chmod +x "$DIR/bin/docker-compose"
}

bridge_up() { # 198.18.0.0/15 is for tests and no one's home; it has room for 64 engines: a bridge and 32 networks each
  local box start block try
  box=$(static_busybox)
  start=$(printf %s "$DIR" | cksum | cut -d ' ' -f 1)
  (
    flock 8 # the address is ours when the bridge has it: no one else may look before
    "$box" ip link show "$BRIDGE" >/dev/null 2>&1 || "$box" ip link add "$BRIDGE" type bridge
    "$box" ip addr flush dev "$BRIDGE"
    for try in $(seq 0 63); do
      block=$(((start + try) % 64))
      block=198.$((18 + block / 32)).$((block % 32 * 8))
      "$box" ip -4 addr | grep -qF "inet $block.1/" || break
      block=
    done
    [ -n "$block" ] || fail "no free address block: stop an engine that is not needed"
    "$box" ip addr add "$block.1/24" dev "$BRIDGE"
    "$box" ip link set "$BRIDGE" up
    echo "${block%.*}.$((${block##*.} + 4)).0/22" >"$ENGINE/pool"
  ) 8>"$CACHE/.lock"
}

engine_stop() {
  [ -e "/sys/class/net/$BRIDGE" ] || return 0 # its last part to go: this engine does not run
  # One that was killed is started again: its containers and networks are its own to clean up.
  engine_alive || (engine_start) 2>/dev/null || say "the killed engine in $DIR does not start again; containers may be left"
  if engine_alive; then
    # Containers and networks first: else the bridges of the networks stay on the machine for ever.
    local containers
    mapfile -t containers < <(engine_cli ps --all --quiet)
    [ "${#containers[@]}" = 0 ] || engine_cli rm --force "${containers[@]}" >/dev/null
    engine_cli network prune --force >/dev/null
  fi
  terminate "$ENGINE/dockerd.pid" "$ENGINE/data"
  terminate "$CONTAINERD_PID" "$ENGINE/exec/"
  unmount
  bridge_down
}

unmount() { # what a killed engine leaves; the deepest first
  local mount
  cut -d ' ' -f 2 /proc/mounts | grep -F "$ENGINE/" | sort -r | while read -r mount; do umount -l "$mount"; done
}

bridge_down() {
  local box
  box=$(static_busybox)
  "$box" ip link del "$BRIDGE"
}

engine_delete_data() { rm -rf "$ENGINE/data" "$ENGINE/exec" "$ENGINE/dockerd.log"; }
engine_delete() { rm -rf "$ENGINE" "$DIR/version" "$DIR/store"; }
