# shellcheck shell=bash
# Two registries on loopback: `open`, and `auth` that asks for a password. Sourced by engine.sh.

USER_NAME=ci
PASSWORD=s3cret

registry_start() { # open|auth
  local home=$DIR/registry-$1 port program
  if registry_alive "$1"; then return; fi
  mkdir -p "$home/data"
  port=$(registry_port "$1")
  program=$(registry_program)
  registry_config "$1" "$port" >"$home/config.yml"
  daemon "$home/access.log" "$home/log" "$program" serve "$home/config.yml"
  echo $! >"$home/pid"
  echo "$port" >"$home/port"
  wait_ready 20 listens "$port" || fail_with_log "$home/log" "the registry on port $port does not come up"
}

registry_stop() { terminate "$DIR/registry-$1/pid" "$DIR/registry-$1/config.yml"; }
registry_alive() { alive "$DIR/registry-$1/pid" "$DIR/registry-$1/config.yml"; }
registry_program() {
  local set
  if ! command -v docker-registry; then
    set=$(packages registry)
    echo "$set/usr/bin/docker-registry"
  fi
}
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

registry_port() { # open|auth: as asked for, else as last time, else a free one
  local port variable=ENGINE_REGISTRY_PORT
  [ "$1" = open ] || variable=ENGINE_REGISTRY_AUTH_PORT
  port=${!variable:-$(cat "$DIR/registry-$1/port" 2>/dev/null || free_port)}
  ! listens "$port" || fail "another program uses port $port: stop it, or set $variable to a free port"
  echo "$port"
}

free_port() { # below the ports that the kernel gives to clients
  local port
  while port=$((20000 + RANDOM % 10000)) && listens "$port"; do :; done
  echo "$port"
}

registry_config() { # open|auth PORT
  cat <<YAML
version: 0.1
log: { level: error, accesslog: { disabled: false } }
storage:
  delete: { enabled: true }
  filesystem: { rootdirectory: "$DIR/registry-$1/data" }
  cache: { blobdescriptor: inmemory }
http: { addr: "127.0.0.1:$2", secret: not-a-secret }
YAML
  [ "$1" = auth ] || return 0
  # What `htpasswd -nbB ci s3cret` prints; constant, so that htpasswd need not be there.
  echo "$USER_NAME:\$2y\$05\$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK" >"$DIR/registry-auth/htpasswd"
  echo "auth: { htpasswd: { realm: tests, path: \"$DIR/registry-auth/htpasswd\" } }"
}

registry_env() {
  export_line ENGINE_REGISTRY "127.0.0.1:$(cat "$DIR/registry-open/port")"
  export_line ENGINE_REGISTRY_LOG "$DIR/registry-open/access.log"
  export_line ENGINE_REGISTRY_AUTH "127.0.0.1:$(cat "$DIR/registry-auth/port")"
  export_line ENGINE_REGISTRY_AUTH_LOG "$DIR/registry-auth/access.log"
  export_line ENGINE_REGISTRY_USER "$USER_NAME"
  export_line ENGINE_REGISTRY_PASS "$PASSWORD"
}
