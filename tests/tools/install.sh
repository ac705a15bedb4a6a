# shellcheck shell=bash
# Ways to get a program into the cache. Sourced by tools.sh.

once() { # FOLDER COMMAND...: runs the command where the folder lacks its mark `complete`, one call at a time
  local folder=$1
  shift
  [ ! -e "$folder/complete" ] || return 0
  mkdir -p "$CACHE"
  (
    flock 7
    if [ ! -e "$folder/complete" ]; then
      rm -rf "$folder" && mkdir -p "$folder"
      "$@" >&2
      touch "$folder/complete"
    fi
  ) 7>"$folder.lock" # its own: a build of minutes is not to keep others from starting an engine
}

go_tool() { # PROGRAM PACKAGE VERSION
  local folder=$CACHE/$1-$3
  once "$folder" go_install "$@" "$folder"
  echo "$folder/$1"
}

go_install() { # PROGRAM PACKAGE VERSION FOLDER
  command -v go >/dev/null || fail "$1 is built with Go, which is not here: install Go 1.24 or newer"
  say "build $1 $3 (a minute or two, once)"
  GOBIN=$4 go install "$2@$3" >"$4.log" 2>&1 || fail_with_log "$4.log" "$1 $3 does not build"
}

cargo_tool() { # PROGRAM VERSION: the machine's own where it has one
  local folder=$CACHE/$1-$2
  if type -P "$1"; then return; fi
  once "$folder" cargo_install "$@" "$folder"
  echo "$folder/bin/$1"
}

cargo_install() { # PROGRAM VERSION FOLDER
  say "build $1 $2 (some minutes, once)"
  cargo install --locked --root "$3" --target-dir "$3/target" "$1@$2" >"$3.log" 2>&1 || fail_with_log "$3.log" "$1 $2 does not build"
  rm -rf "$3/target"
}

python_tool() { # PACKAGE VERSION PROGRAM: in an environment of its own
  local folder=$CACHE/$1-$2
  # One whose Python is gone, after an upgrade of the machine, is made anew.
  [ -x "$folder/bin/python" ] || rm -f "$folder/complete"
  once "$folder" python_install "$1" "$2" "$folder"
  echo "$folder/bin/$3"
}

python_install() { # PACKAGE VERSION FOLDER
  command -v python3 >/dev/null || fail "$1 needs Python, which is not here: install Python 3.10 or newer"
  say "install $1 $2"
  {
    python3 -m venv "$3" && "$3/bin/python" -m pip install --quiet --disable-pip-version-check "$1==$2"
  } >"$3.log" 2>&1 || fail_with_log "$3.log" "$1 $2 cannot be installed (Debian has venv in the package python3-venv)"
}

debian_tool() { # PACKAGE: one that needs nothing but the C library
  fetch "$1" bookworm "$1" >&2
  echo "$CACHE/$1/usr/bin/$1"
}

modules() { # FOLDER: what its package-lock.json says, no more and no less
  mkdir -p "$CACHE"
  (
    flock 7
    if ! cmp -s "$1/package-lock.json" "$1/node_modules/complete"; then
      command -v npm >/dev/null || fail "the modules of $1 are installed with npm, which is not here: install Node 20 or newer"
      say "install the modules of $1"
      npm ci --prefix "$1" >"$CACHE/modules.log" 2>&1 || fail_with_log "$CACHE/modules.log" "npm ci failed"
      cp "$1/package-lock.json" "$1/node_modules/complete"
    fi
  ) 7>"$CACHE/modules.lock" >&2
  echo "$1/node_modules"
}
