# shellcheck shell=bash
# Debian packages, extracted into a cache that all DIRs share. Nothing is installed. Sourced by engine.sh.

COMPOSE5=v5.6.0 # the newest that builds with Go 1.26

packages() { # NAME: the folder of a set of packages, downloaded if it is not there yet
  case $1 in
    engine-20) fetch "$1" bookworm docker.io containerd ;;
    engine-26) fetch "$1" trixie docker.io containerd ;;
    engine-28) fetch "$1" forky docker.io containerd ;;
    client) fetch "$1" forky docker-cli docker-buildx docker-compose crane ;;
    runc) fetch "$1" bookworm runc ;; # newer ones need libc 2.38, Debian 12 has 2.36
    registry) fetch "$1" bookworm docker-registry ;;
    busybox) fetch "$1" bookworm busybox-static ;;
    compose1) # the last release with Compose v1; its Python comes along, since v1 does not run on Python 3.12
      fetch "$1" bookworm docker-compose python3.11-minimal libpython3.11-minimal libpython3.11-stdlib \
        python3-{attr,cached-property,certifi,chardet,charset-normalizer,distro,distutils,docker,dockerpty,docopt} \
        python3-{dotenv,idna,jsonschema,lib2to3,pkg-resources,pyrsistent,requests,six,texttable,urllib3,websocket,yaml} ;;
  esac >&2
  printf '%s\n' "$CACHE/$1"
}

fetch() { # NAME SUITE PACKAGE...: once, also when several engines start at the same time
  [ ! -d "$CACHE/$1" ] || return 0
  mkdir -p "$CACHE"
  (
    flock 8
    [ -d "$CACHE/$1" ] || download "$@"
  ) 8>"$CACHE/.lock"
}

download() { # NAME SUITE PACKAGE...: a folder with the name appears only when it is complete
  local name=$1 suite=$2 apt=$CACHE/apt-$2 new=$CACHE/new log=$CACHE/apt.log deb
  shift 2
  say "download from Debian $suite: $*"
  apt_state "$name" "$suite" "$apt"
  rm -rf "$new" && mkdir -p "$new/deb" "$new/root"
  (
    cd "$new/deb"
    export APT_CONFIG=$apt/apt.conf
    # several sets come from one suite: lists of the last hour will do
    [ -n "$(find "$apt/updated" -mmin -60 2>/dev/null)" ] || { apt-get update -q && touch "$apt/updated"; } || exit 1
    apt-get download -q "$@"
  ) >"$log" 2>&1 || fail_with_log "$log" "download failed"
  for deb in "$new"/deb/*.deb; do dpkg -x "$deb" "$new/root"; done
  mv "$new/root" "$CACHE/$name"
  rm -rf "$new"
}

apt_state() { # NAME SUITE FOLDER: apt's lists, sources and status in a folder of our own; the machine's stay untouched
  local name=$1 suite=$2 apt=$3 mirror
  mirror=$(mirror)
  [ -n "$mirror" ] || unusable "$name is missing, and there is no apt-get with a Debian mirror in its sources to get it"
  # A line break would be a source of its own, and `[trusted=yes]` needs no signature.
  case $mirror in *[[:space:]]*) fail "ENGINE_MIRROR: has a blank or a line break, expected one URL: correct it" ;; esac
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$apt/sources.list"
  cat >"$apt/apt.conf" <<CONF
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::Lists "$apt/lists";
Dir::State::status "/dev/null";
Dir::Cache "$apt/cache";
Acquire::Languages "none";
APT::Sandbox::User "root";
CONF
}

mirror() { # the mirror that the machine's own apt uses, whether its sources are in the old format or the new one
  command -v apt-get >/dev/null || return 0
  if [ -n "${ENGINE_MIRROR:-}" ]; then echo "$ENGINE_MIRROR" && return; fi
  { cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null || true; } |
    sed -nE 's#^(URIs:|deb)([[:space:]]+\[[^]]*\])?[[:space:]]+([a-z]+://[^[:space:]]+/debian)/?([[:space:]].*)?$#\3#p' |
    head -n 1
}

unusable() { # REASON
  say "cannot do this here: $1."
  say "It needs Linux, root, and Debian 12 or newer (packages are taken from the machine's own mirror)."
  say "A Docker Engine that runs already does as well: set DOCKER_HOST to it and leave this script out."
  exit 2
}

static_busybox() { # since images FROM scratch have no libraries
  local own
  if own=$(command -v busybox) && ! ldd "$own" >/dev/null 2>&1; then
    echo "$own"
  else
    own=$(packages busybox)
    echo "$own/bin/busybox"
  fi
}

compose5() { # its Debian package is not there yet, so it is built from the Go module
  local binary=$CACHE/compose5/docker-compose plugins=$DIR/config5/cli-plugins client
  client=$(packages client)
  go_module compose5 github.com/docker/compose/v5 $COMPOSE5 ./cmd docker-compose "-w -X github.com/docker/compose/v5/internal.Version=$COMPOSE5"
  mkdir -p "$plugins"
  ln -sfn "$binary" "$plugins/docker-compose"
  ln -sfn "$client/usr/libexec/docker/cli-plugins/docker-buildx" "$plugins/docker-buildx"
  export_line DOCKER_CONFIG "$DIR/config5"
}

go_module() { # NAME MODULE VERSION PACKAGE PROGRAM LDFLAGS: built once, into the cache folder NAME
  local binary=$CACHE/$1/$5
  [ -x "$binary" ] || (
    mkdir -p "$CACHE/$1"
    flock 8
    [ -x "$binary" ] || build_module "$@" "$binary"
  ) 8>"$CACHE/$1.lock" # its own: a build of minutes is not to keep others from starting an engine
}

build_module() { # NAME MODULE VERSION PACKAGE PROGRAM LDFLAGS BINARY
  local log=$CACHE/$1.log source
  # Not `go install module@version`: that refuses a module with `exclude` lines.
  source=$(module_source "$2" "$3" "$log")
  go build -C "$source" -trimpath -ldflags "$6" -o "$7.new" "$4" >"$log" 2>&1 || fail_with_log "$log" "$2 $3 does not build"
  mv "$7.new" "$7"
}

module_source() { # MODULE VERSION LOG: the folder of its sources
  local source
  command -v go >/dev/null || fail "$1 is built with Go: install Go 1.26 or newer"
  say "build $1 $2 (some minutes, once)"
  source=$(go mod download -json "$1@$2" 2>"$3" | sed -nE 's/^\t"Dir": "(.*)",$/\1/p')
  [ -n "$source" ] || fail_with_log "$3" "the Go module $1@$2 cannot be downloaded"
  printf '%s\n' "$source"
}
