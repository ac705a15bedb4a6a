# shellcheck shell=bash
# Processes that were started from here, and only those. Sourced by engine.sh.

alive() { # PIDFILE WORD: the process of this file runs, and it is still ours: its command line holds WORD
  local pid
  pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] || return 1
  # Not `kill -0`: that succeeds for a zombie, whose command line is empty, and for a stranger with a reused number.
  tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "$2"
}

terminate() { # PIDFILE WORD: ask the process to end, and wait until it has
  if alive "$1" "$2"; then
    kill "$(cat "$1")"
    wait_for 30 not alive "$1" "$2" || fail "process $(cat "$1") ($2) does not end: kill it, then try again"
  fi
  rm -f "$1"
}

not() { ! "$@"; }

wait_for() { # SECONDS COMMAND...: until the command succeeds
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.05
  done
}

wait_ready() { # SECONDS COMMAND...: the same for the daemon just started; fails at once if that is gone
  wait_for "$1" gone_or "${@:2}" || return 1
  "${@:2}" >/dev/null 2>&1
}
gone_or() { ! kill -0 "$!" 2>/dev/null || "$@"; }

lock() { # FILE: held until this shell ends; daemons are started without the descriptor
  exec 9>"$1"
  flock 9
}

daemon() { # STDOUT STDERR COMMAND...: in the background, free of this terminal and of our locks; $! is its process
  local out=$1 err=$2
  shift 2
  setsid "$@" >>"$out" 2>>"$err" </dev/null 8>&- 9>&- &
}
